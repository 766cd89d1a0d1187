"""The demo of the learning rate: a ravine, seen from above."""

from functools import cache

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.valley import BACKGROUND
from lrsched.optimizers import SGD
from lrsched.problems import Quadratic
from lrsched.schedules import Constant
from lrsched.training import train

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
    top.plot(*path.clip(-50, 50).T, linewidth=1.2)  # cut where nobody sees it
    top.plot(*RAVINE.start, "o")
    top.set(xlim=(-5.5, 5.5), ylim=(-1.6, 1.6), xlabel="along the ravine", ylabel="across")
    slow = RAVINE.loss(down_the_ravine(0.01, 0))
    loss = RAVINE.loss(path).clip(1e-6, 1e6)
    plotting.log_axis(bottom).plot(slow, **BACKGROUND)
    plotting.label_end(bottom, "rate 0.01")
    bottom.plot(loss)
    bottom.set(xlim=(0, UPDATES), ylim=(1e-3, 1e3), xlabel="update", ylabel="loss")

    limit = 2 * (1 + momentum) / max(RAVINE.curvatures)
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
