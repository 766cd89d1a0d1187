"""The pad in Chromium, as the book shows it: by pointer, by keys alone, from a link, and where little is allowed."""

import re

import pytest
from pages import AXE
from test_draw import LINKS
from test_widgets_browser import page_of, tree

from lrsched.course import draw
from lrsched.course.play.draw import PROBLEMS, drawing_link

REFUSES_STORAGE = """for (const way of ['getItem', 'setItem'])
  Storage.prototype[way] = () => { throw new DOMException('refused', 'SecurityError'); };"""
REFUSES_ADDRESS = "history.replaceState = () => { throw new DOMException('too many calls', 'SecurityError'); };"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "draw.html"
    path.write_text(page_of(draw()).replace("<h2 id", '<p style="height: 1500px">Before.</p><h2 id'), "utf-8")
    return path.as_uri()


@pytest.fixture
def opened(visit, address):
    """`opened(fragment, **options)` shows the pad, scrolled to."""

    def opened(fragment="", **options):
        page = visit(address + fragment, **options)
        if not fragment:
            page.locator(".first-frame").scroll_into_view_if_needed()
        if options.get("javascript", True):
            page.wait_for_selector(".pad")
        return page

    return opened


def stroke(page, *heights, steps=20):
    """One stroke through `heights`, 0 the lowest rate and 1 the highest, evenly from left to right."""
    page.locator(".surface").scroll_into_view_if_needed()
    box = page.locator(".surface").bounding_box()
    left, right, top, floor = box["x"] + 8, box["x"] + box["width"] - 2, box["y"] + 8, box["y"] + box["height"] - 4
    ways = [
        (left + (right - left) * i / (len(heights) - 1), floor - (floor - top) * height)
        for i, height in enumerate(heights)
    ]
    page.mouse.move(*ways[0])
    page.mouse.down()
    for way in ways[1:]:
        page.mouse.move(*way, steps=steps)
    page.mouse.up()


def result(page):
    return " ".join(page.locator(".result").inner_text().split())


def times_the_best(page):
    return float(re.match(r"Ends at ([\d.]+) times", result(page))[1])


def choose(page, name):
    page.get_by_role("radio", name=name, exact=True).check()


def code_of(page):
    return page.evaluate("location.hash").partition(".")[2]


def test_a_stroke_is_scored_kept_in_the_address_and_undone(opened):
    page = opened()
    start = result(page)
    assert start.startswith("Ends at 2.9 times the optimum. Bronze: below 0.0147 (the best constant rate).")
    stroke(page, 0.8, 0.2)
    assert times_the_best(page) < 2
    code = code_of(page)
    assert len(code) % 4 == 0 and page.evaluate("location.hash").startswith("#draw=noisy.")
    page.get_by_role("button", name="Undo").click()
    assert times_the_best(page) == 2.9
    assert code_of(page) == PROBLEMS["noisy"].pad.code(PROBLEMS["noisy"].preset("constant"))
    assert page.get_by_role("button", name="Undo").is_disabled()
    assert page.complaints == []


def test_a_part_of_the_curve_is_drawn_over(opened):
    page = opened()
    before = page.locator(".curve.rate").first.get_attribute("d")
    box = page.locator(".surface").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 40, box["y"] + 30, steps=3)
    page.mouse.up()
    after = page.locator(".curve.rate").first.get_attribute("d")
    assert after != before and after[:40] == before[:40]


def test_the_optimum_shows_itself_after_five_tries(opened):
    page = opened()
    ghost = page.locator(".optimum.rate")
    for left in (5, 4, 3, 2, 1):
        assert ghost.get_attribute("visibility") == "hidden"
        more = "more " if left < 5 else ""
        assert f"The optimum shows itself after {left} {more}{'try' if left == 1 else 'tries'}." in result(page)
        stroke(page, 0.7, 0.2 + 0.02 * left, steps=5)
    assert ghost.get_attribute("visibility") == "visible"
    assert result(page).endswith("Dashed: the optimum.")
    choose(page, "Worst case")
    assert page.locator(".optimum.rate").get_attribute("visibility") == "hidden"


def test_who_traces_the_optimum_gets_gold_and_keeps_it(opened, address):
    for problem in PROBLEMS.values():
        page = opened(f"#draw={problem.key}.{problem.pad.code(problem.best_rates)}")
        assert page.locator(".medal.gold circle").count() == 5
        assert "Your best" not in result(page)  # it was drawn by nobody
        page.get_by_role("button", name="Reverse").click()
        page.get_by_role("button", name="Reverse").click()
        assert "Gold." in result(page) and "Your best" in result(page)
        kept = re.search(r"Your best: (\S+)\.", result(page))[1]
        page.goto("about:blank")
        page.goto(address)
        page.locator(".first-frame").scroll_into_view_if_needed()
        choose(page, problem.name)
        assert f"Your best: {kept}." in result(page)


