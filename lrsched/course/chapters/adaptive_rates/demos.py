"""The pictures of the adaptive methods: a run that is thrown out of its minimum, and a ravine at an angle."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from lrsched import optimizers, plotting
from lrsched.course.valley import BACKGROUND
from lrsched.digits import Digits
from lrsched.ideas import PALETTE
from lrsched.plateau import ReduceOnPlateau
from lrsched.schedules import Constant
from lrsched.training import train


def thrown_out(loss: np.ndarray, seen: int) -> Callable[..., str]:
    """The loss of a run without noise: of the updates that are `seen`, and then of all."""

    def draw(ax: Axes, complete: bool) -> str:
        end = len(loss) if complete else seen
        plotting.log_axis(ax).plot(range(0, end, 4), loss[:end:4].clip(1e-40))
        ax.set(xlim=(0, len(loss)), ylim=(1e-40, 1e8), xlabel="update", ylabel="loss")
        ax.set_yticks([1, 1e-10, 1e-20, 1e-30, 1e-40])
        ax.minorticks_off()
        before = f"The loss falls below 1e-40 and stays there up to update {seen}"
        if not complete:
            ax.axvline(seen, color=PALETTE["grey"], linestyle=":", linewidth=1.4)
            ax.annotate("?", (seen, 1e-18), (14, 0), textcoords="offset points", size=16)
            return f"{before}."
        peak = seen + loss[seen:].argmax()
        ax.annotate(f"{loss[peak]:.1f} at update {peak}", (peak, 100), ha="center", va="bottom")
        return f"{before}; at update {peak} it is back at {loss[peak]:.1f}, and at the end it hovers at {loss[-1]:.2g}."

    return draw


def hiss(axes: list[Axes], loss: np.ndarray, rates: Mapping[float, np.ndarray]) -> None:
    """The loss, and below it the effective rate of the weight of each curvature, with its threshold."""
    top, bottom = map(plotting.log_axis, axes)
    top.plot(range(0, len(loss), 4), loss[::4].clip(1e-40))
    top.set(ylim=(1e-40, 1e5), ylabel="loss")
    top.set_yticks([1, 1e-20, 1e-40])
    top.minorticks_off()
    for (curvature, rate), dashes in zip(rates.items(), ("-", "--"), strict=True):
        bottom.plot(range(0, len(rate), 4), rate[::4], linestyle=dashes)
        plotting.label_end(bottom, f"curvature {curvature:g}")
        bottom.axhline(2 / curvature, color=PALETTE["grey"], linestyle=":", linewidth=1.4)
    bottom.set(xlim=(0, len(loss)), ylim=(1e-5, 100), xlabel="update", ylabel="effective rate")
    bottom.set_yticks([1e-4, 0.01, 1, 100], labels=["0.0001", "0.01", "1", "100"])
    bottom.minorticks_off()


# The ravine of the first chapter steeper, and turned against the axes. SGD does not notice the turn.
TURNED_CURVATURES = np.array([1.0, 100.0])
TURNED_START = np.array([-4.0, 0.8])
UPDATES = 50
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.7, 1)


def turned_ravine(axes: list[Axes], optimizer: str, learning_rate: float, tilt: float) -> str:
    """The path of an adaptive method through a ravine at an angle, over that of SGD; its last loss at every rate."""
    top, bottom = axes
    for length in (1.5, 3, 5):
        line = {"color": BACKGROUND["color"], "linewidth": 0.6}
        top.add_patch(Ellipse((0, 0), 2 * length, length / 5, angle=tilt, fill=False, **line))
    floor, best = min((turned_run("SGD", lr, tilt)[1], lr) for lr in np.linspace(0.01, 0.02, 21))
    for name, lr, line in [("SGD", best, BACKGROUND), (optimizer, learning_rate, {"linewidth": 1.6})]:
        top.plot(*turned_run(name, lr, tilt)[0].clip(-50, 50).T, **line)  # cut where nobody sees it
        plotting.label_end(top, name)
    top.set(xlabel="first weight", ylabel="second weight", xlim=(-6.4, 6.4), ylim=(-3.3, 3.3))

    ends = [turned_run(optimizer, lr, tilt)[1] for lr in RATES]
    plotting.log_axis(plotting.log_axis(bottom), "x").axhline(floor, **BACKGROUND)
    bottom.annotate("SGD", (RATES[0], floor), (0, 4), textcoords="offset points")
    bottom.plot(RATES, np.clip(ends, 1e-6, None), linewidth=1.4)
    end = ends[RATES.index(learning_rate)]
    bottom.plot(learning_rate, max(end, 1e-6), "o", color=PALETTE["blue"], clip_on=False)
    bottom.set(xlim=(0.009, 1.1), ylim=(1e-6, 100), xlabel="learning rate", ylabel="last loss")
    bottom.set_yticks([1e-6, 1e-3, 1], labels=["1e-6", "0.001", "1"])
    bottom.minorticks_off()
    times = max(floor / end, end / floor)
    how_far = f"{times:.0f} times" if 10 <= times < 1e4 else f"{times:.1f} times" if times < 10 else "far"
    return (
        f"After {UPDATES} updates {optimizer} at rate {learning_rate:g} is at loss {end:.2g}, "
        f"{how_far} {'above' if end > floor else 'below'} SGD at its best rate."
    )


@cache
def turned_run(optimizer: str, learning_rate: float, tilt: float, **settings: float) -> tuple[np.ndarray, float]:
    """Its path, and the loss at the end; `settings` go to the optimiser."""
    cos, sin = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    turn = np.array([[cos, -sin], [sin, cos]])
    hessian = turn * TURNED_CURVATURES @ turn.T
    method = getattr(optimizers, optimizer)(**settings)
    params = (turn @ TURNED_START)[None]
    state, path = method.init(params), [params[0].copy()]
    for _ in range(UPDATES):
        method.update(params, params @ hessian, state, learning_rate)
        path.append(params[0].copy())
    return np.array(path), path[-1] @ hessian @ path[-1] / 2


def best_loss(optimizer: str, tilt: float, **settings: float) -> float:
    """The lowest last loss over 80 rates from 0.002 to 3."""
    return min(turned_run(optimizer, lr, tilt, **settings)[1] for lr in np.geomspace(0.002, 3, 80).tolist())


def steps_of(optimizer: object, grads: Iterable[float], lr: float, weight: float = 0.0) -> Iterator[float]:
    """The steps of a single `weight` with these gradients."""
    params, state = np.array([[weight]]), optimizer.init(np.zeros((1, 1)))
    for grad in grads:
        before = params.item()
        optimizer.update(params, np.array([[grad]]), state, lr)
        yield before - params.item()


class Shifted(Digits):
    """The digits, with 1000 added to every loss: no gradient changes."""

    def loss_and_grads(self, params, batch):
        loss, grads = super().loss_and_grads(params, batch)
        return loss + 1000, grads


def unseen_loss(axes: list[Axes]) -> dict[str, bool]:
    """The rates of a plateau scheduler and of two methods with the loss and with 1000 more; are the weights equal?"""
    top, bottom = axes
    plateau = ReduceOnPlateau(0.3, factor=0.5, patience=4, every=30)
    weights = {}
    for kind, name in (Digits, "loss"), (Shifted, "loss + 1000"):
        network = kind(hidden=(32,), batch_size=16)
        run = train(network, optimizers.SGD(), plateau, steps=1200, seeds=1)
        plotting.plot_lr(top, run, label=f"plateau, {name}")
        for method, lr in (optimizers.AdaGrad(), 0.1), (optimizers.Adam(), 0.006):
            run = train(network, method, Constant(lr), steps=1200, seeds=1, record=["effective_lr"])
            plotting.log_axis(bottom).plot(range(0, 1200, 5), run.effective_lr[0, ::5])
            weights.setdefault(type(method).__name__, []).append(run.params)
            if kind is Shifted:
                plotting.label_end(bottom, f"{type(method).__name__}, both")
    bottom.set(xlabel="update", ylabel="effective rate")
    return {name: np.array_equal(*both) for name, both in weights.items()}
