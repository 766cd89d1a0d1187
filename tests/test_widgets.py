import gzip
import json
import re
import time

import numpy as np
import pytest
from test_plotting import absolute

from lrsched import plotting
from lrsched.course import bet, cards, explore
from lrsched.course.chapters import CHAPTERS
from lrsched.course.chapters.learning_rate.demos import down_the_ravine, learning_rate
from lrsched.course.chapters.step_decay.demos import step_decay
from lrsched.course.markup import math, to_html
from lrsched.course.review.glossary import terms

GRIDS = {"decay_rate": [0.1, 0.25, 0.5], "step_size": [10, 50]}
DEMO = {"title": "Step decay", "panels": 2}


def line(ax, slope, shift=0):
    ax.plot([0, 1], [shift, shift + slope])
    ax.plot([0, 1], [1, 1])
    ax.set(xlim=(0, 1), ylim=(0, 5), xlabel="x")
    return f"The line rises by {slope} from {shift}."


def one(draw=line, grids=None, **options):
    return explore(draw, grids or {"slope": [1, 2]}, **{"title": "A line", **options})


def test_each_setting_has_its_picture_and_sentence_in_order():
    content = one(grids={"slope": [1, 2, 3], "shift": [0, 1]}).content
    assert content["values"] == [["1", "2", "3"], ["0", "1"]]
    assert content["sentences"] == [
        f"The line rises by {slope} from {shift}." for slope in (1, 2, 3) for shift in (0, 1)
    ]
    assert len({tuple(frame) for frame in content["frames"]}) == 6


def test_what_all_pictures_share_is_stored_once():
    content = one().content
    assert content["base"].count("clip-path") == 1
    assert [len(frame) for frame in content["frames"]] == [1, 1]
    assert all(frame[0].count("<path") == 1 for frame in content["frames"])


def test_each_curve_of_each_frame_lies_inside_its_axes():
    content = explore(step_decay, GRIDS, **DEMO).content
    clips = dict(re.findall(r'<clipPath id="(\w+)"><rect ([^>]*)/>', content["base"]))
    seen = 0
    for frame in [*content["frames"], [content["base"]]]:
        for path, clip in re.findall(r'<path d="([^"]+)" clip-path="url\(#(\w+)\)"', "".join(frame)):
            box = {name: float(value) for name, value in re.findall(r'(\w+)="([\d.]+)"', clips[clip])}
            x, y = absolute(path).T
            assert box["x"] - 0.2 <= x.min() and x.max() <= box["x"] + box["width"] + 0.2
            assert box["y"] - 0.2 <= y.min() and y.max() <= box["y"] + box["height"] + 0.2
            assert np.ptp(x) > 0.9 * box["width"]
            seen += 1
    assert seen == 2 * 6 + 2  # two curves a frame, and two that do not change


def test_each_frame_is_complete():
    """Base and frame together are the picture that Matplotlib draws for that setting alone."""
    explorer = explore(step_decay, GRIDS, **DEMO, start={"decay_rate": 0.25, "step_size": 50})
    figure, below = re.fullmatch(
        ".*?<figure.*?>(.*)</figure>.*?<span>(.*)</span>.*", explorer.first_frame, re.S
    ).groups()
    at = explorer.content["sentences"].index(below)
    assert at == 3
    parts = explorer.content["base"] + "".join(explorer.content["frames"][at])
    for kind in (' d="[^"]+" clip-path', ">[^<>]+</text>"):
        assert sorted(re.findall(kind, parts)) == sorted(re.findall(kind, figure))


def test_no_reference_in_a_picture_leads_nowhere():
    content = explore(step_decay, GRIDS, **DEMO).content
    used = set(re.findall(r"(?:url\(|href=\\?\")#([\w-]+)", content["base"] + json.dumps(content["frames"])))
    assert used and used == set(re.findall(r' id="([^"]+)"', content["base"]))


