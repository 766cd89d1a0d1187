"""The demo of the peak rate."""

from functools import cache

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.valley import BACKGROUND, PROBLEM, STEPS
from lrsched.schedules import Constant, Schedule, warmup_stable_decay

# From 2 / 5 on the steepest direction diverges.
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
