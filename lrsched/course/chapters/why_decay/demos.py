"""The puzzle and the demo of the noise floor: runs that start at the bottom, and runs that start far from it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.valley import BACKGROUND, PROBLEM, STEPS
from lrsched.ideas import PALETTE
from lrsched.optimizers import SGD
from lrsched.schedules import Constant
from lrsched.training import History, train


def twins(bottom: History, afar: History) -> Callable[..., str]:
    """Where the runs of each pair start in a valley of two weights, seen from above; and then where they end."""

    def draw(ax: Axes, complete: bool) -> str:
        turn = np.linspace(0, 2 * np.pi, 200)
        for height in (0.1, 0.5, 1.5, 4, 9):
            across, along = np.sqrt(2 * height / np.array(bottom.problem.curvatures))
            x, y = across * np.cos(turn), along * np.sin(turn)
            seen = (x > -3.3) & (x < 1.9) & (y > -1.2) & (y < 1.8)
            ax.plot(x, np.where(seen, y, np.nan), **BACKGROUND | {"linewidth": 0.6})
        ax.set(xlim=(-3.3, 1.9), ylim=(-1.2, 1.8), xlabel="first weight", ylabel="second weight")
        rim = afar.path[0, 0]
        ring = {"markeredgecolor": PALETTE["grey"], "markerfacecolor": "none", "linestyle": "none"}
        above = {"textcoords": "offset points", "ha": "center"}
        if not complete:
            ax.plot(*bottom.path[0, 0], "o", markersize=8, color=PALETTE["purple"])
            ax.plot(*rim, "o", markersize=11, **ring)
            ax.annotate("100 runs", (0, 0), (0, 12), **above)
            ax.annotate("their twins", rim, (0, 12), **above)
            return "A hundred runs stand at the bottom of a valley, and their twins far up its side."
        ax.plot(*bottom.path[:, -1].T, "o", markersize=2.8, linestyle="none", color=PALETTE["purple"])
        ax.plot(*afar.path[:, -1].T, "o", markersize=6, markeredgewidth=0.7, **ring)
        ax.annotate("", (-1, 0.55), rim, arrowprops={"arrowstyle": "->", "color": PALETTE["grey"]})
        return "The runs from the bottom have become a cloud around it, and each twin (a ring) is where its run is."

    return draw


def noise_floor(ax: Axes, rate: float, batch_size: int) -> str:
    """One run from afar (grey), the expected loss from afar and from the best weights, and their floor (dotted)."""
    far = replace(PROBLEM, noise=PROBLEM.noise / np.sqrt(batch_size))
    floor = sum(rate * far.noise**2 / (2 * (2 - rate * curvature)) for curvature in far.curvatures)
    one_run = train(far, SGD(), Constant(rate), steps=STEPS, seeds=1).loss[0, ::2]
    plotting.log_axis(ax).plot(range(0, STEPS, 2), one_run, **BACKGROUND | {"linewidth": 0.8})
    ax.axhline(floor, **BACKGROUND | {"linestyle": ":"})
    from_afar = far.expected_loss(Constant(rate), STEPS)
    ax.plot(from_afar)
    plotting.label_end(ax, "from afar")
    ax.plot(range(1, STEPS + 1), replace(far, start=0.0).expected_loss(Constant(rate), STEPS)[1:])
    plotting.label_end(ax, "from the bottom")
    ax.set(xlabel="update", ylabel="loss", xlim=(0, STEPS), ylim=(3e-5, 30))
    end = from_afar[-1]
    arrives = end < 1.05 * floor
    where = "both runs end on it" if arrives else f"the run from afar still ends {end / floor:.1f} times above"
    return f"With rate {rate:g} and batch size {batch_size} the floor is {floor:#.2g}; {where}, at {end:#.2g}."
