"""The demo of step decay."""

from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.valley import BACKGROUND, PEAK_LR, STEPS, comparison_with_floor, plot_expected_loss
from lrsched.schedules import Constant, StepDecay


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
    result = comparison_with_floor(end, floor)
    return f"Multiplied by {decay_rate:g} every {step_size:g} updates, the rate {result}{early}."
