"""The pictures of exponential decay: how far it comes, and what that leaves of the loss."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.valley import BACKGROUND, PROBLEM, STEPS, comparison_with_floor, plot_expected_loss
from lrsched.ideas import PALETTE
from lrsched.problems import Quadratic
from lrsched.schedules import Constant, ExponentialDecay, Schedule, StepDecay


def way(schedule: Schedule, steps: int) -> np.ndarray:
    """How far each update has come, in updates at the first rate; 0 before the first."""
    return np.append(0, np.cumsum(schedule(np.arange(steps)))) / schedule(0)


def eternity(schedule: Schedule, seen: int, updates: int) -> Callable[..., str]:
    """The expected loss over the way: of the updates that are `seen`, and then of all `updates`, up to the wall."""

    def draw(ax: Axes, complete: bool) -> str:
        far = 40
        last = updates if complete else seen
        at, loss = way(schedule, updates), PROBLEM.expected_loss(schedule, updates)
        plotting.log_axis(ax).plot(PROBLEM.expected_loss(Constant(schedule(0)), far), **BACKGROUND)
        ax.annotate("constant rate", (far, loss[-1] / 2), (0, 6), textcoords="offset points", ha="right", va="bottom")
        [curve] = ax.plot(at[: last + 1], loss[: last + 1], "-o", linewidth=1, markersize=4)
        curve.set_markevery(slice(0, 60))  # later dots would lie on these
        ax.set(xlim=(0, far), ylim=(0.03, 12), xlabel="way, in updates at the first rate", ylabel="expected loss")
        before = f"After {seen} updates the way is {at[seen]:.1f} updates at the first rate"
        if not complete:
            ax.annotate("?", (at[seen], loss[seen]), (22, 4), textcoords="offset points", size=16)
            return f"{before}, and the run goes on."
        ax.axvline(at[-1], color=PALETTE["orange"], linestyle=":", linewidth=2)
        ax.annotate(f"← {at[-1]:.1f}: all of eternity", (at[-1], 5), (6, 0), textcoords="offset points", va="center")
        return f"{before}; that of all updates, for ever, is {at[-1]:.1f}, and there the loss stands still."

    return draw


def walls(axes: list[Axes], half_lives: list[int]) -> None:
    """Losses without noise under exponential decays, over the update and over the way."""
    over_updates, over_way = map(plotting.log_axis, axes)
    valley, far = Quadratic(PROBLEM.curvatures), 80
    over_way.plot(valley.expected_loss(Constant(0.1), far), **BACKGROUND)
    for half_life, dashes in zip(half_lives, ("-", "--", ":"), strict=True):
        schedule = ExponentialDecay(0.1, decay_rate=0.5, step_size=half_life)
        loss, at = valley.expected_loss(schedule, 1000), way(schedule, 1000)
        over_updates.plot(loss[:251], linestyle=dashes)
        plotting.label_end(over_updates, f"half-life {half_life}")
        over_way.plot(at, loss, linestyle=dashes)
        over_way.plot(at[-1], loss[-1], "o", color=PALETTE["blue"])
        over_way.axvline(at[-1], color=PALETTE["orange"], linestyle=":", linewidth=1.4)
    over_updates.set(xlim=(0, 250), ylim=(1e-4, 10), xlabel="update", ylabel="loss")
    over_way.set(xlim=(0, far), ylim=(1e-4, 10), xlabel="way, in updates at the first rate", ylabel="loss")


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
    return (
        f"The rate is multiplied by {decay_rate:g} over every {period} updates, so that {STEPS} updates are worth "
        f"{way(schedule, STEPS)[-1]:.0f} at the first rate; that {comparison_with_floor(end, floor)}."
    )
