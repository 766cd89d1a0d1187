r"""What the experiments minimise: quadratics, a bent ravine, and the 8x8 handwritten digits.

A problem is a frozen description. Every array has one row a run, so that many runs go through one call:

``init(seeds)``
    the initial parameters, ``(runs, parameters)``;
``batches(seeds, steps)``
    an iterator over what the runs see at each update;
``loss_and_grads(params, batch)``
    the losses ``(runs,)`` and gradients ``(runs, parameters)`` on it;
``evaluate(params, seeds, split)``
    the scores of finished runs, a dict of arrays ``(runs,)``; ``metric`` names the one that is compared.

A seed fixes the initial parameters and all batches, whichever runs are beside it and however long the run.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np

from lrsched import _check
from lrsched._streams import BLOCK, GRADIENT_NOISE, stream
from lrsched.digits import Digits
from lrsched.schedules import Schedule

__all__ = ["Digits", "Quadratic", "Ravine", "rates"]


def rates(schedule: Callable[[int], float], steps: int) -> np.ndarray:
    """The rate of each update. A callable that is no `Schedule` is asked once for each, in order."""
    if isinstance(schedule, Schedule):
        return schedule(np.arange(steps))
    return np.array([float(schedule(t)) for t in range(steps)])


def numbers(name: str, values: float | Sequence[float], allowed: str) -> tuple[float, ...]:
    """One number or several as a tuple of floats."""
    return tuple(float(_check.number(name, value, allowed)) for value in np.atleast_1d(values).tolist())


def normal_noise(scale: float, size: int, seeds: Sequence[int], steps: int) -> Iterator[np.ndarray | float]:
    """Gradient noise ``(runs, size)`` for each update; the number 0 where there is none."""
    if scale == 0:
        yield from (0.0 for _ in range(steps))
        return
    streams = [stream(seed, GRADIENT_NOISE) for seed in seeds]
    for start in range(0, steps, BLOCK):
        shape = (min(BLOCK, steps - start), size)
        yield from scale * np.stack([s.standard_normal(shape) for s in streams], axis=1)


@dataclass(frozen=True)
class Quadratic:
    r"""The loss :math:`\tfrac12\sum_i c_i w_i^2`, with normal noise in its gradients :math:`c_i w_i`.

    Parameters
    ----------
    curvatures : number or sequence of numbers
        The :math:`c_i`, each above 0. Gradient descent is stable for rates below 2 / max(c).
    noise : number
        The standard deviation :math:`\sigma` of the noise in each coordinate of the gradient.
    start : number or sequence of numbers
        The initial parameters, the same for every seed.

    Examples
    --------
    One update at rate 0.5 halves the parameter, so it quarters the loss:

    >>> Quadratic(1.0, start=2.0).expected_loss(lambda t: 0.5, 2)
    array([2.   , 0.5  , 0.125])
    """

    curvatures: tuple[float, ...]
    _: KW_ONLY
    noise: float = 0.0
    start: tuple[float, ...] = 1.0

    metric = "loss"

    def __post_init__(self):
        curvatures = numbers("curvatures", self.curvatures, "a number above 0")
        start = numbers("start", self.start, "a finite number")
        if len(start) == 1:
            start *= len(curvatures)
        if len(start) != len(curvatures):
            raise ValueError(f"start must be 1 or {len(curvatures)} numbers (as curvatures), got {len(start)}")
        _check.number("noise", self.noise, "a number of 0 or more")
        object.__setattr__(self, "curvatures", curvatures)
        object.__setattr__(self, "start", start)

    def expected_loss(self, schedule: Callable[[int], float], steps: int) -> np.ndarray:
        r"""The exact expected loss of SGD before each update and after the last, ``(steps + 1,)``.

        The second moments are exact: :math:`m_i \leftarrow (1-\eta c_i)^2 m_i + \eta^2\sigma^2`.
        """
        steps = _check.number("steps", steps, "a whole number of 0 or more")
        curvatures = np.array(self.curvatures)
        moments = np.empty((steps + 1, curvatures.size))
        moments[0] = np.square(self.start)
        with np.errstate(over="ignore", invalid="ignore"):
            for t, lr in enumerate(rates(schedule, steps)):
                moments[t + 1] = (1 - lr * curvatures) ** 2 * moments[t] + (lr * self.noise) ** 2
            return moments @ curvatures / 2

    def init(self, seeds: Sequence[int]) -> np.ndarray:
        return np.tile(self.start, (len(seeds), 1))

    def batches(self, seeds: Sequence[int], steps: int) -> Iterator[np.ndarray | float]:
        return normal_noise(self.noise, len(self.curvatures), seeds, steps)

    def loss(self, params: np.ndarray) -> np.ndarray:
        """The loss at any array of points ``(..., parameters)``."""
        return (params**2 * self.curvatures).sum(axis=-1) / 2

    def loss_and_grads(self, params: np.ndarray, batch: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        return self.loss(params), params * self.curvatures + batch

    def evaluate(self, params: np.ndarray, seeds: Sequence[int], split: str = "train") -> dict[str, np.ndarray]:
        return {"loss": self.loss(params)}


@dataclass(frozen=True, kw_only=True)
class Ravine:
    r"""A bent valley in the plane, :math:`\tfrac12 x^2 + \tfrac12 s (y - x^2/4)^2`: steep across, flat along.

    Made for pictures of paths. Its minimum is 0 at the origin, where the curvatures are 1 and ``steepness``
    (a straight ravine is ``Quadratic([1, 25], start=[-4, 1])``).

    Examples
    --------
    >>> Ravine(steepness=25).loss(np.array([[0.0, 0.0], [2.0, 1.0], [0.0, 1.0]]))
    array([ 0. ,  2. , 12.5])
    """

    steepness: float = 25.0
    noise: float = 0.0
    start: tuple[float, float] = (-4.0, 3.0)

    metric = "loss"

    def __post_init__(self):
        _check.number("steepness", self.steepness, "a number above 0")
        _check.number("noise", self.noise, "a number of 0 or more")
        start = numbers("start", self.start, "a finite number")
        if len(start) != 2:
            raise ValueError(f"start must be two numbers, got {start}")
        object.__setattr__(self, "start", start)

    def init(self, seeds: Sequence[int]) -> np.ndarray:
        return np.tile(self.start, (len(seeds), 1))

    def batches(self, seeds: Sequence[int], steps: int) -> Iterator[np.ndarray | float]:
        return normal_noise(self.noise, 2, seeds, steps)

    def loss(self, params: np.ndarray) -> np.ndarray:
        """The loss at any array of points ``(..., 2)``."""
        x, y = params[..., 0], params[..., 1]
        return (x**2 + self.steepness * (y - x**2 / 4) ** 2) / 2

    def loss_and_grads(self, params: np.ndarray, batch: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        x, y = params.T
        pull = self.steepness * (y - x**2 / 4)
        return self.loss(params), np.stack([x - pull * x / 2, pull], axis=1) + batch

    def evaluate(self, params: np.ndarray, seeds: Sequence[int], split: str = "train") -> dict[str, np.ndarray]:
        return {"loss": self.loss(params)}
