"""The course's figures: functions that take an Axes and return it, and `show`, which puts one in the page.

    fig, ax = figure()
    plot_schedule(ax, StepDecay(0.1, decay_rate=0.5, step_size=20), 60)
    show(fig, alt="The learning rate halves at updates 20 and 40.")

A figure becomes inline SVG in the colour of the page's text, so that it is readable in light and in dark.
Curves differ in colour and in dashes, and carry their name at their end.
"""

import base64
import hashlib
import html
import io
import re
from collections.abc import Callable

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.transforms import Affine2D, ScaledTranslation

from lrsched import _check
from lrsched._schedule import part
from lrsched.range_test import RangeTest
from lrsched.schedules import Schedule
from lrsched.training import Comparison, History

__all__ = [
    "PALETTE",
    "STYLE",
    "figure",
    "log_axis",
    "plot_comparison",
    "plot_loss",
    "plot_lr",
    "plot_range_test",
    "plot_schedule",
    "show",
    "svg",
]

# Mid tones: each has a contrast of 3 to white and to the dark page, and all stay apart in every kind of
# colour blindness. Grey is for what the reader compares with.
PALETTE = {
    "blue": "#4095e6",
    "orange": "#cb7f0d",
    "green": "#427950",
    "purple": "#975098",
    "grey": "#808080",
}
CURVES = ["blue", "orange", "green", "purple"]

STYLE = {
    "axes.prop_cycle": cycler(color=[PALETTE[name] for name in CURVES])
    + cycler(linestyle=["-", "--", "-.", ":"])
    + cycler(linewidth=[2] * len(CURVES)),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 10,
    "path.simplify_threshold": 0.1,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "lrsched",
}


def figure(
    panels: int = 1, *, size: tuple[float, float] | None = None, sharex: bool = True
) -> tuple[Figure, Axes | list[Axes]]:
    """Return an empty figure and its Axes: one, or a list of `panels` stacked ones.

    They share the x axis unless `sharex` is false. `size` is in inches.

    >>> fig, (top, bottom) = figure(panels=2)
    """
    panels = _check.number("panels", panels, "a whole number of 1 or more")
    with matplotlib.rc_context(STYLE):
        fig = Figure(figsize=size or (5, 1.2 + 1.6 * panels), layout="constrained")
        axes = fig.subplots(panels, sharex=sharex, squeeze=False)[:, 0].tolist()
        fig.align_ylabels()
    return fig, axes if panels > 1 else axes[0]


def log_axis(ax: Axes, which: str = "y") -> Axes:
    """Make the axis `which` logarithmic, with plain numbers: 0.01, and 0.02 and 0.05 where there is room."""

    def label(value: float, _: int) -> str:
        low, high = axis.get_view_interval()
        return f"{value:g}" if f"{value:e}"[0] in ("125" if high < 100 * low else "1") else ""

    axis = {"x": ax.xaxis, "y": ax.yaxis}[which]
    ax.set(**{f"{which}scale": "log"})
    axis.set_major_formatter(label)
    axis.set_minor_formatter(label)
    return ax


def plot_schedule(
    ax: Axes, schedule: Schedule | Callable[[float], float], steps: int, *, label: str = "", **line: object
) -> Axes:
    """Draw the rates that updates 0 to `steps` - 1 use; `label` stands at the end of the curve.

    `schedule` may be any function of the step. `line` goes to Matplotlib's `Axes.plot`.

    >>> from lrsched import StepDecay
    >>> fig, ax = figure()
    >>> plot_schedule(ax, StepDecay(0.1, decay_rate=0.5, step_size=20), 60).get_ylabel()
    'learning rate'
    """
    schedule, own = part("schedule", schedule, "Constant(0.1)"), isinstance(schedule, Schedule)
    steps = _check.number("steps", steps, "a whole number of 1 or more")
    # Fine enough for a drop to stand upright; a function may know no step between two updates.
    t = np.arange(0, steps, 1 / np.ceil(500 / steps) if own else 1)
    ax.plot(t, schedule(t), **({} if own else {"drawstyle": "steps-post"}) | line)
    ax.set(xlabel="update", ylabel="learning rate")
    ax.label_outer()
    return label_end(ax, label)


def plot_lr(ax: Axes, history: History, *, label: str = "", **line: object) -> Axes:
    """Draw the rates that the optimiser received: one line, or a thin one for each seed that had its own."""
    runs = np.atleast_2d(history.lr)
    for run in runs:
        [curve] = ax.plot(run, drawstyle="steps-post", **line)
        line |= {"color": curve.get_color(), "linestyle": curve.get_linestyle()}  # all runs look the same
        curve.set_linewidth(2 if len(runs) == 1 else 0.8)
    ax.set(xlabel="update", ylabel="learning rate")
    ax.label_outer()
    return label_end(ax, label)


