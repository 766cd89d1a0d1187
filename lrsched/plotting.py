"""The course's figures: functions that take an Axes and return it, and `show`, which puts one in the page.

    fig, ax = figure()
    plot_schedule(ax, StepDecay(0.1, decay_rate=0.5, step_size=20), 60)
    show(fig, alt="The learning rate halves at updates 20 and 40.")

A figure becomes inline SVG in the colour of the page's text, so that it is readable in light and in dark.
A curve has the colour of what its axis names (`lrsched.ideas`); curves of one kind differ in their dashes, and carry
their name at their end.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lrsched import _check
from lrsched._figure import STYLE, check_axes, figure, label_end, log_axis, png, show, svg
from lrsched._schedule import part
from lrsched.ideas import PALETTE
from lrsched.interfaces import ScheduleLike
from lrsched.lr_range import RangeTest
from lrsched.schedules import Schedule
from lrsched.training import Comparison, History

__all__ = [
    "PALETTE",
    "STYLE",
    "figure",
    "label_end",
    "log_axis",
    "plot_comparison",
    "plot_loss",
    "plot_lr",
    "plot_range_test",
    "plot_schedule",
    "png",
    "show",
    "svg",
]


def plot_schedule(ax: Axes, schedule: ScheduleLike, steps: int, *, label: str = "", **line: Any) -> Axes:
    """Draw the rates that updates 0 to `steps` - 1 use.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    schedule : Schedule or callable of the update index
        What to draw. A `Schedule` is drawn between the updates too.
    steps : int
        The number of updates, 1 or more.
    label : str
        What stands at the end of the curve.
    **line
        Goes to Matplotlib's `Axes.plot`.

    Returns
    -------
    Axes
        `ax` itself.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `steps` is no whole number of 1 or more.

    Examples
    --------
    >>> from lrsched import StepDecay
    >>> fig, ax = figure()
    >>> plot_schedule(ax, StepDecay(0.1, decay_rate=0.5, step_size=20), 60).get_ylabel()
    'learning rate'
    """
    check_axes(ax)
    own, schedule = isinstance(schedule, Schedule), part("schedule", schedule, "Constant(0.1)")
    steps = _check.argument("steps", steps)
    # Fine enough for a drop to stand upright; a function may know no step between two updates.
    t = np.arange(0, steps, 1 / np.ceil(500 / steps) if own else 1)
    ax.plot(t, schedule(t), **({} if own else {"drawstyle": "steps-post"}) | line)
    ax.set(xlabel="update", ylabel="learning rate")
    ax.label_outer()
    return label_end(ax, label)


def plot_lr(ax: Axes, history: History, *, label: str = "", **line: Any) -> Axes:
    """Draw the rates that the optimiser received: one line, or a thin one for each seed that had its own.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    history : History
        What `train` returned.
    label : str
        What stands at the end of the curve.
    **line
        Goes to Matplotlib's `Axes.plot`.

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
    >>> from lrsched import SGD, LinearDecay, Quadratic, train
    >>> fig, ax = figure()
    >>> history = train(Quadratic(1.0), SGD(), LinearDecay(0.5, decay_steps=10))
    >>> plot_lr(ax, history, label="linear").get_xlabel()
    'update'
    """
    check_axes(ax)
    _check.instance("history", history, History, "a History, as `train` returns it")
    runs = np.atleast_2d(history.lr)
    for run in runs:
        [curve] = ax.plot(history.start + np.arange(len(run)), run, drawstyle="steps-post", **line)
        line |= {"color": curve.get_color(), "linestyle": curve.get_linestyle()}  # all runs look the same
        curve.set_linewidth(2 if len(runs) == 1 else 0.8)
    ax.set(xlabel="update", ylabel="learning rate")
    ax.label_outer()
    return label_end(ax, label)


def plot_loss(ax: Axes, history: History, *, window: int = 1, label: str = "", **line: Any) -> Axes:
    """Draw the batch loss before each update: the median over seeds, and a band with the middle half of them.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    history : History
        What `train` returned.
    window : int
        Average each run first over windows of so many updates, from 1 to all of them.
    label : str
        What stands at the end of the curve.
    **line
        Goes to Matplotlib's `Axes.plot`.

    Returns
    -------
    Axes
        `ax` itself.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `window` is no whole number from 1 to the number of updates.

    Examples
    --------
    >>> from lrsched import SGD, Constant, Quadratic, train
    >>> fig, ax = figure()
    >>> history = train(Quadratic(1.0, noise=0.1), SGD(), Constant(0.5), steps=60)
    >>> plot_loss(ax, history, window=10).get_yscale()
    'log'
    """
    check_axes(ax)
    _check.instance("history", history, History, "a History, as `train` returns it")
    window = _check.argument("window", window)
    seeds, steps = history.loss.shape
    if window > steps:
        raise ValueError(f"window must be at most the number of updates, {steps}, got {window}")
    windows = history.loss[:, : steps // window * window].reshape(seeds, -1, window)
    middles = history.start + (np.arange(steps // window) + 0.5) * window - 0.5
    _middle_half(log_axis(ax), middles, windows.mean(axis=2), **line)
    ax.set(xlabel="update", ylabel="batch loss")
    ax.label_outer()
    return label_end(ax, label)


def _middle_half(ax: Axes, x: np.ndarray, runs: np.ndarray, **line: Any) -> None:
    low, middle, high = np.quantile(runs, [0.25, 0.5, 0.75], axis=0, method="nearest")  # a run may be infinite
    middle[np.isinf(middle)] = np.nan
    [curve] = ax.plot(x, middle, **line)
    ax.fill_between(x, low, high, where=np.isfinite(high), color=curve.get_color(), alpha=0.2, linewidth=0)


def plot_comparison(
    ax: Axes, comparison: Comparison, *, metric: str | None = None, split: str = "train", to: Any = None
) -> Axes:
    """Draw each arm against another: a dot with its paired 95 % interval.

    A loss becomes a ratio, an accuracy a difference.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    comparison : Comparison
        What `compare` returned.
    metric, split, to
        As in `Comparison.table`.

    Returns
    -------
    Axes
        `ax` itself.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no such metric, split or arm.

    Examples
    --------
    >>> from lrsched import SGD, Constant, Quadratic, compare
    >>> fig, ax = figure()
    >>> arms = {rate: (SGD(), Constant(rate)) for rate in (0.1, 0.2)}
    >>> plot_comparison(ax, compare(Quadratic(1.0, noise=0.1), arms, steps=60)).get_xlabel()
    'train loss divided by that of 0.1'
    """
    check_axes(ax)
    _check.instance("comparison", comparison, Comparison, "a Comparison, as `compare` returns it")
    to = comparison._reference(to)
    metric = comparison._metric if metric is None else metric
    _check.instance("metric", metric, str, "the name of a score")
    even, unit, paired = comparison._versus(metric)
    ax.axvline(even, color=PALETTE["grey"], linewidth=1.2)
    for row, name in enumerate(comparison):
        result = paired(name, metric, split, to)
        if np.isfinite(result.mean):
            ax.errorbar(result.mean, row, xerr=result.half_width, fmt="o", color=PALETTE["blue"], capsize=3)
        text = "" if name == to else str(result) if np.isfinite(result.mean) else "diverged"
        ax.annotate(text, (1, row), (5, 0), ax.get_yaxis_transform(), "offset points", va="center")
    rows = len(comparison.histories)
    ax.set(yticks=range(rows), yticklabels=map(str, comparison), ylim=(rows - 0.5, -0.5))
    ax.set(xlabel=f"{split} {metric} {unit} {to}")
    ax.spines.left.set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def plot_range_test(ax: Axes, test: RangeTest, *, rule: str = "steepest", label: str = "", **line: Any) -> Axes:
    """Draw the smoothed loss against the rising rate, as far as half of the seeds hold, and the suggested rate.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    test : RangeTest
        What `range_test` returned.
    rule : str
        What suggests the rate, as in `RangeTest.suggestions`.
    label : str
        What stands at the end of the curve.
    **line
        Goes to Matplotlib's `Axes.plot`.

    Returns
    -------
    Axes
        `ax` itself.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no such rule, or a run diverged before its second update.

    Examples
    --------
    >>> from lrsched import SGD, Digits, range_test
    >>> fig, ax = figure()
    >>> plot_range_test(ax, range_test(Digits(), SGD(), seeds=3)).get_xlabel()
    'learning rate'
    """
    check_axes(ax)
    _check.instance("test", test, RangeTest, "a RangeTest, as `range_test` returns it")
    rate = test.suggest(rule)
    enough = np.isfinite(test.smoothed).mean(axis=0) > 0.5
    smoothed = np.nan_to_num(test.smoothed[:, enough], nan=np.inf)
    _middle_half(log_axis(log_axis(ax), "x"), test.lr[enough], smoothed, **line)
    ax.set(xlabel="learning rate", ylabel="smoothed batch loss")
    label_end(ax, label)
    ax.axvline(rate, color=PALETTE["grey"], linewidth=1.2, linestyle=":")
    at = ax.get_xaxis_transform()
    ax.annotate(f"{rule}: {rate:.2g}", (rate, 1), (4, -4), at, "offset points", va="top")
    return ax
