"""The demo of the learning rate: a ravine, seen from above."""

from collections.abc import Callable
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from lrsched import plotting
from lrsched.course.valley import BACKGROUND
from lrsched.ideas import PALETTE
from lrsched.optimizers import SGD
from lrsched.problems import Quadratic
from lrsched.schedules import Constant
from lrsched.training import train


def last_dot(rates: np.ndarray, losses: np.ndarray) -> Callable[..., str]:
    """The losses of all `rates` but the last; and then that of the last, to scale, which leaves the page."""

    def draw(ax: Axes, complete: bool) -> str:
        plotting.log_axis(ax, "x").plot(rates[:-1], losses[:-1], "o-", linewidth=1.2)
        ax.set(xlim=(0.017, 2.6), ylim=(0, 0.42), xlabel="learning rate", ylabel="loss after 200 updates")
        ax.set_xticks([0.02, 0.1, 0.5, rates[-1]], labels=["0.02", "0.1", "0.5", f"{rates[-1]:g}"])
        ax.minorticks_off()
        before = f"From rate {rates[0]:g} to {rates[-2]:g} the loss at the end falls without exception"
        if not complete:
            ax.axvline(rates[-1], color=PALETTE["orange"], linestyle=":", linewidth=2)
            ax.annotate("?", (rates[-1], 0.36), (-8, 0), textcoords="offset points", ha="right", size=16)
            return f"{before}."
        left, right = rates[-1] * 0.985, rates[-1] * 1.015
        corners = [(left, losses[-2]), (right, losses[-2]), (right, losses[-1]), (left, losses[-1])]
        ax.add_patch(Polygon(corners, facecolor=PALETTE["blue"], edgecolor="none", clip_on=False))
        above = {"textcoords": "offset points", "ha": "right"}
        ax.annotate(f"{losses[-1]:.0f}, far above ↑", (rates[-1], 0.36), (-8, 0), **above)
        return f"{before}; at {rates[-1]:g} it is {losses[-1]:.0f}, far above the picture."

    return draw


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
    limit = 2 * (1 + momentum) / max(RAVINE.curvatures)
    line = {"linestyle": "-", "linewidth": 1.4, "color": PALETTE["purple"]}
    if rate > limit:  # whole, it would be a slab: the first steps, each stronger than the one before, lead out
        steps = min(15, np.argmax(abs(path[:, 1]) > 3) or 15)
        for step in range(steps):
            top.plot(*path[step : step + 2].T, **line, alpha=(1 + 4 * (step + 1) / steps) / 5)
    else:
        top.plot(*path.T, **line)
    top.plot(*RAVINE.start, "o", color=PALETTE["purple"])
    top.set(xlim=(-5.5, 5.5), ylim=(-1.6, 1.6), xticks=[-4, -2, 0, 2, 4], xlabel="along the ravine", ylabel="across")
    slow = RAVINE.loss(down_the_ravine(0.01, 0))
    loss = RAVINE.loss(path).clip(1e-6, 1e6)
    plotting.log_axis(bottom).plot(slow, **BACKGROUND)
    plotting.label_end(bottom, "rate 0.01")
    bottom.plot(loss)
    bottom.set(xlim=(0, UPDATES), ylim=(1e-3, 1e3), xlabel="update", ylabel="loss")

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
