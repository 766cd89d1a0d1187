"""The demo of the adaptive methods: a ravine at an angle to the axes."""

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from lrsched import optimizers, plotting
from lrsched.course.valley import BACKGROUND

# The ravine of the first chapter steeper, and turned against the axes. SGD does not notice the turn.
TURNED_CURVATURES = np.array([1.0, 100.0])
TURNED_START = np.array([-4.0, 0.8])
UPDATES = 50


def turned_ravine(ax: Axes, optimizer: str, learning_rate: float, tilt: float) -> str:
    """The path of an adaptive method through a ravine at an angle to the axes, over that of SGD."""
    for length in (1.5, 3, 5):
        line = {"color": BACKGROUND["color"], "linewidth": 0.6}
        ax.add_patch(Ellipse((0, 0), 2 * length, length / 5, angle=tilt, fill=False, **line))
    best = min(np.linspace(0.01, 0.02, 21), key=lambda lr: turned_run("SGD", lr, tilt)[1])
    ends = {}
    for name, lr, line in [("SGD", best, BACKGROUND), (optimizer, learning_rate, {"linewidth": 1.6})]:
        path, ends[name, lr] = turned_run(name, lr, tilt)
        ax.plot(*path.clip(-50, 50).T, **line)  # cut where nobody sees it
        plotting.label_end(ax, name)
    ax.set(xlabel="first weight", ylabel="second weight", xlim=(-6.4, 6.4), ylim=(-3.3, 3.3))
    floor, end = ends.values()
    times = max(floor / end, end / floor)
    how_far = f"{times:.0f} times" if 10 <= times < 1e4 else f"{times:.1f} times" if times < 10 else "far"
    return (
        f"After {UPDATES} updates {optimizer} at rate {learning_rate:g} is at loss {end:.2g}, "
        f"{how_far} {'above' if end > floor else 'below'} SGD at its best rate."
    )


@cache
def turned_run(optimizer: str, learning_rate: float, tilt: float) -> tuple[np.ndarray, float]:
    """Its path, and the loss at the end."""
    cos, sin = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    turn = np.array([[cos, -sin], [sin, cos]])
    hessian = turn * TURNED_CURVATURES @ turn.T
    method = getattr(optimizers, optimizer)()
    params = (turn @ TURNED_START)[None]
    state, path = method.init(params), [params[0].copy()]
    for _ in range(UPDATES):
        method.update(params, params @ hessian, state, learning_rate)
        path.append(params[0].copy())
    return np.array(path), path[-1] @ hessian @ path[-1] / 2
