"""The pictures of the range test: two that look alike, and what each suggests to runs that are eight times as long."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.ideas import PALETTE
from lrsched.lr_range import RULES, RangeTest
from lrsched.training import Comparison, Tuned

RATES = (0.006, 10.0)
NAMES = {"clean": "clean labels", "noisy": "noisy labels"}


def look_alike(tests: Mapping[str, RangeTest], best: Mapping[str, float]) -> Callable[..., str]:
    """The losses of the range tests of both tasks with their minima; and then the best constant rates."""

    def draw(ax: Axes, complete: bool) -> str:
        plotting.log_axis(ax, "x")
        for task, test in tests.items():
            curve = middle(test)
            ax.plot(test.lr[: len(curve)], curve)
            plotting.label_end(ax, NAMES[task])
            low = test.suggest("minimum")
            ax.plot(low, at(low, test.lr, curve), "o", color=PALETTE["blue"], markersize=7)
            if complete:
                ax.axvline(best[task], color=PALETTE["orange"], linestyle="-" if task == "clean" else "--")
                side = {"ha": "right" if task == "noisy" else "left", "va": "top", "color": PALETTE["orange"]}
                shift = (-5 if task == "noisy" else 5, -2)
                text = f"{task}: {best[task]:.2g}"
                ax.annotate(text, (best[task], 0.99), shift, ("data", "axes fraction"), "offset points", **side)
        ax.set(xlim=RATES, ylim=(0, 3.9), xlabel="learning rate", ylabel="batch loss")
        lows = {task: f"{test.suggest('minimum'):.1f}" for task, test in tests.items()}
        text = f"Both losses fall, and turn at nearly the same rate: {lows['clean']} and {lows['noisy']} (dots)"
        known = ", ".join(f"{rate:.2g} with {NAMES[task]}" for task, rate in best.items())
        return f"{text}; the best constant rates are {known}." if complete else f"{text}."

    return draw


def suggestion(tests: Mapping[tuple[str, int], RangeTest], runs: Mapping[tuple[str, str], Tuned]) -> Callable[..., str]:
    """A range test with what a rule suggests; below it, where whole runs end at each rate."""

    def draw(axes: list[Axes], labels: str, ramp: int, rule: str) -> str:
        top, bottom = axes
        test = tests[labels, ramp]
        curve, rate = middle(test), test.suggest(rule)
        plotting.log_axis(top, "x")
        some = np.unique(np.linspace(0, len(curve) - 1, 100).astype(int))
        top.plot(test.lr[some], curve[some])
        top.set(xlim=RATES, ylim=(0, 3.4), ylabel="batch loss of the ramp")
        plotting.log_axis(bottom)
        costs = {}
        for schedule in ("constant", "linear"):
            tuned = runs[labels, schedule]
            loss = ratios(tuned)
            bottom.plot(tuned.peak_lrs, loss)
            costs[schedule] = at(rate, tuned.peak_lrs, loss) if rate <= tuned.peak_lrs[-1] else None
        left = {name: ratios(runs[labels, name])[0] for name in costs}
        shift = 7 if left["linear"] >= left["constant"] else -7  # where both begin alike, the names still stand apart
        for name, up in (("linear", shift), ("constant", -shift)):
            place = {"textcoords": "offset points", "ha": "right", "va": "center", "size": 12.2}
            bottom.annotate(name, (runs[labels, name].peak_lrs[0], left[name]), (-4, up), **place)
        bottom.set(xlim=RATES, ylim=(0.9, 200), xlabel="learning rate", ylabel="final loss / lowest")
        for ax in axes:
            ax.axvline(rate, color=PALETTE["orange"])
        return (
            f"In {ramp} updates on {labels} labels, “{rule}” suggests {rate:.2g}. There a constant rate ends "
            f"{times(costs['constant'])} and a linear decay {times(costs['linear'])}."
        )

    return draw


def times(ratio: float | None) -> str:
    """How far above the lowest loss a run ends; None where the rate is higher than any that was tried."""
    if ratio is None:
        return "beyond the cliff"
    return f"at {ratio:.2f} times its lowest loss" if ratio < 10 else f"more than {ratio // 10 * 10:.0f} times as high"


def serves_both(
    task: str, tests: Mapping[tuple[str, int], RangeTest], runs: Mapping[tuple[str, str], Tuned], limit: float
) -> Callable[..., bool]:
    """Whether a suggestion on `task` leaves constant rate and linear decay within `limit` times their lowest loss."""

    def reached(labels: str, ramp: int, rule: str) -> bool:
        rate = tests[labels, ramp].suggest(rule)
        both = (runs[labels, schedule] for schedule in ("constant", "linear"))
        return labels == task and all(at(rate, tuned.peak_lrs, ratios(tuned)) <= limit for tuned in both)

    return reached


def one_seed_each(comparison: Comparison, arms: Iterable[str]) -> tuple[float, float]:
    """What it costs to run each of `arms` with one seed and to take the lowest: the mean and the worst over the seeds.

    The choice of each seed is judged by the others, whose loss is divided by that of the first arm.
    """
    scores = comparison.scores()
    tried = np.array([scores[name] for name in arms])
    own = scores[next(iter(comparison))]
    costs = []
    for seed, choice in enumerate(tried.argmin(axis=0)):
        others = np.arange(tried.shape[1]) != seed
        costs.append((tried[choice] / own)[others].mean())
    return float(np.mean(costs)), max(costs)


def middle(test: RangeTest) -> np.ndarray:
    """The median over the seeds, up to where the first of them is lost."""
    return np.median(test.smoothed[:, : int(np.isfinite(test.smoothed).sum(axis=1).min())], axis=0)


def ratios(tuned: Tuned) -> np.ndarray:
    """The mean loss at each rate, over the lowest."""
    loss = tuned.scores.mean(axis=1)
    return loss / loss.min()


def at(rate: float, rates: np.ndarray, values: np.ndarray) -> float:
    """What a curve says at `rate`, on logarithmic axes."""
    known = np.asarray(rates)[: len(values)]
    return float(np.exp(np.interp(np.log(rate), np.log(known), np.log(values))))


ALL_RULES = list(RULES)
