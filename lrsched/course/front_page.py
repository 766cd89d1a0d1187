"""The demo of the front page: one drop of the rate, and a loss to reach with it."""

from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.valley import BACKGROUND, PEAK_LR, PROBLEM, STEPS, plot_expected_loss
from lrsched.schedules import Constant, PiecewiseConstant, Schedule

GOAL = 0.008


def dropped(drop_at: int) -> Schedule:
    """The peak rate, and from update `drop_at` on a tenth of it."""
    return PiecewiseConstant([PEAK_LR, PEAK_LR / 10], boundaries=[drop_at])


def reaches_goal(drop_at: int) -> bool:
    return PROBLEM.expected_loss(dropped(drop_at), STEPS)[-1] < GOAL


def one_drop(axes: list[Axes], drop_at: int) -> str:
    """The rate above, and below it the expected loss, with that of the small rate all the way."""
    top, bottom = axes
    plotting.plot_schedule(top, dropped(drop_at), STEPS)
    top.set(ylim=(0, 0.115), yticks=[0, 0.05, 0.1])
    plot_expected_loss(bottom, Constant(PEAK_LR / 10), label="", **{**BACKGROUND, "linestyle": ":"})
    bottom.annotate(f"{PEAK_LR / 10:g} all the way", (118, 0.4), color=BACKGROUND["color"], size=12.2)
    bottom.axhline(GOAL, color=BACKGROUND["color"], linestyle="--", linewidth=1.2)
    bottom.annotate(f"goal {GOAL:g}", (4, GOAL * 1.15), size=12.2)
    end = plot_expected_loss(bottom, dropped(drop_at), label="")
    floor = PROBLEM.expected_loss(Constant(PEAK_LR), STEPS)[-1]
    if drop_at >= STEPS:
        return f"One rate all the way: the loss falls fast, then sticks at {end:.2g}."
    ending = f"Dropped at update {drop_at}, the loss ends at {end:.2g}"
    if end < GOAL:
        return f"{ending}: {floor / end:.0f} times below what the constant rate can reach."
    small = PROBLEM.expected_loss(dropped(drop_at + 1), STEPS)[-1] < end
    why = "the small rate has most of the way still to go" if small else "the small rate has too little time to help"
    return f"{ending}, {'too early' if small else 'too late'}: {why}."
