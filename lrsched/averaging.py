"""Optimisers whose answer is an average of what they pass through: an average can do what a decay of the rate does.

What is evaluated is the average, ``solution(params, state)``: `History` has it as ``params``, `path` and ``at(t)``.

    >>> from lrsched import SGD, Constant, Quadratic, compare
    >>> arms = {"last": (SGD(), Constant(0.2)), "average": (Averaged(SGD(), half_life=50), Constant(0.2))}
    >>> compare(Quadratic(np.geomspace(0.1, 1, 50), noise=0.1), arms, steps=400)
             train loss         ratio to last
    last     0.0260 ± 0.0031
    average  0.00452 ± 0.00063  0.180 ± 0.036
    After 400 updates; 95 % intervals over 10 seeds, paired.
"""

from dataclasses import KW_ONLY, dataclass
from math import expm1, log, sqrt

import numpy as np

from lrsched import _check
from lrsched.interfaces import Optimizer
from lrsched.optimizers import Rate, State, _average, _Optimizer, _over_root, _shared
from lrsched.wrappers import Wrapper

__all__ = ["Averaged", "ScheduleFreeAdamW", "ScheduleFreeSGD"]


class _Average:
    """What is evaluated is the average in the state."""

    def solution(self, params: np.ndarray, state: State) -> np.ndarray:
        """Return the average.

        Parameters
        ----------
        params : array, (runs, parameters)
            Where the next gradient is taken.
        state : dict
            What `update` has changed.

        Returns
        -------
        array, (runs, parameters)
            The weights to evaluate.
        """
        return state["average"]


@dataclass(frozen=True)
class Averaged(_Average, Wrapper):
    """Update as `optimizer` does, and answer with a running average of its weights (EMA).

    ``average = decay * average + (1 - decay) * params`` with ``decay = 2 ** (-1 / half_life)``, from the weights after
    the first update on: after ``t`` updates these still have the share ``decay ** (t - 1)``. Without a half-life all
    updates count alike. The same as torch's `AveragedModel` with `get_ema_multi_avg_fn(decay)`, or without; a decay of
    0.999 is a half-life of ``log(0.5) / log(0.999)``, 693 updates.

    Parameters
    ----------
    optimizer : Optimizer
        What makes the updates, which do not feel the average.
    half_life : number or None
        After so many updates the share of an update has halved; above 0, and at most the length of the run. None is
        the mean of all updates.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `half_life` is not above 0, or not finite.

    Examples
    --------
    >>> from lrsched import SGD
    >>> params, averaged = np.zeros((1, 1)), Averaged(SGD(), half_life=1)
    >>> state = averaged.init(params)
    >>> for _ in range(3):
    ...     averaged.update(params, np.full((1, 1), -4.0), state, lr=1)
    >>> params, averaged.solution(params, state)  # 4, 8, 12, of which 12 counts a half
    (array([[12.]]), array([[9.]]))
    """

    optimizer: Optimizer
    _: KW_ONLY
    half_life: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.half_life is not None:
            half_life = _check.number("half_life", self.half_life, "a number above 0")
            object.__setattr__(self, "half_life", half_life)

    def init(self, params: np.ndarray) -> State:
        return super().init(params) | {"average": params.copy(), "updates": 0}

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        self.optimizer.update(params, grads, state["optimizer"], lr)  # type: ignore[arg-type]
        state["updates"] += 1
        inside = getattr(self.optimizer, "solution", None)
        change = (inside(params, state["optimizer"]) if inside else params) - state["average"]
        change *= self._share(state["updates"])
        state["average"] += change

    def _share(self, t: int) -> float:
        """What the weights after the last of `t` updates count: the others share the rest as they did."""
        return 1 / t if self.half_life is None or t == 1 else -expm1(-log(2) / self.half_life)


