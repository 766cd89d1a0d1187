"""The demo of the noise floor."""

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.valley import BACKGROUND, PROBLEM, STEPS
from lrsched.optimizers import SGD
from lrsched.schedules import Constant
from lrsched.training import train


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
    times = from_afar[-1] / floor
    reached = "both runs end on it" if times < 1.05 else f"the run from afar still ends {times:.1f} times above it"
    return f"With rate {rate:g} and batch size {batch_size} the floor is {floor:#.2g}; {reached}."
