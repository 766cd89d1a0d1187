r"""What the experiments minimise: quadratics, a bent ravine, and the 8x8 handwritten digits.

A problem is a frozen description with the methods of `lrsched.interfaces.Problem`. A seed fixes the initial
parameters and all batches, whichever runs are beside it and however long the run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np

from lrsched import _check
from lrsched._streams import BLOCK, GRADIENT_NOISE, stream
from lrsched.digits import Digits
from lrsched.interfaces import Problem, ScheduleLike
from lrsched.schedules import rates

__all__ = ["Digits", "Quadratic", "Ravine"]


class _Landscape(Problem):
    """A loss with a formula, and normal noise in its gradients: what `Quadratic` and `Ravine` share."""

    noise: float
    start: tuple[float, ...]
    metric = "loss"

    def init(self, seeds: Sequence[int]) -> np.ndarray:
        return np.tile(self.start, (len(_check.numbers("seeds", seeds, "a whole number of 0 or more")), 1))

    def batches(self, seeds: Sequence[int], steps: int) -> Iterator[np.ndarray | float]:
        if self.noise == 0:
            yield from (0.0 for _ in range(steps))
            return
        streams = [stream(seed, GRADIENT_NOISE) for seed in seeds]
        for start in range(0, steps, BLOCK):
            shape = (min(BLOCK, steps - start), len(self.start))
            yield from self.noise * np.stack([s.standard_normal(shape) for s in streams], axis=1)

    def loss(self, params: np.ndarray) -> np.ndarray:
        """The exact loss, without noise.

        Parameters
        ----------
        params : array, (..., parameters)
            Any array of points.

        Returns
        -------
        array, (...)
            The loss at each.
        """
        return self._loss(_check.points("params", params, len(self.start)))

    def evaluate(self, params: np.ndarray, seeds: Sequence[int], split: str = "train") -> dict[str, np.ndarray]:
        """The scores of finished runs.

        Parameters
        ----------
        params : array, (runs, parameters)
            Where the runs ended.
        seeds : sequence of int, (runs,)
            One a run.
        split : "train" or "test"
            The same here: there are no data.

        Returns
        -------
        dict of array, (runs,)
            The exact ``loss``.
        """
        _check.argument("split", split)
        return {"loss": self._loss(_check.runs(params, len(self.start), seeds))}

    def _loss(self, params: np.ndarray) -> np.ndarray:
        raise NotImplementedError


def second_moments(moments: np.ndarray, lr: float | np.ndarray, curvatures: np.ndarray, noise: float) -> np.ndarray:
    """What an update of SGD makes of the second moments of the parameters, whose gradients are noisy by themselves."""
    return (1 - lr * curvatures) ** 2 * moments + (lr * noise) ** 2


@dataclass(frozen=True)
class Quadratic(_Landscape):
    """The loss ``sum(c * w**2) / 2``, with normal noise in its gradients ``c * w``.

    Parameters
    ----------
    curvatures : number or sequence of numbers, (parameters,)
        The ``c``, each above 0, in units of loss by squared parameter. Gradient descent is stable for rates
        below 2 / max(c).
    noise : number
        The standard deviation ``sigma`` of the noise in each coordinate of the gradient, 0 or more.
    start : number or sequence of numbers, (parameters,)
        The initial parameters, the same for every seed.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is out of range, or there are not as many numbers in `start` as in `curvatures`.

    Examples
    --------
    One update at rate 0.5 halves the parameter, so it quarters the loss:

    >>> Quadratic(1.0, start=2.0).expected_loss(lambda t: 0.5, 2)
    array([2.   , 0.5  , 0.125])
    """

    curvatures: float | Sequence[float] | np.ndarray
    _: KW_ONLY
    noise: float = 0.0
    start: float | Sequence[float] | np.ndarray = 1.0  # type: ignore[assignment]  # a tuple after __post_init__

    def __post_init__(self) -> None:
        _check.arguments(self)
        curvatures = _check.numbers("curvatures", self.curvatures, "a number above 0", single=True)
        if not curvatures:
            raise ValueError("curvatures must hold at least one number, got none")
        start = _check.numbers("start", self.start, "a finite number", single=True)
        if len(start) == 1:
            start *= len(curvatures)
        if len(start) != len(curvatures):
            raise ValueError(f"start must be 1 or {len(curvatures)} numbers (as curvatures), got {len(start)}")
        object.__setattr__(self, "curvatures", tuple(map(float, curvatures)))
        object.__setattr__(self, "start", tuple(map(float, start)))

    def expected_loss(self, schedule: ScheduleLike, steps: int) -> np.ndarray:
        """The exact expected loss of SGD without momentum.

        The second moments are exact: ``m = (1 - lr * c)**2 * m + lr**2 * sigma**2``.

        Parameters
        ----------
        schedule : Schedule or callable of the update index
            The rate that each update uses.
        steps : int
            The number of updates, 0 or more.

        Returns
        -------
        array, (steps + 1,)
            The loss before each update, and after the last; infinite where it overflows.

        Raises
        ------
        TypeError
            If `schedule` is no callable, or `steps` no number.
        ValueError
            If `steps` is no whole number of 0 or more, or a rate is NaN.
        """
        lrs = rates(schedule, steps)
        curvatures = np.array(self.curvatures)
        moments = np.empty((len(lrs) + 1, curvatures.size))
        moments[0] = np.square(self.start)
        with np.errstate(over="ignore", invalid="ignore"):
            for t, lr in enumerate(lrs):
                moments[t + 1] = second_moments(moments[t], lr, curvatures, self.noise)
            return moments @ curvatures / 2

    def loss_and_grads(self, params: np.ndarray, batch: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        return self._loss(params), params * self.curvatures + batch

    def _loss(self, params: np.ndarray) -> np.ndarray:
        return (params**2 * self.curvatures).sum(axis=-1) / 2


@dataclass(frozen=True, kw_only=True)
class Ravine(_Landscape):
    """A bent valley in the plane, ``x**2 / 2 + s * (y - x**2 / 4)**2 / 2``: steep across, flat along.

    Made for pictures of paths. Its minimum is 0 at the origin, where the curvatures are 1 and ``s``
    (a straight ravine is ``Quadratic([1, 25], start=[-4, 1])``).

    Parameters
    ----------
    steepness : number
        The curvature ``s`` across the valley, above 0, in units of loss by squared parameter.
    noise : number
        The standard deviation of the normal noise in each coordinate of the gradient, 0 or more.
    start : sequence of two numbers
        The initial ``x`` and ``y``, the same for every seed.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is out of range, or `start` has not two numbers.

    Examples
    --------
    >>> Ravine(steepness=25).loss(np.array([[0.0, 0.0], [2.0, 1.0], [0.0, 1.0]]))
    array([ 0. ,  2. , 12.5])
    """

    steepness: float = 25.0
    noise: float = 0.0
    start: Sequence[float] | np.ndarray = (-4.0, 3.0)  # type: ignore[assignment]  # a tuple after __post_init__

    def __post_init__(self) -> None:
        _check.arguments(self)
        start = _check.numbers("start", self.start, "a finite number")
        if len(start) != 2:
            raise ValueError(f"start must be two numbers, got {start}")
        object.__setattr__(self, "start", tuple(map(float, start)))

    def loss_and_grads(self, params: np.ndarray, batch: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        x, y = params.T
        pull = self.steepness * (y - x**2 / 4)
        return self._loss(params), np.stack([x - pull * x / 2, pull], axis=1) + batch

    def _loss(self, params: np.ndarray) -> np.ndarray:
        x, y = params[..., 0], params[..., 1]
        return (x**2 + self.steepness * (y - x**2 / 4) ** 2) / 2