def test_reverse_changes_the_way_but_without_noise_not_the_end(opened):
    page = opened()
    choose(page, "No noise")
    stroke(page, 0.3, 0.1)
    first, way = page.locator(".result strong").inner_text(), page.locator(".curve.loss").get_attribute("d")
    page.get_by_role("button", name="Reverse").click()
    assert page.locator(".result strong").inner_text() == first
    assert page.locator(".curve.loss").get_attribute("d") != way


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_each_small_picture_starts_from_its_schedule(opened, problem):
    page = opened()
    choose(page, problem.name)
    presets = page.get_by_role("group", name="Start from a schedule").get_by_role("button")
    assert presets.count() == 7
    for preset in presets.all():
        preset.click()
        name = preset.get_attribute("aria-label")
        schedule = name.partition(" (")[0]
        ends = float(page.locator(".panel b").inner_text().removeprefix("ends at "))
        assert ends == pytest.approx(problem.rivals[schedule], rel=0.025)  # the pad has a lowest rate
        assert f"{name}, at its best peak" in page.locator(".panel").first.inner_text()
    assert "Your best" not in result(page)


def test_by_keys_alone(opened):
    page = opened()
    first = page.get_by_role("slider", name="Rate at update 0", exact=True)
    first.focus()
    heard = page.locator(".heard[role=status]")
    for _ in range(3):
        page.keyboard.press("PageUp")
    before = page.get_by_role("slider", name="Rate at update 18", exact=True).get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.ariaLabel") == "Rate at update 18"
    page.keyboard.press("ArrowUp")
    after = page.get_by_role("slider", name="Rate at update 18", exact=True)
    page.wait_for_function("rate => document.activeElement.ariaValueText !== rate", arg=before)
    assert re.fullmatch(r"0\.\d+, final expected loss 0\.\d+", after.get_attribute("aria-valuetext"))
    page.wait_for_function("document.querySelector('.heard[role=status]').textContent")
    assert heard.text_content() == result(page)
    assert "after 4 more tries" in result(page)  # half a second of rest ended the one
    page.keyboard.press("End")
    page.wait_for_function("document.activeElement.ariaValueText.startsWith('1.00,')")
    page.keyboard.press("Control+ArrowLeft")
    assert page.evaluate("document.activeElement.ariaLabel") == "Rate at update 18"
    order = []
    for _ in range(11):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent"))
    presets = ["constant", "step", "exponential", "cosine", "linear", "one-cycle", "WSD (warm up, hold, decay)"]
    assert order == [*presets, "Undo", "Reverse", "Copy link", "This schedule in code"]
    assert page.evaluate("scrollX") == 0


@pytest.mark.parametrize("slug", LINKS)
def test_a_link_opens_at_its_drawing(opened, slug):
    fragment = drawing_link(LINKS[slug]).removeprefix("draw.ipynb")
    page = opened(fragment)
    page.wait_for_function("Math.abs(document.querySelector('.lrsched').getBoundingClientRect().top) < 100")
    assert page.evaluate("location.hash") == fragment
    assert page.get_by_text("Draw a curve here").count() == 0
    ends = float(page.locator(".panel b").inner_text().removeprefix("ends at "))
    expected = PROBLEMS["noisy"].end(LINKS[slug](range(200)))
    assert ends == pytest.approx(expected, rel=0.01)


def test_a_link_on_the_open_page_is_followed(opened):
    page = opened()
    page.evaluate("hash => { location.hash = hash }", drawing_link(LINKS["step_decay"]).removeprefix("draw.ipynb"))
    page.wait_for_function("!document.querySelector('.bar:not(.presets) button').disabled")
    page.get_by_role("button", name="Undo").click()
    assert times_the_best(page) == 2.9


@pytest.mark.parametrize("fragment", ["#draw=noisy.zz!", "#draw=loud.AACq", "#draw=noisy", "#draw=bound.AACqAACq"])
def test_a_broken_link_is_answered_with_a_sentence(opened, fragment):
    page = opened(fragment)
    sentence = page.get_by_text("The link holds no drawing that can be read, so here is the start.")
    assert sentence.is_visible()
    assert times_the_best(page) == 2.9
    stroke(page, 0.8, 0.2)
    assert sentence.count() == 0
    assert page.complaints == []


