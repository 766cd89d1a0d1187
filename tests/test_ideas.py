"""One colour an idea: in figures, in formulas, in the text; with the contrast that words need."""

import re
import sys

import pytest
from matplotlib.colors import to_hex
from pages import ROOT
from test_plotting import luminance

from lrsched import plotting
from lrsched.ideas import COLOURS, INK, PALETTE, idea_of, paint

sys.path.insert(0, str(ROOT / "_ext"))
STYLE = (ROOT / "_static/course.css").read_text("utf-8")
TOKENS = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", STYLE))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("idea", COLOURS)
def test_words_of_an_idea_can_be_read_on_paper_and_on_surface(idea, theme):
    word = TOKENS[f"{idea}-word"].split(", ")[theme]
    for ground in ("paper", "surface"):
        assert contrast(word, TOKENS[ground].split(", ")[theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_marks_and_edges_of_controls_stand_out_from_the_paper(theme):
    paper = TOKENS["paper"].split(", ")[theme]
    for mark in (*PALETTE.values(), TOKENS["edge"].split(", ")[theme]):
        assert contrast(mark, paper) >= 3


@pytest.mark.parametrize(
    "text, idea",
    [
        ("learning rate", "rate"),
        ("expected loss", "loss"),
        ("train excess divided by that of constant", "loss"),
        ("loss divided by that of the rate", "loss"),
        ("first weight", "weight"),
        ("curvature", "slope"),
        ("accuracy", None),
        ("separate", None),
    ],
)
def test_an_axis_is_of_the_idea_that_it_names_first(text, idea):
    assert idea_of(text) == idea


def test_what_is_drawn_without_a_colour_has_that_of_its_axis():
    fig, (top, bottom) = plotting.figure(panels=2)
    top.plot([1, 2])
    top.set(ylabel="learning rate")
    bottom.plot([1, 2], color=PALETTE["grey"])
    band = bottom.fill_between([0, 1], [1, 1], color=INK)
    bottom.set(ylabel="loss")
    paint(fig)
    assert top.lines[0].get_color() == PALETTE["orange"]
    assert bottom.lines[0].get_color() == PALETTE["grey"]
    assert to_hex(band.get_facecolor()[0]) == PALETTE["blue"]
    assert f"var(--rate-word, {PALETTE['orange']})" in plotting.svg(fig)


def test_what_is_of_no_idea_has_the_colour_of_the_text():
    fig, ax = plotting.figure()
    ax.plot([1, 2])
    ax.set(ylabel="accuracy")
    assert INK not in plotting.svg(fig) and "currentColor" in plotting.svg(fig)


@pytest.mark.parametrize(
    "latex, coloured",
    [
        (r"\eta", r"{\textcolor{#cb7f0d}{\eta}}"),
        (r"\tfrac12 c\,w^2", r"\tfrac12 {\textcolor{#427950}{c}}\,{\textcolor{#975098}{w}}^2"),
        (r"\bar w_t", r"\bar {\textcolor{#975098}{w}}_t"),
        (r"\cos \text{the weight w}", r"\cos \text{the weight w}"),
        (r"\mathrm{lr}(t)", r"{\textcolor{#cb7f0d}{\mathrm{lr}}}(t)"),
    ],
)
def test_symbols_of_the_ideas_are_coloured_and_nothing_else(latex, coloured):
    import formulas

    assert formulas.coloured(latex) == coloured


def test_the_stylesheet_knows_the_colours_that_the_formulas_have():
    for idea, colour in COLOURS.items():
        assert f'[style*="{PALETTE[colour]}"] {{ color: var(--{idea}-word) !important }}' in STYLE
