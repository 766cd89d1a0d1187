"""What several demos share: one noisy quadratic whose expected loss is exact, and how it is drawn."""

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.problems import Quadratic
from lrsched.schedules import Schedule

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


def comparison_with_floor(end: float, floor: float) -> str:
    """Say where the loss ends and how far that is from the floor of the constant rate."""
    times = max(end / floor, floor / end)
    how_far = "at" if times < 1.05 else f"{times:.1f} times {'below' if end < floor else 'above'}"
    return f"leaves the loss at {end:#.2g}, {how_far} the floor of the constant rate"
