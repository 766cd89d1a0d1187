"""The demo of the front page."""

from matplotlib.axes import Axes

from lrsched.course.valley import BACKGROUND, PEAK_LR, comparison_with_floor, plot_expected_loss
from lrsched.schedules import Constant, PiecewiseConstant


def one_drop(ax: Axes, drop_at: int) -> str:
    """One drop of the rate to a tenth, against the large and the small rate throughout."""
    large, small = PEAK_LR, PEAK_LR / 10
    schedule = PiecewiseConstant([large, small], boundaries=[drop_at])
    end = plot_expected_loss(ax, schedule, label=f"{large:g}, then {small:g}")
    floor = plot_expected_loss(ax, Constant(large), label=f"{large:g} throughout", **BACKGROUND)
    plot_expected_loss(ax, Constant(small), label=f"{small:g} throughout", **{**BACKGROUND, "linestyle": ":"})
    return f"Dropping the rate from {large:g} to {small:g} at update {drop_at} {comparison_with_floor(end, floor)}."
