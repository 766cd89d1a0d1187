"""What goes around an optimiser: `Clipped` shortens its gradients, `Grouped` gives groups of parameters other rates.

Each is an optimiser itself, so that they nest.

    >>> from lrsched import SGD, Constant, Quadratic, train
    >>> steep = Quadratic([1, 100], start=[1, 5])
    >>> history = train(steep, Clipped(SGD(), max_norm=100), Constant(0.01), steps=6, seeds=1)
    >>> history.clipped
    array([[ True,  True,  True,  True,  True, False]])
    >>> history.clipped.sum(axis=1)
    array([5])
"""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from lrsched import _check
from lrsched.interfaces import Optimizer
from lrsched.optimizers import Rate, State

__all__ = ["Clipped", "Grouped"]


def gradient_norms(grads: np.ndarray) -> np.ndarray:
    """The length of each run's gradient, all its parameters together."""
    return np.sqrt(grads[:, None] @ grads[:, :, None])[:, 0, 0]


class Wrapper(Optimizer):
    """It has what the optimiser inside has: a method that is lacking there is lacking here."""

    optimizer: Optimizer

    def __post_init__(self) -> None:
        _check.instance("optimizer", self.optimizer, Optimizer, "an optimiser such as SGD(), with what Optimizer names")
        _check.arguments(self)

    def init(self, params: np.ndarray) -> State:
        return {"optimizer": self.optimizer.init(params)}

    @property
    def effective_lr(self) -> Callable[[State, Rate], Rate]:
        """As that of the optimiser inside."""
        inside: Any = self.optimizer
        effective_lr = inside.effective_lr
        return lambda state, lr: effective_lr(state["optimizer"], lr)

    @property
    def preconditioner(self) -> Callable[[State], Rate]:
        """As that of the optimiser inside."""
        inside: Any = self.optimizer
        preconditioner = inside.preconditioner
        return lambda state: preconditioner(state["optimizer"])

    @property
    def solution(self) -> Callable[[np.ndarray, State], np.ndarray]:
        """As that of the optimiser inside."""
        inside: Any = self.optimizer
        solution = inside.solution
        return lambda params, state: solution(params, state["optimizer"])

    @property
    def clipped(self) -> Callable[[State], np.ndarray]:
        """As that of the optimiser inside."""
        inside: Any = self.optimizer
        clipped = inside.clipped
        return lambda state: clipped(state["optimizer"])


@dataclass(frozen=True)
class Clipped(Wrapper):
    """Shorten a gradient that is longer than `max_norm`, then update as `optimizer` does [pascanu2013]_.

    ``grads * min(1, max_norm / (norm + 1e-6))`` with ``norm = sqrt(sum(grads**2))`` over all parameters of a run: its
    direction stays. The same as `torch.nn.utils.clip_grad_norm_` before each step. Which updates were clipped is
    ``history.clipped``, and how long gradients are ``record=["grad_norm"]``. Too low a norm is a low rate in disguise.

    Parameters
    ----------
    optimizer : Optimizer
        What gets the shorter gradients.
    max_norm : number
        The length that none exceeds, above 0, in the unit of the gradient.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `max_norm` is not above 0, or not finite.

    Examples
    --------
    >>> from lrsched import SGD
    >>> params, clipped = np.zeros((1, 2)), Clipped(SGD(), max_norm=1)
    >>> state = clipped.init(params)
    >>> clipped.update(params, np.array([[30.0, 40.0]]), state, lr=0.1)
    >>> params.round(3)
    array([[-0.06, -0.08]])
    """

    optimizer: Optimizer
    _: KW_ONLY
    max_norm: float

    def init(self, params: np.ndarray) -> State:
        return super().init(params) | {"clipped": np.zeros(len(params), bool)}

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        share = self.max_norm / (gradient_norms(grads) + 1e-6)
        np.less(share, 1, out=state["clipped"])
        if state["clipped"].any():
            grads = grads * np.minimum(share, 1)[:, None]
        self.optimizer.update(params, grads, state["optimizer"], lr)  # type: ignore[arg-type]  # a rate for each run

    def clipped(self, state: State) -> np.ndarray:
        """Return which runs had their gradient shortened by the last update.

        Parameters
        ----------
        state : dict
            What `update` has changed.

        Returns
        -------
        array of bool, (runs,)
            One a run.
        """
        return state["clipped"]


@dataclass(frozen=True)
class Grouped(Wrapper):
    """Update as `optimizer` does, each group of parameters at a rate of its own: the schedule's times a factor.

    A group is a stretch of the parameters of a run. The same as one `torch.optim` group for each, all driven by one
    schedule. A factor of 0 freezes a group.

    Parameters
    ----------
    optimizer : Optimizer
        What gets the rates.
    factors : sequence of numbers, (groups,)
        What each group multiplies the rate by, 0 or more.
    sizes : sequence of int, (groups,)
        The number of parameters of each group, 1 or more, in order, such as ``Digits(...).stretches``.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If a factor is below 0 or not finite, there are not as many factors as sizes, or a problem has another number of
        parameters.

    Examples
    --------
    >>> from lrsched import SGD
    >>> params, grouped = np.zeros((1, 3)), Grouped(SGD(), factors=[1, 0.1], sizes=[2, 1])
    >>> grouped.update(params, np.ones((1, 3)), grouped.init(params), lr=0.5)
    >>> params
    array([[-0.5 , -0.5 , -0.05]])
    """

    optimizer: Optimizer
    _: KW_ONLY
    factors: Sequence[float] | np.ndarray
    sizes: Sequence[int] | np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        factors = _check.numbers("factors", self.factors, "a number of 0 or more")
        sizes = _check.numbers("sizes", self.sizes, "a whole number of 1 or more")
        if len(factors) != len(sizes):
            raise ValueError(f"factors must be as many as sizes, {len(sizes)}, got {len(factors)}")
        object.__setattr__(self, "factors", tuple(map(float, factors)))
        object.__setattr__(self, "sizes", sizes)

    def init(self, params: np.ndarray) -> State:
        if sum(self.sizes) != params.shape[1]:
            raise ValueError(f"sizes must sum to the {params.shape[1]} parameters, got {list(self.sizes)}")
        return super().init(params)

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        self.optimizer.update(params, grads, state["optimizer"], lr * self._factors)

    @property
    def effective_lr(self) -> Callable[[State, Rate], Rate]:
        """As that of the optimiser inside, at the rates of the groups."""
        effective_lr = super().effective_lr
        return lambda state, lr: effective_lr(state, lr * self._factors)

    @property
    def preconditioner(self) -> Callable[[State], Rate]:
        """As that of the optimiser inside, over the factors; infinite where parameters are frozen."""
        preconditioner = super().preconditioner

        def over_factors(state: State) -> Rate:
            with np.errstate(divide="ignore"):
                return preconditioner(state) / self._factors

        return over_factors

    @property
    def _factors(self) -> np.ndarray:
        """The factor of each parameter, in one row."""
        return np.repeat(self.factors, self.sizes)[None]
