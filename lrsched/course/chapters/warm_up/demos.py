"""The pictures of warm-up: who waits and who rises, which settings survive, and how the rate makes its own room."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrsched import plotting
from lrsched.curvature import Curvature
from lrsched.ideas import PALETTE
from lrsched.training import Comparison, History

GREY = PALETTE["grey"]
TOP = 30  # where the picture of a loss is cut off: it started near 11


def ends_and_lost(run: History) -> tuple[np.ndarray, np.ndarray]:
    """The loss at which each run ends, and whether it is higher than at the start, ``(seeds,)``."""
    end = run.evaluate()["loss"]
    return end, ~(end < run.loss[:, 0])


def lost(run: History) -> np.ndarray:
    """Whether each run ends at a higher loss than it began with, ``(seeds,)``."""
    return ends_and_lost(run)[1]


def inside(loss: np.ndarray, top: float = TOP) -> np.ndarray:
    """The median of the runs' losses, up to where it leaves the picture."""
    middle = np.median(loss, axis=0)
    return np.where(np.logical_or.accumulate(middle > top), np.nan, middle)


def three_starts(runs: Comparison, puzzle: str, until: int) -> Callable[..., str]:
    """The rates of all arms above and their losses below; that of `puzzle` at first only up to update `until`."""

    def draw(axes: list[Axes], complete: bool) -> str:
        top, bottom = axes
        for name in runs:
            top.plot(runs[name].lr, drawstyle="steps-post")
            loss = inside(runs[name].loss)
            if name == puzzle and not complete:
                loss[until:] = np.nan
                bottom.annotate("?", (until + 28, 1.6), ha="center", va="center", size=16)
            plotting.log_axis(bottom).plot(loss)
            plotting.label_end(bottom, name)
        steps = len(runs[puzzle].lr)
        top.set(ylabel="learning rate", ylim=(0, 0.44), xlim=(0, steps))
        bottom.set(xlabel="update", ylabel="batch loss", ylim=(0.07, TOP))
        before = "At once, the loss leaves the picture; along a line and while waiting, it falls"
        return f"{before}. After the wait it leaves the picture too." if complete else f"{before}."

    return draw


def staircase(tried: Comparison) -> Callable[..., str]:
    """The map of all settings, by how many of their runs are lost; below, the loss of one setting."""
    lengths, rates = (sorted(set(values)) for values in zip(*tried, strict=True))
    counts, ends = counts_and_ends(tried)
    seeds, steps = tried[next(iter(tried))].loss.shape
    cold = min(ends[setting] for setting in tried if setting[0] == 0 and not counts[setting])
    kinds = {"o": [], "+": [], "x": []}
    for (length, rate), count in counts.items():
        kinds["o" if count == 0 else "x" if count == seeds else "+"].append((lengths.index(length), rates.index(rate)))

    def draw(axes: list[Axes], length: int, rate: float) -> str:
        top, bottom = axes
        for marker, places in kinds.items():
            colour, size = (PALETTE["blue"], 5) if marker == "o" else (GREY, 6)
            top.plot(*np.transpose(places), marker, linestyle="none", color=colour, markersize=size)
        ring = {"markersize": 15, "markerfacecolor": "none", "color": PALETTE["orange"], "markeredgewidth": 2}
        top.plot(lengths.index(length), rates.index(rate), "o", linestyle="none", **ring)
        top.set(xlim=(-0.6, len(lengths) - 0.4), ylim=(-0.7, len(rates) - 0.3), ylabel="learning rate")
        top.set(xlabel="length of the warm-up")
        top.set_xticks(range(len(lengths)), labels=[f"{one:g}" for one in lengths])
        top.set_yticks(range(len(rates)), labels=[f"{one:g}" for one in rates])
        plotting.log_axis(bottom).plot(inside(tried[length, rate].loss))
        bottom.axhline(cold, color=GREY, linestyle="--", linewidth=1.2)
        bottom.annotate("best cold end", (steps - 2, cold), (0, 4), textcoords="offset points", ha="right", size=12.2)
        bottom.set(xlabel="update", ylabel="batch loss", xlim=(0, steps), ylim=(0.05, TOP))
        start = f"With {length:g} updates of warm-up to {rate:g}" if length else f"With {rate:g} at once"
        count = counts[length, rate]
        if count:
            return f"{start} {f'all {seeds}' if count == seeds else f'{count} of {seeds}'} runs are lost."
        return f"{start} no run is lost, and the loss ends at {ends[length, rate]:.3f}."

    return draw


