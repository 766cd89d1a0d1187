"""The demo of exponential decay."""

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.valley import BACKGROUND, STEPS, comparison_with_floor, plot_expected_loss
from lrsched.schedules import Constant, ExponentialDecay, StepDecay


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
        f"{worth:.0f} at the first rate; that {comparison_with_floor(end, floor)}."
    )
