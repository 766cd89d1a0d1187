r"""Optimisers: what turns a gradient and a rate into an update.

An optimiser is a frozen description. ``init(params)`` returns its state, a plain dict, and
``update(params, grads, state, lr)`` changes ``params`` and ``state`` in place. Arrays are ``(runs, parameters)``;
``lr`` is one number, or a column ``(runs, 1)`` with a rate for each run. ``effective_lr(state, lr)`` is the rate by
which the last update multiplied each gradient, or its running average; ``preconditioner(state)`` is what it was divided
by. Updates are those of `torch.optim`, the place of each ``eps`` included.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from lrsched import _check
from lrsched.interfaces import Optimizer

__all__ = ["SGD", "AdaGrad", "Adam", "AdamW", "RMSProp"]

State = dict[str, Any]
Rate = float | np.ndarray


def _average(average: np.ndarray, beta: float, values: np.ndarray) -> None:
    """``average = beta * average + (1 - beta) * values``, in place."""
    average *= beta
    average += (1 - beta) * values


def _shared(lr: Rate) -> Rate:
    """The one number of a column in which all are equal: NumPy multiplies by it twice as fast, to the same bits."""
    if isinstance(lr, np.ndarray) and lr.shape[1:] == (1,) and (lr == lr[0]).all():
        return lr[0, 0]
    return lr


def _over_root(lr: Rate, square: np.ndarray, eps: float) -> np.ndarray:
    """``lr / (sqrt(square) + eps)`` in a single array: a chain of new ones would not stay in the cache."""
    rate = np.sqrt(square)
    rate += eps
    return np.divide(_shared(lr), rate, out=rate)


class _Optimizer(Optimizer):
    weight_decay: float

    def __post_init__(self) -> None:
        _check.arguments(self)

    def effective_lr(self, state: State, lr: Rate) -> Rate:
        """Return the rate by which the last update multiplied each gradient, or its running average.

        Parameters
        ----------
        state : dict
            What `update` has changed.
        lr : number, or array, (runs, 1)
            The rate of that update.

        Returns
        -------
        number, or array that broadcasts to (runs, parameters)
            In the unit of `lr`.
        """
        raise NotImplementedError

    def preconditioner(self, state: State) -> Rate:
        """Return what the last update divided each gradient by, or its running average.

        Parameters
        ----------
        state : dict
            What `update` has changed.

        Returns
        -------
        number, or array that broadcasts to (runs, parameters)
            In the unit of the gradient, or without one where nothing was divided.
        """
        return 1 / self.effective_lr(state, 1.0)

    def _with_l2(self, params: np.ndarray, grads: np.ndarray) -> np.ndarray:
        """The gradient of loss + weight_decay / 2 * |params|^2."""
        return grads + self.weight_decay * params if self.weight_decay else grads


@dataclass(frozen=True, kw_only=True)
class SGD(_Optimizer):
    """Stochastic gradient descent: ``params -= lr * grads``, with `momentum` ``params -= lr * velocity``.

    ``velocity = momentum * velocity + grads``. The rate stands outside: when it drops, so does the next step.

    Parameters
    ----------
    momentum : number, or callable of the update index
        The share of the velocity that is left after an update, from 0 to below 1. A callable is asked at each update
        for its own, as torch's OneCycleLR cycles it; for other processes it must be one that pickles, so no lambda.
    nesterov : bool
        Step along ``grads + momentum * velocity`` instead of the velocity; needs a `momentum`.
    weight_decay : number
        The weight of an L2 penalty, 0 or more: ``weight_decay * params`` is added to the gradient.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or `nesterov` is asked for without `momentum`. A schedule's momentum is checked
        when it is used.

    Examples
    --------
    At a constant gradient of 1, the steps grow towards ``lr / (1 - momentum)``:

    >>> params, sgd = np.array([[0.0]]), SGD(momentum=0.9)
    >>> state = sgd.init(params)
    >>> for _ in range(3):
    ...     sgd.update(params, np.array([[1.0]]), state, lr=0.1)
    ...     print(params.round(3).item())
    -0.1
    -0.29
    -0.561
    """

    momentum: float | Callable[[int], float] = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if callable(self.momentum) and not isinstance(self.momentum, type):
            _check.arguments(self, leave=("momentum",))
        else:
            super().__post_init__()
        if self.nesterov and not self.momentum:
            raise ValueError(f"momentum must be above 0 with nesterov=True, got {self.momentum}")

    def init(self, params: np.ndarray) -> State:
        state: State = {"velocity": np.zeros_like(params)} if self.momentum else {}
        return state | {"updates": 0} if callable(self.momentum) else state

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        grads = self._with_l2(params, grads)
        if self.momentum:
            momentum, velocity = self._next_momentum(state), state["velocity"]
            velocity *= momentum
            velocity += grads
            grads = grads + momentum * velocity if self.nesterov else velocity
        params -= _shared(lr) * grads

    def _next_momentum(self, state: State) -> float:
        if not callable(self.momentum):
            return self.momentum
        t = state["updates"]
        state["updates"] += 1
        return _check.number(f"momentum({t})", self.momentum(t), _check.ARGUMENTS["momentum"])  # type: ignore[arg-type]

    def effective_lr(self, state: State, lr: Rate) -> Rate:
        return lr


@dataclass(frozen=True, kw_only=True)
class AdaGrad(_Optimizer):
    """Divide by the root of the sum of all squared gradients so far [duchi2011]_.

    ``params -= lr * grads / (sqrt(sum) + eps)``. While gradients keep their size, the effective rate falls as
    1/sqrt(t): a schedule of its own.

    Parameters
    ----------
    eps : number
        What keeps the division from 0, in the unit of the gradient; 0 or more.
    weight_decay : number
        The weight of an L2 penalty, 0 or more: ``weight_decay * params`` is added to the gradient.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is below 0 or not finite.

    Examples
    --------
    >>> params, adagrad = np.array([[0.0]]), AdaGrad()
    >>> state = adagrad.init(params)
    >>> for _ in range(4):
    ...     adagrad.update(params, np.array([[1.0]]), state, lr=0.1)
    >>> adagrad.effective_lr(state, lr=0.1).round(3)
    array([[0.05]])
    """

    eps: float = 1e-10
    weight_decay: float = 0.0

    def init(self, params: np.ndarray) -> State:
        return {"sum": np.zeros_like(params)}

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        grads = self._with_l2(params, grads)
        state["sum"] += grads * grads
        params -= self.effective_lr(state, lr) * grads

    def effective_lr(self, state: State, lr: Rate) -> np.ndarray:
        return _over_root(lr, state["sum"], self.eps)


@dataclass(frozen=True, kw_only=True)
class RMSProp(_Optimizer):
    """Divide by the root of a running average of the squared gradients [hinton2012]_.

    ``params -= lr * grads / (sqrt(average) + eps)``, ``average = alpha * average + (1 - alpha) * grads**2``. It
    starts at 0 and is not corrected, so the first step is ``lr / sqrt(1 - alpha)``: 10 times the rate by default.

    Parameters
    ----------
    alpha : number
        The weight of the past in the running average, from 0 to below 1: it looks back about ``1 / (1 - alpha)``
        updates.
    momentum : number
        The share of the velocity, which accumulates the divided gradients, that is left after an update; from 0 to
        below 1.
    eps : number
        What keeps the division from 0, in the unit of the gradient; 0 or more.
    weight_decay : number
        The weight of an L2 penalty, 0 or more: ``weight_decay * params`` is added to the gradient.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> params, rmsprop = np.array([[0.0]]), RMSProp()
    >>> rmsprop.update(params, np.array([[123.0]]), rmsprop.init(params), lr=0.1)
    >>> params.round(3)
    array([[-1.]])
    """

    alpha: float = 0.99
    momentum: float = 0.0
    eps: float = 1e-8
    weight_decay: float = 0.0

    def init(self, params: np.ndarray) -> State:
        state = {"average": np.zeros_like(params)}
        return state | {"velocity": np.zeros_like(params)} if self.momentum else state

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        grads = self._with_l2(params, grads)
        _average(state["average"], self.alpha, grads * grads)
        if self.momentum:
            state["velocity"] *= self.momentum
            state["velocity"] += self.effective_lr(state, 1.0) * grads
            params -= lr * state["velocity"]
        else:
            params -= self.effective_lr(state, lr) * grads

    def effective_lr(self, state: State, lr: Rate) -> np.ndarray:
        return _over_root(lr, state["average"], self.eps)


@dataclass(frozen=True, kw_only=True)
class Adam(_Optimizer):
    """Running averages of the gradient and of its square, both corrected for their start at 0 [kingma2015]_.

    ``params -= lr * mean / (1 - beta1**t) / (sqrt(square / (1 - beta2**t)) + eps)`` with ``t = 1, 2, ...``.
    The first step is the rate itself, whatever the size of the gradient.

    Parameters
    ----------
    beta1 : number
        The weight of the past in the average of the gradient, from 0 to below 1: it looks back about
        ``1 / (1 - beta1)`` updates.
    beta2 : number
        The same for the average of its square.
    eps : number
        What keeps the division from 0, in the unit of the gradient; 0 or more.
    weight_decay : number
        The weight of an L2 penalty, 0 or more: ``weight_decay * params`` is added to the gradient.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> params, adam = np.array([[0.0]]), Adam()
    >>> adam.update(params, np.array([[123.0]]), adam.init(params), lr=0.1)
    >>> params.round(3)
    array([[-0.1]])
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0

    def init(self, params: np.ndarray) -> State:
        return {"updates": 0, "mean": np.zeros_like(params), "square": np.zeros_like(params)}

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        grads = self._with_l2(params, grads)
        state["updates"] += 1
        _average(state["mean"], self.beta1, grads)
        _average(state["square"], self.beta2, grads * grads)
        params -= self.effective_lr(state, lr) * state["mean"]

    def effective_lr(self, state: State, lr: Rate) -> np.ndarray:
        t = state["updates"]
        c = sqrt(1 - self.beta2**t)  # c and 1 - beta1**t make up for the start at 0
        return _over_root(lr * c / (1 - self.beta1**t), state["square"], self.eps * c)

    def preconditioner(self, state: State) -> Rate:
        # The start of the mean at 0 makes the first rates differ, not the denominators.
        return super().preconditioner(state) / (1 - self.beta1 ** state["updates"])


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """`Adam` with weight decay outside the gradient [loshchilov2019]_.

    First ``params *= 1 - lr * weight_decay``, so the schedule scales the decay too; then the update of `Adam`.

    Parameters
    ----------
    beta1, beta2, eps : number
        As in `Adam`.
    weight_decay : number
        The share of each parameter that an update at rate 1 takes away, 0 or more.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is out of range.

    Examples
    --------
    Without a gradient nothing but the decay is left:

    >>> params, adamw = np.array([[2.0]]), AdamW(weight_decay=0.5)
    >>> adamw.update(params, np.array([[0.0]]), adamw.init(params), lr=0.1)
    >>> params
    array([[1.9]])
    """

    weight_decay: float = 0.01

    def update(self, params: np.ndarray, grads: np.ndarray, state: State, lr: Rate) -> None:
        params *= 1 - lr * self.weight_decay
        super().update(params, grads, state, lr)

    def _with_l2(self, params: np.ndarray, grads: np.ndarray) -> np.ndarray:
        return grads