def test_a_demo_of_a_hundred_frames_is_light_and_quick():
    def seconds(work):
        start = time.process_time()
        work()
        return time.process_time() - start

    def whole():
        fig, axes = plotting.figure(panels=2)
        step_decay(axes, 0.5, 50)
        plotting.svg(fig)

    def hundred():
        explorers.append(explore(step_decay, grids, **DEMO))

    explorers, grids = [], {"decay_rate": np.linspace(0.1, 1, 10), "step_size": range(10, 110, 10)}
    whole()  # fonts are read once
    assert seconds(hundred) < 20 * min(seconds(whole) for _ in range(5))  # 6 times; with axes in each frame 100
    content = explorers[0].content
    assert len(content["frames"]) == 100
    assert len(gzip.compress(json.dumps(content).encode())) < 12_000


def test_panels_may_have_an_x_axis_each():
    def two(axes, slope):
        for ax, width in zip(axes, (1, 100), strict=True):
            ax.plot([0, width], [0, slope])
            ax.set(xlim=(0, width), ylim=(0, 5))
        return f"Both rise by {slope}."

    base = one(two, panels=2, sharex=False).content["base"]
    assert {">1.0<", ">100<"} <= set(re.findall(">[^<]+<", base))


@pytest.mark.parametrize("rate, momentum", [(0.079, 0), (0.081, 0), (0.151, 0.9), (0.153, 0.9)])
def test_the_limit_that_the_first_demo_names_is_where_its_paths_diverge(rate, momentum):
    axes = plotting.figure(panels=2, sharex=False)[1]
    sentence = learning_rate(axes, rate, momentum)
    path = down_the_ravine(rate, momentum)
    assert ("above" in sentence) == (abs(path[-10:, 1]).max() > abs(path[:, 1]).max() - 1e-12)


def test_the_first_picture_is_there_without_script_and_as_preview():
    explorer = one(start={"slope": 2})
    assert explorer.index == [1]
    assert "The line rises by 2 from 0." in explorer.first_frame
    assert 'role="img" aria-label="The line rises by 2 from 0."' in explorer.first_frame
    data, _ = explorer._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR")
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id


def test_the_text_tells_two_contents_apart():
    assert repr(one()) == repr(one())
    assert repr(one()) != repr(one(grids={"slope": [1, 2.001]}))
    text = repr(explore(step_decay, GRIDS, **DEMO))
    assert re.fullmatch(r"Explorer\(decay_rate: 3, step_size: 2; [0-9a-f]{12}\)", text)


@pytest.mark.parametrize(
    "value, text",
    [
        (0.05, "0.05"),
        (1e-5, "0.00001"),
        (0.1 + 0.2, "0.3"),
        (np.float64(1), "1"),
        (12345, "12345"),
        ("cosine", "cosine"),
    ],
)
def test_values_are_written_in_as_few_digits_as_say_them(value, text):
    def mark(ax, at):
        ax.set(xlim=(0, 1), ylim=(0, 1))
        return "A sentence."

    assert one(mark, {"at": [value]}).content["values"] == [[text]]


def raises(ax, slope):
    raise KeyError("rate")


def says_nothing(ax, slope):
    line(ax, slope)


def moves(ax, slope):
    return line(ax, slope) and ax.set(ylim=(0, slope)) and "The limits move."