def plot_loss(ax: Axes, history: History, *, window: int = 1, label: str = "", **line: object) -> Axes:
    """Draw the batch loss before each update: the median over seeds, and a band with the middle half of them.

    With a `window`, each run is first averaged over windows of that many updates.
    """
    window = _check.number("window", window, "a whole number of 1 or more")
    seeds, steps = history.loss.shape
    if window > steps:
        raise ValueError(f"window must be at most the number of updates, {steps}, got {window}")
    windows = history.loss[:, : steps // window * window].reshape(seeds, -1, window)
    _middle_half(log_axis(ax), (np.arange(steps // window) + 0.5) * window - 0.5, windows.mean(axis=2), **line)
    ax.set(xlabel="update", ylabel="batch loss")
    ax.label_outer()
    return label_end(ax, label)


def _middle_half(ax: Axes, x: np.ndarray, runs: np.ndarray, **line: object) -> None:
    low, middle, high = np.quantile(runs, [0.25, 0.5, 0.75], axis=0, method="nearest")  # a run may be infinite
    middle[np.isinf(middle)] = np.nan
    [curve] = ax.plot(x, middle, **line)
    ax.fill_between(x, low, high, where=np.isfinite(high), color=curve.get_color(), alpha=0.2, linewidth=0)


def plot_comparison(
    ax: Axes, comparison: Comparison, *, metric: str | None = None, split: str = "train", to: str | None = None
) -> Axes:
    """Draw each arm against the arm `to`, by default the first: a dot with its paired 95 % interval.

    A loss is drawn as a ratio, an accuracy as a difference.
    """
    to = to or next(iter(comparison))
    metric = metric or comparison[to].problem.metric
    if metric == "accuracy":
        paired, even, unit = comparison.difference, 0, "minus that of"
    else:
        paired, even, unit = comparison.ratio, 1, "divided by that of"
    ax.axvline(even, color=PALETTE["grey"], linewidth=1.2)
    for row, name in enumerate(comparison):
        result = paired(name, metric, split, to)
        if np.isfinite(result.mean):
            ax.errorbar(result.mean, row, xerr=result.half_width, fmt="o", color=PALETTE["blue"], capsize=3)
        said = "" if name == to else str(result) if np.isfinite(result.mean) else "diverged"
        ax.annotate(said, (1, row), (5, 0), ax.get_yaxis_transform(), "offset points", va="center")
    rows = len(comparison.histories)
    ax.set(yticks=range(rows), yticklabels=comparison, ylim=(rows - 0.5, -0.5))
    ax.set(xlabel=f"{split} {metric} {unit} {to}")
    ax.spines.left.set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def plot_range_test(ax: Axes, test: RangeTest, *, rule: str = "steepest", label: str = "", **line: object) -> Axes:
    """Draw the smoothed loss against the rising rate, as far as half of the seeds hold, and the suggested rate."""
    going = np.isfinite(test.smoothed).mean(axis=0) > 0.5
    smoothed = np.nan_to_num(test.smoothed[:, going], nan=np.inf)
    _middle_half(log_axis(log_axis(ax), "x"), test.lr[going], smoothed, **line)
    ax.set(xlabel="learning rate", ylabel="smoothed batch loss")
    label_end(ax, label)
    suggested = test.suggest(rule)
    ax.axvline(suggested, color=PALETTE["grey"], linewidth=1.2, linestyle=":")
    at = ax.get_xaxis_transform()
    ax.annotate(f"{rule}: {suggested:.2g}", (suggested, 1), (4, -4), at, "offset points", va="top")
    return ax


def label_end(ax: Axes, label: str) -> Axes:
    """Write `label` beside the end of the line that was drawn last, and lead from its last finite point there."""
    points = ax.lines[-1].get_xydata()
    for end in points[np.isfinite(points).all(axis=1)][-1:] if label else ():
        ax.annotate(label, end, (LABEL_AT, 0), textcoords="offset points", va="center", gid="label")
        in_points = Affine2D().scale(1 / 72) + ax.figure.dpi_scale_trans + ScaledTranslation(*end, ax.transData)
        style = {"edgecolor": ax.lines[-1].get_color(), "linewidth": 0.8, "fill": False, "clip_on": False}
        ax.add_artist(Polygon([(3, 0), (LABEL_AT - 2, 0)], closed=False, transform=in_points, gid="leader", **style))
    return ax


LABEL_AT = 20  # points to the right of a curve's end


def _spread(ax: Axes, apart: float = 12) -> None:
    """Move labels at the ends of curves until each has its own line (`apart` in points)."""
    labels = [text for text in ax.texts if text.get_gid() == "label"]
    leaders = [patch for patch in ax.patches if patch.get_gid() == "leader"]
    # To 0.1 points: which of two equal ends is higher would depend on the last bit, and so on the processor.
    heights = [round(ax.transData.transform(text.xy)[1] * 72 / ax.figure.dpi, 1) for text in labels]
    lowest = -np.inf
    for height, text, leader in sorted(zip(heights, labels, leaders, strict=True), key=lambda found: found[0]):
        lowest = max(height, lowest + apart)
        text.set_position((LABEL_AT, lowest - height))
        leader.set_xy([(3, 0), (LABEL_AT - 2, lowest - height)])


def svg(fig: Figure, alt: str = "") -> str:
    """Return `fig` as small inline SVG in the colour of the page's text; `alt` is its text alternative."""
    if fig.get_constrained_layout():
        fig.draw_without_rendering()  # only now do the axes have their final size
    for ax in fig.axes:
        _spread(ax)
    with matplotlib.rc_context(STYLE):
        fig.savefig(file := io.StringIO(), format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    view_box = re.search(r'viewBox="[^"]*"', text)[0]
    body = text[text.index('<g id="figure_1">') : text.rindex("</svg>")]
    body = re.sub(r' d="([^"]*)"', lambda path: f' d="{short(path[1])}"', body)
    body = re.sub(r' (x|y|width|height)="([-\d.]+)"', lambda at: f' {at[1]}="{round(float(at[2]), 1):g}"', body)
    body = body.replace("xlink:href", "href")
    body = re.sub(r"font: (?:\w+ )*([\d.]+px)[^;\"]*", r"font-size: \1", body)  # the words of older versions
    body = re.sub(r' transform="rotate\(-0 [^"]*"|font-family: [^;"]*(; )?', "", body)
    body = re.sub(r"#000000|(?<=[ :\"])black\b", "currentColor", body)
    body = re.sub(r'id="axes_(\d+)"', r'data-axes="\1"', body)
    body = re.sub(r">\s+<", "><", body).rstrip()
    used = set(re.findall(r"#([\w-]+)", body))
    body = re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", body)
    # Matplotlib names by numbers whose last bit depends on the processor: name by what the page gets instead.
    for name, what in re.findall(r' id="([^"]*)"(.*?/>)', body):
        body = body.replace(name, f"i{hashlib.sha256(what.encode()).hexdigest()[:8]}")
    role = f' role="img" aria-label="{html.escape(alt)}"' if alt else ""
    style = "width: 100%; max-width: 36rem; height: auto; fill: currentColor; stroke-linejoin: round"
    return f'<svg class="figure"{role} {view_box} style="{style}">{body}</svg>'


def short(path: str) -> str:
    """Return SVG path data in steps of 0.1 points from point to point: half of Matplotlib's bytes."""
    out, last, start = [], (0, 0), (0, 0)
    for command, numbers in re.findall(r"([MLQCZz])([^MLQCZz]*)", path):
        points = [round(float(number) * 10) for number in numbers.split()]
        out.append(command.lower() + " ".join(f"{(value - last[i % 2]) / 10:g}" for i, value in enumerate(points)))
        last = tuple(points[-2:]) or start
        start = last if command == "M" else start
    text = re.sub(r"(?<!\d)0(?=\.)", "", " ".join(out))  # .5 for 0.5, but not in 20.5
    return re.sub(r" (?=-)", "", text).replace(" l", "l")


def png(fig: Figure) -> str:
    """Return `fig` as PNG in base 64, which viewers show that know no inline SVG."""
    fig.savefig(file := io.BytesIO(), format="png", dpi=72, transparent=False, metadata={"Software": None})
    return base64.b64encode(file.getvalue()).decode()


class Shown:
    """A figure in the page; Jupyter displays it."""

    def __init__(self, fig: Figure, alt: str):
        self.fig, self.alt = fig, alt

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"text/html": svg(self.fig, self.alt), "image/png": png(self.fig), "text/plain": repr(self)}


def show(fig: Figure, *, alt: str) -> Shown:
    """Put `fig` in the page; `alt`, its text alternative, says in words what the figure shows.

    >>> fig, ax = figure()
    >>> show(fig, alt="The rate halves every 20 updates.")
    Figure: The rate halves every 20 updates.
    """
    _check.instance("alt", alt, str, "a sentence that says what the figure shows")
    if not alt.strip():
        raise ValueError(f"alt must be a sentence that says what the figure shows, got {alt!r}")
    return Shown(fig, alt)
