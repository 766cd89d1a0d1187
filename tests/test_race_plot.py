import re

import pytest
from bs4 import BeautifulSoup

from lrsched import SGD, Constant, LinearDecay, Quadratic, compare
from lrsched.course import race


@pytest.fixture(scope="module")
def result():
    arms = {"constant": Constant(0.3), "linear": LinearDecay(0.3, decay_steps=50), "lost": Constant(5.0)}
    return compare(Quadratic([0.1, 1], noise=0.5), {n: (SGD(), s) for n, s in arms.items()}, steps=50, seeds=10)


@pytest.fixture(scope="module")
def page(result):
    return BeautifulSoup(race(result, caption="One more <word>.")._repr_html_(), "html.parser")


def share(element, name):
    return float(element[name].removesuffix("%"))


def test_each_arm_but_the_one_compared_with_has_a_row_that_says_its_number(result, page):
    rows = [row["aria-label"] for row in page.select("svg[role=img]")]
    assert rows == [f"linear: {result.ratio('linear')}", "lost: diverged"]


def test_dot_whisker_and_even_line_stand_where_their_numbers_are(result, page):
    row = page.select("svg[role=img]")[0]
    ticks = [(share(tick, "x"), float(tick.text)) for tick in page.select(".tick")]
    (x0, v0), *_, (x1, v1) = ticks
    ratio = result.ratio("linear")

    def place(value):
        return x0 + (value - v0) / (v1 - v0) * (x1 - x0)

    assert share(row.select_one(".dot"), "cx") == pytest.approx(place(ratio.mean), abs=0.1)
    assert share(row.select_one(".whisker"), "x1") == pytest.approx(place(ratio.mean - ratio.half_width), abs=0.1)
    assert share(row.select_one(".even"), "x1") == pytest.approx(place(1), abs=0.1)


def test_the_table_is_folded_below_and_is_the_text_of_the_cell(result, page):
    cells = [[cell.text for cell in row.select("td")] for row in page.select("details tbody tr")]
    assert [row[0] for row in cells] == ["constant", "linear", "lost"]
    assert cells[1] == ["linear", str(result.mean("linear")), str(result.ratio("linear"))]
    assert repr(race(result)) == result.table()
    assert "One more <word>." in page.select_one("figcaption").text


def test_a_race_beside_has_open_dots(result):
    both = race(result, beside=result)._repr_html_()
    assert len(re.findall('class="open"', both)) == len(re.findall('class="dot"', both)) == 1


def test_ratios_far_apart_are_drawn_on_a_logarithmic_axis():
    arms = {"constant": (SGD(), Constant(0.3)), "slow": (SGD(), Constant(0.003)), "fair": (SGD(), Constant(0.5))}
    wide = compare(Quadratic([1.0], noise=0.01), arms, steps=20, seeds=10)
    ticks = [float(tick) for tick in re.findall(r'class="tick".*?>([^<]+)<', race(wide)._repr_html_())]
    assert max(ticks) / min(ticks) >= 10
