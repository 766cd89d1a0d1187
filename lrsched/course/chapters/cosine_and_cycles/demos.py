"""The pictures of cosine and cycles: who leads half-way, what restarts cost on the quadratic, how ten times is made."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from lrsched import plotting
from lrsched.course.valley import BACKGROUND, PROBLEM, STEPS
from lrsched.digits import Digits
from lrsched.ideas import INK, PALETTE
from lrsched.interfaces import ScheduleLike
from lrsched.intervals import Interval
from lrsched.optimizers import SGD
from lrsched.schedules import CosineDecay, CosineRestarts
from lrsched.training import train

PEAK_LR = 0.2  # of the quadratic
N = 960  # updates on the digits
NET = {"hidden": (32,), "batch_size": 16}


def half_time(
    schedules: Mapping[str, ScheduleLike], at: Sequence[int], losses: Mapping[str, Sequence[float]], valleys: str
) -> Callable[..., str]:
    """The rates and the loss of two runs up to half-way, and then to the end; each end of a cycle of one is a dot."""
    steps = at[-1]
    places = {}  # so that the labels do not cross

    def draw(axes: list[Axes], complete: bool) -> str:
        top, bottom = axes
        stop = steps if complete else steps // 2
        plotting.log_axis(bottom)
        for name, schedule in schedules.items():
            top.plot(np.arange(stop + 1), np.append(schedule(np.arange(stop)), schedule(stop - 1)))
            seen = np.array(at) <= stop
            bottom.plot(np.where(seen, at, np.nan), np.where(seen, losses[name], np.nan))
            places[name] = losses[name][int(seen.sum()) - 1]
            if name == valleys:
                ends = [i for i, t in enumerate(at) if t % (steps // 4) == 0 and 0 < t <= stop]
                bottom.plot([at[i] for i in ends], [losses[name][i] for i in ends], "o", markersize=6)
        for name, end in places.items():
            bottom.annotate(f"{name} {end:.3f}", (stop, end), (6, 0), textcoords="offset points", va="center")
        if not complete:
            bottom.annotate("?", (0.75 * steps, 0.3), ha="center", va="center", size=18)
        top.set(ylabel="learning rate", ylim=(0, 1.1 * max(schedule(0) for schedule in schedules.values())))
        bottom.set(
            xlabel="update",
            ylabel="excess loss",
            xlim=(0, 1.5 * steps),
            ylim=(0.07, 0.6),
            xticks=range(0, steps + 1, steps // 4),
        )
        top.label_outer()
        ends = " and ".join(f"{name} at {places[name]:.3f}" for name in schedules)
        return f"{'At the end' if complete else 'Half-way'} the excess loss stands with {ends}."

    return draw


def cycles_of(cycles: int, floor: float) -> CosineRestarts:
    """So many equal cosine cycles on the quadratic, each from the peak down to that share of it."""
    return CosineRestarts(PEAK_LR, first_cycle_steps=STEPS / cycles, min_lr=floor * PEAK_LR)


ONE = cycles_of(1, 0)


def restarts(axes: list[Axes], cycles: int, floor: float) -> str:
    """The rates of equal cycles above, and below the expected loss over that of one cosine to zero."""
    top, bottom = axes
    schedule = cycles_of(cycles, floor)
    plotting.plot_schedule(top, ONE, STEPS, **BACKGROUND)
    plotting.plot_schedule(top, schedule, STEPS)
    top.set(ylim=(0, 1.1 * PEAK_LR))
    one, own = (PROBLEM.expected_loss(each, STEPS) for each in (ONE, schedule))
    plotting.log_axis(bottom).plot(one, **BACKGROUND)
    bottom.plot(own)
    bottom.set(xlabel="update", ylabel="expected loss", xlim=(0, STEPS), ylim=(0.005, 1))
    end, half = own[-1] / one[-1], own[STEPS // 2] / one[STEPS // 2]
    down = f"down to {floor:g} of the peak" if floor else "down to zero"
    text = f"{cycles} cycle{'s, each' * (cycles > 1)} {down}: the loss ends at {own[-1]:.4f}, {end:.2f} times that of"
    return f"{text} the grey line; half-way it was {half:.2f} times."


def beats_one(cycles: int, floor: float) -> bool:
    """Whether the setting of the demo ends below one cosine to zero."""
    own, one = (PROBLEM.expected_loss(each, STEPS)[-1] for each in (cycles_of(cycles, floor), ONE))
    return bool(own < 0.995 * one)


def gains(ax: Axes, rows: Mapping[str, Mapping[str, Interval]], rates: Mapping[str, float]) -> Axes:
    """Points of accuracy gained in each row: on test images filled, on training images open."""
    for row, (name, splits) in enumerate(rows.items()):
        for shift, split in ((-0.16, "test"), (0.16, "train")):
            gain = splits[split]
            fill = {} if split == "test" else {"markerfacecolor": "none"}
            ax.errorbar(gain.mean, row + shift, xerr=gain.half_width, fmt="o", color=INK, **fill)
        text = {"xycoords": ("axes fraction", "data"), "va": "center", "ha": "right", "color": PALETTE["orange"]}
        ax.annotate(f"rate {rates[name]:.1f}", (0.99, row), **text)
    ax.axvline(0, color=PALETTE["grey"], linestyle="--", linewidth=1)
    low, high = ax.get_xlim()
    ax.set(
        yticks=range(len(rows)), yticklabels=rows, ylim=(len(rows) - 0.4, -0.6), xlim=(low, high + 0.4 * (high - low))
    )
    ax.set(xlabel="points of accuracy over one cosine")
    ax.tick_params(axis="y", length=0)
    ax.set_title("● test images   ○ training images", loc="left", size=12.2)
    return ax


def speed_ups(ax: Axes, shares: Sequence[float], factors: Sequence[Interval]) -> Axes:
    """How many times as fast one cycle is, over the rate of its rival as a share of the best."""
    plotting.log_axis(plotting.log_axis(ax), "x")
    means = [factor.mean for factor in factors]
    ax.errorbar(shares, means, yerr=[factor.half_width for factor in factors], fmt="o-", markersize=4, color=INK)
    for share, mean in zip(shares, means, strict=True):
        ax.annotate(f"{mean:.1f}", (share, mean), (6, 4), textcoords="offset points")
    ax.axhline(1, color=PALETTE["grey"], linestyle="--", linewidth=1)
    ax.set(xlim=(shares[-1] / 1.2, 1.9), ylim=(0.8, 20), xticks=shares)
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xticklabels(["1", *(f"1/{round(1 / share)}" for share in shares[1:])])
    ax.set(xlabel="rate of the step decay, over its best", ylabel="times as fast")
    return ax


def taught(labels: int) -> Digits:
    """1,000 digits of which a share of 0.3 has a wrong label for good, the same ones for all runs."""
    return Digits(**NET, label_noise=0.3, fresh_noise=False, label_seed=labels, pool_size=1000)


def voters(arm: str, data: Digits, lr: float, seeds: Sequence[int]) -> list[np.ndarray]:
    """The networks that an arm lets vote, each for all seeds; all arms make as many updates."""
    one, cycles = CosineDecay(lr, decay_steps=N), CosineRestarts(lr, first_cycle_steps=N // 4)
    schedule, steps, runs, places = {
        "one cosine": (one, N, 1, [N]),
        "last valley": (cycles, N, 1, [N]),
        "four snapshots": (cycles, N, 1, [N // 4, N // 2, 3 * N // 4, N]),
        "four short runs": (CosineDecay(lr, decay_steps=N // 4), N // 4, 4, [N // 4]),
    }[arm]
    # All runs as one batch, which is faster, and then apart again.
    every = [seed + 1000 * run for run in range(runs) for seed in seeds]
    history = train(data, SGD(), schedule, steps=steps, seeds=every, keep=places)
    return [voter for t in places for voter in np.split(history.at(t), runs)]


def updates_needed(losses: np.ndarray, budgets: Sequence[int], reached: np.ndarray) -> np.ndarray:
    """After how many updates a method is as low as `losses`, from what it `reached` with each budget, seed by seed."""
    pairs = zip(losses, np.transpose(reached), strict=True)
    return np.array([np.exp(np.interp(-loss, -own, np.log(budgets))) for loss, own in pairs])