def test_where_nothing_can_be_kept_all_else_works(opened):
    page = opened(script=REFUSES_STORAGE + REFUSES_ADDRESS)
    stroke(page, 0.8, 0.2)
    stroke(page, 0.8, 0.25)
    assert times_the_best(page) < 2
    assert page.get_by_text("This browser keeps nothing for this page").is_visible()
    assert page.complaints == []


def test_code_is_written_for_the_drawing(opened):
    page = opened()
    stroke(page, 0.8, 0.2)
    page.locator(".lrsched summary").click()
    for library, sign in {
        "lrsched": "def schedule(t):",
        "torch": "LambdaLR",
        "transformers": "Trainer(",
        "Keras": "keras.optimizers.SGD(Drawing())",
        "optax": "jnp.interp",
    }.items():
        choose(page, library)
        assert sign in page.locator("pre").inner_text()
    choose(page, "lrsched")
    names = {}
    exec(page.locator("pre").inner_text(), names)
    box = page.get_by_role("slider", name="Rate at update 0", exact=True).get_attribute("aria-valuetext")
    assert names["schedule"](0) == pytest.approx(float(box.split(",")[0]), rel=0.01)
    before = page.locator("pre").inner_text()
    page.get_by_role("button", name="Reverse").click()
    assert page.locator("pre").inner_text() != before


def test_the_link_is_copied_or_shown(opened):
    page = opened()
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text(re.compile("The link to this drawing")).wait_for()


def test_what_a_screen_reader_hears(opened):
    page = opened()
    nodes = tree(page)
    assert {"Draw your schedule", "Problem", "The drawing", "Start from a schedule"} <= {
        node["name"] for node in nodes if node["role"] in ("group", "radiogroup")
    }
    assert len([node for node in nodes if node["role"] == "slider"]) == 12
    [standings] = [node["name"] for node in nodes if node["role"] in ("image", "img")]
    assert standings.startswith("Standings: optimum 0.00517, exponential 0.00579,") and standings.endswith("you 0.0148")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(opened, dark, width):
    page = opened(dark=dark, width=width)
    page.add_script_tag(path=AXE)
    page.locator(".lrsched summary").click()
    for name in ("Noisy", "No noise", "Worst case"):
        choose(page, name)
        for height in (0.1, 0.2, 0.3, 0.2, 0.1):
            stroke(page, 0.6, height, steps=4)
        found = page.evaluate("async () => (await axe.run(document)).violations")
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.complaints == []


def test_touch_targets_are_large_and_a_thumb_can_scroll_beside_the_pad(opened):
    page = opened(width=390)
    page.locator(".lrsched summary").click()
    for target in page.locator(".lrsched button, .pills label, summary").all():
        assert target.bounding_box()["height"] >= 43.9
    pad, surface = (page.locator(name).bounding_box() for name in ("svg.pad", ".surface"))
    assert surface["x"] - pad["x"] > 30
    assert page.locator(".surface").evaluate("surface => getComputedStyle(surface).touchAction") == "none"
    assert page.locator("svg.pad").evaluate("pad => getComputedStyle(pad).touchAction") == "auto"


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_when_the_pad_comes_or_is_used(visit, address, width):
    still = visit(address, width=width, javascript=False)
    before = still.locator(".first-frame").bounding_box()["height"]
    page = visit(address, width=width)
    page.locator(".first-frame").scroll_into_view_if_needed()
    page.wait_for_selector(".pad")
    after = page.locator("#after").bounding_box()["y"]
    assert abs(page.locator(".lrsched").bounding_box()["height"] - before) <= 12
    for height in (0.9, 0.5, 0.1):
        stroke(page, 0.7, height, steps=4)
    assert page.locator("#after").bounding_box()["y"] == after
    choose(page, "No noise")
    after = page.locator("#after").bounding_box()["y"]
    stroke(page, 1, 1, steps=4)
    assert "The loss explodes." in result(page) and page.locator("#after").bounding_box()["y"] == after


def test_without_javascript_picture_and_standings_are_there(opened):
    page = opened(javascript=False)
    assert page.locator("figure svg").is_visible()
    assert page.locator("table").count() == 3
    assert "exponential\t0.00579" in page.locator("table").first.inner_text()


def test_in_jupyterlab_the_address_is_left_alone(visit, tmp_path):
    path = tmp_path / "lab.html"
    path.write_text(page_of(draw()).replace('class="cell_output"', 'class="jp-OutputArea"'), "utf-8")
    page = visit(path.as_uri())
    page.wait_for_selector(".pad")
    stroke(page, 0.8, 0.2)
    assert times_the_best(page) < 2
    assert page.evaluate("location.hash") == ""
    assert page.get_by_role("button", name="Copy link").count() == 0
    assert page.complaints == []
