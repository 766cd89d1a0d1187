"""The chapters' demos: functions that draw one setting and say in a sentence what is seen.

    explore(demos.step_decay, {"decay_rate": [0.1, 0.5, 0.9], "step_size": [10, 50]}, title="...", panels=2)

All expected losses are exact, on one noisy quadratic.
"""

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.problems import Quadratic
from lrsched.schedules import Constant, PiecewiseConstant, Schedule, StepDecay

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


def one_drop(ax: Axes, drop_at: int) -> str:
    """One drop of the rate to a tenth, against the large and the small rate throughout."""
    large, small = PEAK_LR, PEAK_LR / 10
    schedule = PiecewiseConstant([large, small], boundaries=[drop_at])
    end = plot_expected_loss(ax, schedule, label=f"{large:g}, then {small:g}")
    floor = plot_expected_loss(ax, Constant(large), label=f"{large:g} throughout", **BACKGROUND)
    plot_expected_loss(ax, Constant(small), label=f"{small:g} throughout", **{**BACKGROUND, "linestyle": ":"})
    return f"Dropping the rate from {large:g} to {small:g} at update {drop_at} {left_at(end, floor)}."