class _ScheduleFree(_Average, _Optimizer):
    """Three points: a fast one that steps, its average, and one between them at which gradients are taken."""

    def init(self, params: np.ndarray) -> State:
        runs = len(params)
        state: State = {"fast": params.copy(), "average": params.copy()}
        return state | {"highest_lr": np.zeros((runs, 1)), "weight": np.zeros((runs, 1))}

    def _settle(self, params: np.ndarray, state: State, lr: Rate, beta: float) -> None:
        """Take the fast point, which has just stepped, into the average, and move `params` between the two."""
        state["highest_lr"] = np.maximum(state["highest_lr"], lr)
        weight = state["highest_lr"] ** 2
        state["weight"] = state["weight"] + weight
        rest = 1 - np.divide(weight, state["weight"], out=np.zeros_like(weight), where=state["weight"] > 0)
        fast, average = state["fast"], state["average"]
        way = average - fast
        way *= _shared(rest)
        np.add(fast, way, out=average)
        way *= beta
        np.add(fast, way, out=params)


@dataclass(frozen=True, kw_only=True)
class ScheduleFreeSGD(_ScheduleFree):
    """SGD that needs no schedule and no end: its answer is an average that steers it [defazio2024]_.

    The gradient is taken at ``y``, the fast point ``z`` steps, and its average ``x`` is the answer:

    ``z -= lr * grads``, ``x += (z - x) * lr_max**2 / sum(lr_max**2)``, ``y = beta * x + (1 - beta) * z``,

    with ``lr_max`` the highest rate so far: at a constant rate all updates count alike, and those of a warm-up less.
    Every update equals that of `SGDScheduleFree` in the authors' package.

    Parameters
    ----------
    beta : number
        How far from the fast point towards the average gradients are taken, from 0 to below 1; the authors' default.
        0 is SGD with the mean of its weights.
    weight_decay : number
        The weight of an L2 penalty at ``y``, 0 or more.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> params, optimizer = np.zeros((1, 1)), ScheduleFreeSGD(beta=0.5)
    >>> state = optimizer.init(params)
    >>> for _ in range(3):
    ...     optimizer.update(params, np.full((1, 1), -1.0), state, lr=1)
    >>> params, optimizer.solution(params, state)  # between 3 and the mean of 1, 2, 3
    (array([[2.5]]), array([[2.]]))
    """

    beta: float = 0.9
    weight_decay: float = 0.0

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        state["fast"] -= _shared(lr) * self._with_l2(params, grads)
        self._settle(params, state, lr, self.beta)

    def effective_lr(self, state: State, lr: Rate) -> Rate:
        return lr


@dataclass(frozen=True, kw_only=True)
class ScheduleFreeAdamW(_ScheduleFree):
    """`ScheduleFreeSGD` with the division of `Adam`; its average takes the place of momentum [defazio2024]_.

    ``z -= lr * (grads / (sqrt(square / (1 - beta2**t)) + eps) + weight_decay * y)`` with ``t = 1, 2, ...``.
    Every update equals that of `AdamWScheduleFree` in the authors' package (1.4; the paper counts the first ones less).

    Parameters
    ----------
    beta1 : number
        How far from the fast point towards the average gradients are taken, from 0 to below 1; the authors' default.
    beta2 : number
        The weight of the past in the average of the squared gradient, from 0 to below 1.
    eps : number
        What keeps the division from 0, in the unit of the gradient; 0 or more.
    weight_decay : number
        The share of the weights at ``y`` that an update at rate 1 takes from ``z``, 0 or more.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> params, optimizer = np.zeros((1, 1)), ScheduleFreeAdamW()
    >>> state = optimizer.init(params)
    >>> optimizer.update(params, np.array([[123.0]]), state, lr=0.1)
    >>> optimizer.solution(params, state).round(3)
    array([[-0.1]])
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0

    def init(self, params: np.ndarray) -> State:
        return super().init(params) | {"square": np.zeros_like(params), "updates": 0}

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        state["updates"] += 1
        _average(state["square"], self.beta2, grads * grads)
        if self.weight_decay:
            state["fast"] -= lr * self.weight_decay * params
        state["fast"] -= self.effective_lr(state, lr) * grads
        self._settle(params, state, lr, self.beta1)

    def effective_lr(self, state: State, lr: Rate) -> np.ndarray:
        c = sqrt(1 - self.beta2 ** state["updates"])
        return _over_root(lr * c, state["square"], self.eps * c)
