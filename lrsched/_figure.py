"""A figure of the course: its axes, the names of its curves, and how it becomes SVG in the page."""

import base64
import hashlib
import html
import io
import re
from collections.abc import Sequence
from typing import Any, Literal, overload

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.text import Annotation
from matplotlib.transforms import Affine2D, ScaledTranslation

from lrsched import _check
from lrsched.ideas import COLOURS, INK, PALETTE, paint

STYLE: dict[Any, Any] = {
    "axes.prop_cycle": cycler(color=[INK] * 4)
    + cycler(linestyle=["-", "--", ":", "-."])
    + cycler(linewidth=[2.2, 1.8, 2.2, 1.6]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 12.2,  # a figure is 353 units wide: 12 pixels on a phone
    "path.simplify_threshold": 0.1,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "lrsched",
}


@overload
def figure(  # type: ignore[overload-overlap]  # 1 is an int too
    panels: Literal[1] = 1,
    *,
    size: tuple[float, float] | None = None,
    sharex: bool = True,
    heights: Sequence[float] | None = None,
) -> tuple[Figure, Axes]: ...
@overload
def figure(
    panels: int,
    *,
    size: tuple[float, float] | None = None,
    sharex: bool = True,
    heights: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]: ...
def figure(
    panels: int = 1,
    *,
    size: tuple[float, float] | None = None,
    sharex: bool = True,
    heights: Sequence[float] | None = None,
) -> tuple[Figure, Axes] | tuple[Figure, list[Axes]]:
    """Return an empty figure and its Axes.

    Parameters
    ----------
    panels : int
        The number of Axes, stacked; 1 or more.
    size : pair of numbers, or None
        Width and height in inches; None is 4.9 by 1.1, and 1.7 higher for each panel. One that is given has the smaller
        text of a picture that stands among others.
    sharex : bool
        Whether the panels share the x axis.
    heights : sequence of numbers, or None
        Those of the panels, where 1 is the usual one.

    Returns
    -------
    fig : Figure
        What `show` puts in the page.
    ax : Axes, or list of Axes
        A list where there is more than one panel.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `panels` is no whole number of 1 or more, or `size` not two numbers above 0.

    Examples
    --------
    >>> fig, (top, bottom) = figure(panels=2)
    """
    panels = _check.argument("panels", panels)
    sharex = _check.argument("sharex", sharex)
    heights = [1] * panels if heights is None else _check.numbers("heights", heights, "a number above 0")
    if len(heights) != panels:
        raise ValueError(f"heights must be {panels} numbers, one a panel, got {heights}")
    font = {} if size is None else {"font.size": 10}
    size = (4.9, 1.1 + 1.7 * sum(heights)) if size is None else _check.numbers("size", size, "a number above 0")
    if len(size) != 2:
        raise ValueError(f"size must be two numbers, got {size}")
    with matplotlib.rc_context(STYLE | font):
        fig = Figure(figsize=size, layout="constrained")
        axes = fig.subplots(panels, sharex=sharex, squeeze=False, height_ratios=heights)[:, 0].tolist()
        fig.align_ylabels()
    return (fig, axes) if panels > 1 else (fig, axes[0])


def log_axis(ax: Axes, which: str = "y") -> Axes:
    """Make an axis logarithmic, with plain numbers: 0.01, and 0.02 and 0.05 where there is room.

    Parameters
    ----------
    ax : Axes
        What to change.
    which : "x" or "y"
        Which of its two axes.

    Returns
    -------
    Axes
        `ax` itself.

    Raises
    ------
    TypeError
        If `ax` is no Axes.
    ValueError
        If there is no axis `which`.

    Examples
    --------
    >>> fig, ax = figure()
    >>> log_axis(ax).get_yscale()
    'log'
    """
    check_axes(ax)
    axis = {"x": ax.xaxis, "y": ax.yaxis}[_check.option("which", which, ("x", "y"))]

    def label(value: float, _: float | None) -> str:
        low, high = axis.get_view_interval()
        return f"{value:g}" if f"{value:e}"[0] in ("125" if high < 100 * low else "1") else ""

    ax.set(**{f"{which}scale": "log"})
    axis.set_major_formatter(label)
    axis.set_minor_formatter(label)
    return ax


def check_axes(ax: Axes) -> None:
    _check.instance("ax", ax, Axes, "one Axes, as `figure()` returns it")


def label_end(ax: Axes, label: str) -> Axes:
    """Write a label beside the end of the latest line, and lead from its last finite point there.

    Parameters
    ----------
    ax : Axes
        With a line.
    label : str
        The text; nothing is written if it is empty.

    Returns
    -------
    Axes
        `ax` itself.

    Raises
    ------
    TypeError
        If an argument is of another type.

    Examples
    --------
    >>> fig, ax = figure()
    >>> [line] = ax.plot([0.1, 0.05])
    >>> label_end(ax, "halved").texts[0].get_text()
    'halved'
    """
    check_axes(ax)
    _check.instance("label", label, str, "text")
    points = np.asarray(ax.lines[-1].get_xydata())
    for x, y in points[np.isfinite(points).all(axis=1)][-1:] if label else ():
        line: dict[str, Any] = {"va": "center", "gid": "label", "size": ax.xaxis.label.get_fontsize()}
        ax.annotate(label, (x, y), (LABEL_AT, 0), textcoords="offset points", **line)
        in_points = Affine2D().scale(1 / 72) + ax.figure.dpi_scale_trans + ScaledTranslation(x, y, ax.transData)  # type: ignore[arg-type]
        style = {"edgecolor": ax.lines[-1].get_color(), "linewidth": 0.8, "fill": False, "clip_on": False}
        ax.add_artist(Polygon([(3, 0), (LABEL_AT - 2, 0)], closed=False, transform=in_points, gid="leader", **style))
    return ax


LABEL_AT = 20  # points to the right of a curve's end


def _spread(ax: Axes) -> None:
    """Move labels at the ends of curves until each has its own line."""
    labels = [text for text in ax.texts if isinstance(text, Annotation) and text.get_gid() == "label"]
    line = 1.15 * float(ax.xaxis.label.get_fontsize())  # in points
    leaders = [patch for patch in ax.patches if isinstance(patch, Polygon) and patch.get_gid() == "leader"]
    # To 0.1 points: which of two equal ends is higher would depend on the last bit, and so on the processor.
    heights = [round(ax.transData.transform(text.xy)[1] * 72 / ax.figure.dpi, 1) for text in labels]
    lowest = -np.inf
    for height, text, leader in sorted(zip(heights, labels, leaders, strict=True), key=lambda end: end[0]):
        lowest = max(height, lowest + line)
        text.set_position((LABEL_AT, lowest - height))
        leader.set_xy([(3, 0), (LABEL_AT - 2, lowest - height)])


def svg(fig: Figure, alt: str = "") -> str:
    """Return a figure as small inline SVG in the colour of the page's text.

    Parameters
    ----------
    fig : Figure
        As `figure` makes it.
    alt : str
        Its text alternative, for who does not see it.

    Returns
    -------
    str
        An ``<svg>`` element.

    Raises
    ------
    TypeError
        If an argument is of another type.

    Examples
    --------
    >>> svg(figure()[0], "Empty axes.")[:53]
    '<svg class="figure" role="img" aria-label="Empty axes'
    """
    _check.instance("fig", fig, Figure, "a Figure, as `figure()` returns it first")
    _check.instance("alt", alt, str, "text")
    paint(fig)
    if fig.get_constrained_layout():
        fig.draw_without_rendering()  # only now do the axes have their final size
    for ax in fig.axes:
        _spread(ax)
    with matplotlib.rc_context(STYLE):
        fig.savefig(file := io.StringIO(), format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    [view_box] = re.findall(r'viewBox="[^"]*"', text)[:1]
    body = text[text.index('<g id="figure_1">') : text.rindex("</svg>")]
    body = re.sub(r' d="([^"]*)"', lambda path: f' d="{shorten(path[1])}"', body)
    body = re.sub(r' (x|y|width|height)="([-\d.]+)"', lambda at: f' {at[1]}="{round(float(at[2]), 1):g}"', body)
    body = body.replace("xlink:href", "href")
    body = re.sub(r"font: (?:\w+ )*([\d.]+px)[^;\"]*", r"font-size: \1", body)  # the words of older versions
    body = re.sub(r' transform="rotate\(-0 [^"]*"|font-family: [^;"]*(; )?', "", body)
    body = re.sub(rf"#000000|{INK}|(?<=[ :\"])black\b", "currentColor", body)
    for idea, colour in COLOURS.items():  # words need more contrast than marks: the page knows how much
        body = re.sub(rf"(<text[^>]*?){PALETTE[colour]}", rf"\1var(--{idea}-word, {PALETTE[colour]})", body)
    body = re.sub(r'id="axes_(\d+)"', r'data-axes="\1"', body)
    body = re.sub(r">\s+<", "><", body).rstrip()
    references = set(re.findall(r"#([\w-]+)", body))
    body = re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in references else "", body)
    # Matplotlib names by numbers whose last bit depends on the processor: name by what the page gets instead.
    for name, what in re.findall(r' id="([^"]*)"(.*?/>)', body):
        body = body.replace(name, f"i{digest(what)[:8]}")
    role = f' role="img" aria-label="{html.escape(alt)}"' if alt else ""
    style = "width: 100%; max-width: 31rem; height: auto; fill: currentColor; stroke-linejoin: round"
    return f'<svg class="figure"{role} {view_box} style="{style}">{body}</svg>'


def shorten(path: str) -> str:
    """Return SVG path data in steps of 0.1 points from point to point: half of Matplotlib's bytes."""
    out: list[str] = []
    last: tuple[int, ...] = (0, 0)
    start = last
    for command, numbers in re.findall(r"([MLQCZz])([^MLQCZz]*)", path):
        points = [round(float(number) * 10) for number in numbers.split()]
        out.append(command.lower() + " ".join(f"{(value - last[i % 2]) / 10:g}" for i, value in enumerate(points)))
        last = tuple(points[-2:]) or start
        start = last if command == "M" else start
    text = re.sub(r"(?<!\d)0(?=\.)", "", " ".join(out))  # .5 for 0.5, but not in 20.5
    return re.sub(r" (?=-)", "", text).replace(" l", "l")


def png(fig: Figure, drawn: str) -> str:
    """Return a figure as PNG, which viewers show that know no inline SVG.

    Its bytes depend on the processor: that it is the picture of an SVG is told by the digest in it.

    Parameters
    ----------
    fig : Figure
        As `figure` makes it.
    drawn : str
        What `svg` returned for it.

    Returns
    -------
    str
        The image in base 64, at 72 dots an inch.

    Raises
    ------
    TypeError
        If `fig` is no Figure, or `drawn` no text.

    Examples
    --------
    >>> fig, ax = figure()
    >>> png(fig, svg(fig))[:8]
    'iVBORw0K'
    """
    _check.instance("fig", fig, Figure, "a Figure, as `figure()` returns it first")
    _check.instance("drawn", drawn, str, "the SVG of the figure")
    metadata = {"Software": None, "Comment": digest(drawn)}
    fig.savefig(file := io.BytesIO(), format="png", dpi=72, transparent=False, metadata=metadata)
    return base64.b64encode(file.getvalue()).decode()


def digest(text: str) -> str:
    """Return twelve digits that tell `text` from any other."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Picture:
    """A figure in the page; Jupyter displays it."""

    def __init__(self, fig: Figure, alt: str) -> None:
        self.fig, self.alt = fig, alt

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        drawn = svg(self.fig, self.alt)
        return {"text/html": drawn, "image/png": png(self.fig, drawn), "text/plain": repr(self)}


def show(fig: Figure, *, alt: str) -> Picture:
    """Put a figure in the page.

    Parameters
    ----------
    fig : Figure
        As `figure` makes it.
    alt : str
        Its text alternative: a sentence that says what the figure shows.

    Returns
    -------
    Picture
        What Jupyter displays.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `alt` is empty.

    Examples
    --------
    >>> fig, ax = figure()
    >>> show(fig, alt="The rate halves every 20 updates.")
    Figure: The rate halves every 20 updates.
    """
    _check.instance("fig", fig, Figure, "a Figure, as `figure()` returns it first")
    _check.instance("alt", alt, str, "a sentence that says what the figure shows")
    if not alt.strip():
        raise ValueError(f"alt must be a sentence that says what the figure shows, got {alt!r}")
    return Picture(fig, alt)