def ends_below(tried: Comparison, goal: float) -> Callable[..., bool]:
    """Whether a setting loses no run and its loss ends below the goal."""
    counts, ends = counts_and_ends(tried)
    return lambda length, rate: not counts[length, rate] and ends[length, rate] < goal


@lru_cache(maxsize=1)  # the demo and its goal ask for the same
def counts_and_ends(tried: Comparison) -> tuple[dict, dict]:
    """How many runs of each setting are lost, and the median of their losses at the end."""
    both = {setting: ends_and_lost(run) for setting, run in tried.histories.items()}
    counts = {setting: int(gone.sum()) for setting, (_, gone) in both.items()}
    return counts, {setting: float(np.median(end)) for setting, (end, _) in both.items()}


def room(followed: Mapping[str, Curvature]) -> tuple[Figure, dict[str, np.ndarray]]:
    """The rate against the threshold, 2 / sharpness, one panel a run; and each run's rate over its threshold."""
    fig, axes = plotting.figure(panels=len(followed), heights=[0.8] * len(followed))
    ratios = {}
    for ax, (name, run) in zip(axes, followed.items(), strict=True):
        ratio = np.median(run.lr[run.times] * run.sharpness / 2, axis=0)
        gone = np.flatnonzero(~(ratio < 3)) if name.startswith("wait") else []
        stop = gone[0] + 1 if len(gone) else len(ratio)
        times, threshold = run.times[:stop], np.median(2 / run.sharpness, axis=0)[:stop]
        ax.fill_between(times, threshold, color=PALETTE["green"], alpha=0.2, linewidth=0)
        ax.plot(times, threshold, color=PALETTE["green"], linestyle="-")
        shown = run.lr[: times[-1] + 1]
        ax.plot(np.append(shown, shown[-1]), color=PALETTE["orange"], linestyle="-", drawstyle="steps-post")
        if len(gone):
            ax.plot(times[-1], shown[-1], "x", color=PALETTE["orange"], markersize=9, markeredgewidth=2)
            ax.annotate("lost", (times[-1], shown[-1]), (9, 0), textcoords="offset points", va="center", size=12.2)
        ax.annotate(name, (0.02, 0.97), xycoords="axes fraction", va="top", size=12.2)
        ax.set(ylim=(0, 0.62), xlim=(0, len(run.lr)), ylabel="rate", yticks=[0, 0.2, 0.4])
        ratios[name] = ratio
    axes[0].annotate("room", (150, 0.17), ha="center", color=PALETTE["green"], size=12.2)
    axes[-1].set(xlabel="update")
    return fig, ratios


def lengths_and_shapes(runs: Mapping[tuple[str, int], History]) -> tuple[Figure, dict[str, int]]:
    """How many runs are lost, and where the others end if they are at least half: along lines, and other shapes."""
    fig, (top, bottom) = plotting.figure(panels=2, heights=[0.9, 0.9])
    counts, ends = {}, {}
    for setting, run in runs.items():
        end, gone = ends_and_lost(run)
        counts[setting] = int(gone.sum())
        ends[setting] = np.nan if 2 * counts[setting] > len(gone) else float(np.median(end[~gone]))
    line = [setting for setting in runs if setting[0] == "line"]
    at = [length for _, length in line]
    for ax, values in ((plotting.log_axis(top, "x"), counts), (bottom, ends)):
        ax.plot(at, [values[setting] for setting in line], "o-", markersize=4)
        for (shape, length), value in values.items():
            if shape != "line":
                ax.plot(length, value, "D", linestyle="none", color=GREY, markersize=5)
                if ax is top and value:
                    ax.annotate(shape, (length, value), (8, 0), textcoords="offset points", va="center", size=12.2)
    seeds = len(next(iter(runs.values())).seeds)
    top.set(ylabel=f"runs lost of {seeds}", ylim=(-1, seeds + 1), yticks=range(0, seeds + 1, 2))
    bottom.set(xlabel="length of the warm-up", ylabel="loss of the others", xlim=(27, 170))
    bottom.set_xticks(at, labels=[f"{length}" for length in at])
    bottom.minorticks_off()
    return fig, {f"{shape} of {length}": count for (shape, length), count in counts.items()}
