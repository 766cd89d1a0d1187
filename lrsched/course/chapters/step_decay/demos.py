"""The puzzle and the demo of step decay: one bowl, its loss on two cliffs, and the cloud of its weights."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.valley import BACKGROUND, comparison_with_floor
from lrsched.ideas import PALETTE
from lrsched.problems import Quadratic
from lrsched.schedules import Constant, StepDecay
from lrsched.training import History

# Steep enough in both directions for the loss to land on each floor within a few updates.
BOWL = Quadratic([2, 6], noise=1, start=(20, 6))
PEAK_LR, STEPS = 0.2, 300
SCHEDULE = StepDecay(PEAK_LR, decay_rate=0.2, step_size=100)


def mean_squares(lr: float) -> np.ndarray:
    """The mean square of each weight at rest: the noise floor, solved for the weight instead of the loss."""
    curvatures = np.array(BOWL.curvatures)
    return lr * BOWL.noise**2 / (curvatures * (2 - lr * curvatures))


def runs_in_oval(weights: np.ndarray, lr: float) -> int:
    """How many runs lie in the oval that should hold 95 % of them at the rate `lr`."""
    return int(np.sum((weights**2 / mean_squares(lr)).sum(axis=1) <= -2 * np.log(0.05)))


def cliffs(runs: History) -> Callable[..., str]:
    """The clouds of weights before each cliff and at the end, in the ovals predicted for them; below, the loss."""
    wide = 80  # updates that a weight of 1 is drawn wide, so that the clouds stand above their stretch of the loss
    turn = np.linspace(0, 2 * np.pi, 60)

    def draw(axes: list[Axes], complete: bool) -> str:
        top, bottom = axes
        for end in (100, 200, 300):
            lr = SCHEDULE(end - 1)
            if end > 100 and not complete:
                top.annotate("?", (end - 50, 0), ha="center", va="center", size=18)
                continue
            x, y = runs.path[:, end].T
            across, along = np.sqrt(-2 * np.log(0.05) * mean_squares(lr))
            top.plot(end - 50 + wide * x, y, "o", markersize=2.2, linestyle="none", color=PALETTE["purple"])
            top.plot(end - 50 + wide * across * np.cos(turn), along * np.sin(turn), **BACKGROUND | {"zorder": 3})
            bottom.plot([end - 100, end], [BOWL.loss(np.sqrt(mean_squares(lr)))] * 2, **BACKGROUND | {"linestyle": ":"})
            text = f"rate {lr:.3g}" if complete else ""
            top.annotate(text, (end - 50, 0.75), ha="center", va="bottom", color=PALETTE["orange"])
        top.set(ylim=(-0.75, 1), yticks=[-0.5, 0, 0.5], ylabel="two weights")
        loss = BOWL.expected_loss(SCHEDULE, STEPS)
        plotting.log_axis(bottom).plot(np.where(loss < 3, loss, np.nan))
        bottom.set(xlim=(-8, STEPS), ylim=(0.003, 3), xlabel="update", ylabel="expected loss")
        top.label_outer()
        if not complete:
            return "The loss falls, lies flat, and falls off a cliff at 100 and at 200; at 100 the weights are a cloud."
        return "At each cliff the cloud of weights shrinks where it is, into the oval that was predicted for it."

    return draw


def step_decay(axes: list[Axes], decay_rate: float, step_size: float) -> str:
    """Step decay above, and below it what the expected loss in the bowl of the puzzle does."""
    top, bottom = axes
    schedule, constant = StepDecay(PEAK_LR, decay_rate=decay_rate, step_size=step_size), Constant(PEAK_LR)
    plotting.plot_schedule(top, schedule, STEPS, label="step decay")
    plotting.plot_schedule(top, constant, STEPS, label="constant", **BACKGROUND)
    top.set(ylim=(0, 1.1 * PEAK_LR))
    loss, floor = (BOWL.expected_loss(rates, STEPS) for rates in (schedule, constant))
    plotting.log_axis(bottom).plot(loss)
    plotting.label_end(bottom, "step decay")
    bottom.plot(floor, **BACKGROUND)
    plotting.label_end(bottom, "constant")
    bottom.set(xlabel="update", ylabel="expected loss", xlim=(0, STEPS), ylim=(0.001, 1000))
    early = ": it fell too early" if loss[-1] > 1.05 * floor[-1] else ""
    result = comparison_with_floor(loss[-1], floor[-1])
    return f"Multiplied by {decay_rate:g} every {step_size:g} updates, the rate {result}{early}."


GOAL = 0.0022


def reaches_goal(decay_rate: float, step_size: float) -> bool:
    """Whether the setting of the demo ends under `GOAL`."""
    return bool(BOWL.expected_loss(StepDecay(PEAK_LR, decay_rate=decay_rate, step_size=step_size), STEPS)[-1] < GOAL)
