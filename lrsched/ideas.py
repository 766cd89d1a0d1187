"""One colour an idea: rates are orange, losses blue, slopes green and weights purple, in every figure and text."""

import re

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

# Mid tones: each has a contrast of 3 to the light and to the dark page, and all stay apart in every kind of colour
# blindness. Grey is for what the reader compares with.
PALETTE = {
    "blue": "#4095e6",
    "orange": "#cb7f0d",
    "green": "#427950",
    "purple": "#975098",
    "grey": "#808080",
}
COLOURS = {"rate": "orange", "loss": "blue", "slope": "green", "weight": "purple"}
WORDS = {
    "rate": "learning rates?|peak rates?|rates?|schedules?",
    "loss": "(?:expected |final |batch |excess |train |test )?loss(?:es)?|excess|noise floors?|floors?",
    "slope": "gradients?|slopes?|curvatures?|sharpness",
    "weight": "weights?|parameters?|paths?",
}
INK = "#1f2730"  # of a curve, until its axis says of which idea it is


def idea_of(text: str) -> str | None:
    """Return the idea that `text` names first; None if it names none.

    >>> idea_of("learning rate")
    'rate'
    """
    found = {idea: re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) for idea, words in WORDS.items()}
    starts = {idea: match.start() for idea, match in found.items() if match}
    return min(starts, key=lambda idea: starts[idea]) if starts else None


def paint(fig: Figure) -> None:
    """Give what is drawn in ink the colour of the idea on its y axis, and each label of an axis that of its own."""
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            if idea := idea_of(axis.label.get_text()):
                axis.label.set_color(PALETTE[COLOURS[idea]])
        if idea := idea_of(ax.get_ylabel()):
            _repaint(ax, PALETTE[COLOURS[idea]])


def _repaint(ax: Axes, colour: str) -> None:
    for line in ax.lines:
        if to_hex(line.get_color()) == INK:
            line.set_color(colour)
    for artist in (*ax.collections, *ax.patches):
        for part in ("facecolor", "edgecolor"):
            current = getattr(artist, f"get_{part}")()
            first = current[0] if getattr(current, "ndim", 1) == 2 and len(current) else current
            if len(first) and to_hex(first) == INK:
                getattr(artist, f"set_{part}")(colour)