@pytest.mark.parametrize(
    "draw, grids, options, sentence",
    [
        (line, {}, {}, "grids must name 1 to 3 parameters that give 1 to 200 pictures, got none"),
        (line, {"slope": []}, {}, "grids must name 1 to 3 .* got slope: 0 values"),
        (line, {"slope": range(201)}, {}, "grids must name .* got slope: 201 values"),
        (raises, None, {}, "draw must draw every setting, got KeyError at slope=1: 'rate'"),
        (says_nothing, None, {}, "draw must return a sentence that says what is seen, got None at slope=1"),
        (
            moves,
            None,
            {},
            r"draw must set the same ylim in every picture, got \(0, 1\) at first and \(0, 2\) at slope=2",
        ),
        (line, None, {"start": {"slope": 3}}, "start must take its names and values from grids, got slope=3"),
        (line, None, {"start": {"size": 1}}, "start must take its names and values from grids, got size=1"),
        (line, None, {"panels": 0}, "panels must be a whole number of 1 or more, got 0"),
    ],
)
def test_wrong_arguments_get_one_sentence(draw, grids, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        explore(draw, {"slope": [1, 2]} if grids is None else grids, title="A line", **options)


def test_mathematics_and_code_become_html_and_nothing_else_does():
    assert to_html("a < b, `x < y` and $t$") == (
        "a &lt; b, <code>x &lt; y</code> and " + '<math display="inline"><mrow><mi>t</mi></mrow></math>'
    )


TERMS = terms()


@pytest.mark.parametrize("term", TERMS, ids=[term["slug"] for term in TERMS])
def test_a_term_is_defined_in_one_to_three_sentences(term):
    assert set(term) - {"formula"} == {"term", "slug", "definition", "chapter"}
    assert re.fullmatch("[a-z]+(-[a-z]+)*", term["slug"])
    assert re.fullmatch(r"[A-Z].{40,300}\.", term["definition"])
    assert not term["definition"].lower().startswith((f"a {term['term']}", f"the {term['term']}", term["term"]))
    assert "\\" not in math(term.get("formula", "x")) + to_html(term["definition"])


def test_terms_stand_once_and_in_the_order_of_the_chapters():
    assert len({term["slug"] for term in TERMS}) == len(TERMS)
    chapters = [list(CHAPTERS).index(term["chapter"]) for term in TERMS]
    assert chapters == sorted(chapters)


def test_there_is_a_card_for_each_term_and_two_for_each_schedule():
    widget = cards()
    slugs = [card["slug"] for card in widget.content["cards"]]
    assert slugs[: len(TERMS)] == [term["slug"] for term in TERMS]
    assert len(set(slugs)) == len(slugs)
    formulas, curves = ({s.removeprefix(kind) for s in slugs if s.startswith(kind)} for kind in ("formula-", "curve-"))
    assert formulas == curves and len(slugs) == len(TERMS) + 2 * len(curves)
    assert widget.without_script.count("<details>") == len(slugs)
    assert all(card["back"] in widget.without_script for card in widget.content["cards"])
    assert repr(widget).startswith(f"Cards({len(slugs)} cards; ")


def test_a_widget_shows_first_what_a_page_without_script_needs(monkeypatch):
    displays = []
    monkeypatch.setattr("lrsched.course.widgets.widget.display", lambda data, **options: displays.append(data))
    explorer = one()
    explorer._ipython_display_()
    page, widget = displays
    assert page["text/html"] == explorer.first_frame
    assert widget["text/plain"] == repr(explorer)
    assert widget["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id


def completed(ax, complete):
    ax.plot([0, 1], [0, 1 + complete])
    ax.set(xlim=(0, 1), ylim=(0, 2))
    return "It rises to 2." if complete else "It rises to 1."


ANSWERS = {"more": "It does: $w$ grows.", "less": "It does not."}


def test_a_bet_has_its_first_picture_in_the_page_and_the_completed_one_without_script():
    widget = bet("Will it rise?", ANSWERS, name="line", right="more", draw=completed)
    assert 'aria-label="It rises to 1."' in widget.first_frame and "to 2" not in widget.first_frame
    assert 'aria-label="It rises to 2."' in widget.without_script and widget.without_script.startswith("<details>")
    assert all(f'<button type="button" class="answer" aria-pressed="false">{a}<' in widget.first_frame for a in ANSWERS)
    assert "<dt>more (right)</dt><dd>It does: <math" in widget.without_script
    assert widget.content["frames"][0] != widget.content["frames"][1]
    assert re.fullmatch(r"Bet\(line: 2 answers; \w{12}\)", repr(widget))


@pytest.mark.parametrize("right, replies", [("no", ANSWERS), ("more", {"more": "Alone."})])
def test_a_bet_needs_two_answers_and_the_right_one_among_them(right, replies):
    with pytest.raises(ValueError, match="right must be one of at least two answers"):
        bet("Will it rise?", replies, name="line", right=right)


def test_a_goal_tells_the_settings_that_reach_it():
    goal = ("Get up", "Pull.", lambda slope: slope == 2)
    assert one(goal=goal).content["goal"]["frames"] == [1]
    for nowhere in (lambda slope: False, lambda slope: slope == 1):
        with pytest.raises(ValueError, match="goal must be reached by some setting and not by the first"):
            one(goal=("Get up", "Pull.", nowhere))
