"""The chapters' demos: functions that draw one setting and say in a sentence what is seen.

    explore(demos.step_decay, {"decay_rate": [0.1, 0.5, 0.9], "step_size": [10, 50]}, title="...", panels=2)

Expected losses are exact, on one noisy quadratic.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from lrsched import optimizers, plotting
from lrsched.optimizers import SGD
from lrsched.problems import Quadratic
from lrsched.schedules import (
    Constant,
    ExponentialDecay,
    PiecewiseConstant,
    Schedule,
    StepDecay,
    warmup_stable_decay,
)
from lrsched.training import train

PEAK_LR = 0.1
STEPS = 200
# Eight directions from flat to steep, and noise in the gradient: a constant rate soon reaches its floor.
PROBLEM = Quadratic(np.geomspace(0.5, 5, 8), noise=0.5)

BACKGROUND = {"color": plotting.PALETTE["grey"], "linewidth": 1.2, "zorder": 1, "linestyle": "-"}


def plot_expected_loss(ax: Axes, schedule: Schedule, *, label: str, **line: object) -> float:
    """Draw the expected loss on `PROBLEM` under `schedule`; return where it ends."""
    loss = PROBLEM.expected_loss(schedule, STEPS)
    plotting.log_axis(ax).plot(loss, **line)
    ax.set(xlabel="update", ylabel="expected loss", xlim=(0, STEPS), ylim=(0.005, 10))
    plotting.label_end(ax, label)
    return loss[-1]


def left_at(end: float, floor: float) -> str:
    """Say where the loss ends and how far that is from the floor of the constant rate."""
    times = max(end / floor, floor / end)
    how_far = "at" if times < 1.05 else f"{times:.1f} times {'below' if end < floor else 'above'}"
    return f"leaves the loss at {end:#.2g}, {how_far} the floor of the constant rate"


def step_decay(axes: list[Axes], decay_rate: float, step_size: float) -> str:
    """Step decay above, and below it what the expected loss on a noisy quadratic does."""
    top, bottom = axes
    schedule, constant = StepDecay(PEAK_LR, decay_rate=decay_rate, step_size=step_size), Constant(PEAK_LR)
    plotting.plot_schedule(top, schedule, STEPS, label="step decay")
    plotting.plot_schedule(top, constant, STEPS, label="constant", **BACKGROUND)
    top.set(ylim=(0, 1.1 * PEAK_LR))
    end = plot_expected_loss(bottom, schedule, label="step decay")
    floor = plot_expected_loss(bottom, constant, label="constant", **BACKGROUND)
    early = ": it fell too early" if end > 1.05 * floor else ""
    return f"Multiplied by {decay_rate:g} every {step_size:g} updates, the rate {left_at(end, floor)}{early}."


def exponential_decay(axes: list[Axes], decay_rate: float, peak_lr: float) -> str:
    """Exponential decay on a plain and on a logarithmic axis, and below them the expected loss."""
    top, middle, bottom = axes
    period = 20
    schedule = ExponentialDecay(peak_lr, decay_rate=decay_rate, step_size=period)
    stairs = StepDecay(peak_lr, decay_rate=decay_rate, step_size=period)
    for ax, label in (top, "step decay"), (plotting.log_axis(middle), ""):
        plotting.plot_schedule(ax, stairs, STEPS, label=label, **BACKGROUND)
        plotting.plot_schedule(ax, schedule, STEPS, label=label and "exponential")
    top.set(ylim=(0, 0.4))
    middle.set(ylim=(1e-4, 1))
    end = plot_expected_loss(bottom, schedule, label="exponential")
    floor = plot_expected_loss(bottom, Constant(peak_lr), label="constant", **BACKGROUND)
    worth = schedule(np.arange(STEPS)).sum() / peak_lr
    return (
        f"The rate is multiplied by {decay_rate:g} over every {period} updates, so that {STEPS} updates are worth "
        f"{worth:.0f} at the first rate; that {left_at(end, floor)}."
    )


def one_drop(ax: Axes, drop_at: int) -> str:
    """One drop of the rate to a tenth, against the large and the small rate throughout."""
    large, small = PEAK_LR, PEAK_LR / 10
    schedule = PiecewiseConstant([large, small], boundaries=[drop_at])
    end = plot_expected_loss(ax, schedule, label=f"{large:g}, then {small:g}")
    floor = plot_expected_loss(ax, Constant(large), label=f"{large:g} throughout", **BACKGROUND)
    plot_expected_loss(ax, Constant(small), label=f"{small:g} throughout", **{**BACKGROUND, "linestyle": ":"})
    return f"Dropping the rate from {large:g} to {small:g} at update {drop_at} {left_at(end, floor)}."


def noise_floor(ax: Axes, rate: float, batch_size: int) -> str:
    """One run from afar (grey), the expected loss from afar and from the best weights, and their floor (dotted)."""
    far = replace(PROBLEM, noise=PROBLEM.noise / np.sqrt(batch_size))
    floor = sum(rate * far.noise**2 / (2 * (2 - rate * curvature)) for curvature in far.curvatures)
    one_run = train(far, SGD(), Constant(rate), steps=STEPS, seeds=1).loss[0, ::2]
    plotting.log_axis(ax).plot(range(0, STEPS, 2), one_run, **BACKGROUND | {"linewidth": 0.8})
    ax.axhline(floor, **BACKGROUND | {"linestyle": ":"})
    from_afar = far.expected_loss(Constant(rate), STEPS)
    ax.plot(from_afar)
    plotting.label_end(ax, "from afar")
    ax.plot(range(1, STEPS + 1), replace(far, start=0.0).expected_loss(Constant(rate), STEPS)[1:])
    plotting.label_end(ax, "from the bottom")
    ax.set(xlabel="update", ylabel="loss", xlim=(0, STEPS), ylim=(3e-5, 30))
    times = from_afar[-1] / floor
    reached = "both runs end on it" if times < 1.05 else f"the run from afar still ends {times:.1f} times above it"
    return f"With rate {rate:g} and batch size {batch_size} the floor is {floor:#.2g}; {reached}."


# A ravine: 25 times as steep across as along.
RAVINE = Quadratic([1, 25], start=[-4, 1])
UPDATES = 50


def learning_rate(axes: list[Axes], rate: float, momentum: float) -> str:
    """The path through a ravine, seen from above, and below it the loss."""
    top, bottom = axes
    turn = np.linspace(0, 2 * np.pi, 60)
    for height in (0.5, 2, 6, 12):
        along, across = np.sqrt(2 * height / np.array(RAVINE.curvatures))
        top.plot(along * np.cos(turn), across * np.sin(turn), **BACKGROUND | {"linewidth": 0.6})
    path = down_the_ravine(rate, momentum)
    top.plot(*path.clip(-50, 50).T, linewidth=1.2)  # cut where nobody sees it
    top.plot(*RAVINE.start, "o")
    top.set(xlim=(-5.5, 5.5), ylim=(-1.6, 1.6), xlabel="along the ravine", ylabel="across")
    slow = RAVINE.loss(down_the_ravine(0.01, 0))
    loss = RAVINE.loss(path).clip(1e-6, 1e6)
    plotting.log_axis(bottom).plot(slow, **BACKGROUND)
    plotting.label_end(bottom, "rate 0.01")
    bottom.plot(loss)
    bottom.set(xlim=(0, UPDATES), ylim=(1e-3, 1e3), xlabel="update", ylabel="loss")

    limit = 2 * (1 + momentum) / max(RAVINE.curvatures)
    set_to = f"Rate {rate:g} with momentum {momentum:g}"
    if rate > limit:
        return f"{set_to} is above the limit of {limit:.3g}: the path swings further out at every crossing."
    side = path[abs(path[:, 1]) > 0.001, 1] > 0
    crossings = np.count_nonzero(side[1:] != side[:-1])
    often = "once" if crossings == 1 else f"{crossings} times" if crossings else "nowhere"
    end = f"at {loss[-1]:.1g}" if loss[-1] > 1e-3 else "below 0.001"
    return f"{set_to} is below the limit of {limit:.3g}: the path crosses over {often}, and the loss ends {end}."


@cache
def down_the_ravine(rate: float, momentum: float) -> np.ndarray:
    """Where gradient descent stands before each update and after the last, ``(UPDATES + 1, 2)``."""
    optimizer = SGD(momentum=momentum)
    return train(RAVINE, optimizer, Constant(rate), steps=UPDATES, seeds=1, record=["path"]).path[0]


# Chapter 5: the ravine of chapter 1 steeper, and turned against the axes. SGD does not notice the turn.
TURNED_CURVATURES = np.array([1.0, 100.0])
TURNED_START = np.array([-4.0, 0.8])


def turned_ravine(ax: Axes, optimizer: str, learning_rate: float, tilt: float) -> str:
    """The path of an adaptive method through a ravine at an angle to the axes, over that of SGD."""
    for length in (1.5, 3, 5):
        line = {"color": BACKGROUND["color"], "linewidth": 0.6}
        ax.add_patch(Ellipse((0, 0), 2 * length, length / 5, angle=tilt, fill=False, **line))
    best = min(np.linspace(0.01, 0.02, 21), key=lambda lr: turned_run("SGD", lr, tilt)[1])
    ends = {}
    for name, lr, line in [("SGD", best, BACKGROUND), (optimizer, learning_rate, {"linewidth": 1.6})]:
        path, ends[name, lr] = turned_run(name, lr, tilt)
        ax.plot(*path.clip(-50, 50).T, **line)  # cut where nobody sees it
        plotting.label_end(ax, name)
    ax.set(xlabel="first weight", ylabel="second weight", xlim=(-6.4, 6.4), ylim=(-3.3, 3.3))
    floor, end = ends.values()
    times = max(floor / end, end / floor)
    how_far = f"{times:.0f} times" if 10 <= times < 1e4 else f"{times:.1f} times" if times < 10 else "far"
    return (
        f"After {UPDATES} updates {optimizer} at rate {learning_rate:g} is at loss {end:.2g}, "
        f"{how_far} {'above' if end > floor else 'below'} SGD at its best rate."
    )


@cache
def turned_run(optimizer: str, learning_rate: float, tilt: float) -> tuple[np.ndarray, float]:
    """Its path, and the loss at the end."""
    cos, sin = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    turn = np.array([[cos, -sin], [sin, cos]])
    hessian = turn * TURNED_CURVATURES @ turn.T
    method = getattr(optimizers, optimizer)()
    params = (turn @ TURNED_START)[None]
    state, path = method.init(params), [params[0].copy()]
    for _ in range(UPDATES):
        method.update(params, params @ hessian, state, learning_rate)
        path.append(params[0].copy())
    return np.array(path), path[-1] @ hessian @ path[-1] / 2


# Chapter 6: where a run ends, against its peak rate. From 2 / 5 on the steepest direction diverges.
PEAK_LRS = np.geomspace(0.008, 0.4, 49)


def peak_rate(axes: list[Axes], decaying: int, peak_lr: float) -> str:
    """A schedule that keeps its peak and then falls to 0, and below it the final loss against the peak rate."""
    top, bottom = axes
    plotting.plot_schedule(top, kept_then_down(decaying, peak_lr), STEPS)
    top.set(xlabel="update", xlim=(0, STEPS), ylim=(0, 0.45))
    top.tick_params(labelbottom=True)
    ends, constant = final_losses(decaying), final_losses(0)
    for losses, label, line in (constant, "constant", BACKGROUND), (ends, f"{decaying} % decays", {}):
        plotting.log_axis(plotting.log_axis(bottom), "x").plot(PEAK_LRS, np.where(losses < 2, losses, np.nan), **line)
        plotting.label_end(bottom, label)
    end = PROBLEM.expected_loss(kept_then_down(decaying, peak_lr), STEPS)[-1]
    bottom.plot(peak_lr, min(end, 2), "o")
    bottom.set(xlabel="peak rate", ylabel="final loss", xlim=(0.008, 0.4), ylim=(0.005, 2))
    best = PEAK_LRS[ends.argmin()]
    side = f"{max(peak_lr / best, best / peak_lr):.1f} times too {'high' if peak_lr > best else 'low'}"
    place = "about right" if 0.9 < peak_lr / best < 1.1 else side
    times = f"{end / constant.min():.2f}" if end < 10 * constant.min() else "more than 10"
    return (
        f"For this schedule a peak rate of {peak_lr:g} is {place}, and the run ends at {times} times the loss of the "
        f"best constant rate."
    )


def kept_then_down(decaying: int, peak_lr: float) -> Schedule:
    """The peak rate, and over the last `decaying` percent of the run a line to 0."""
    if not decaying:
        return Constant(peak_lr)
    steps = {"total_steps": STEPS, "warmup_steps": 0, "decay_steps": STEPS * decaying / 100}
    return warmup_stable_decay(peak_lr, **steps, shape="linear")


@cache
def final_losses(decaying: int) -> np.ndarray:
    """Where the runs with `PEAK_LRS` end."""
    return np.array([PROBLEM.expected_loss(kept_then_down(decaying, lr), STEPS)[-1] for lr in PEAK_LRS])
