r"""Optimisers: what turns a gradient and a rate into an update.

An optimiser is a frozen description. ``init(params)`` returns its state, a plain dict, and
``update(params, grads, state, lr)`` changes ``params`` and ``state`` in place. Arrays are ``(runs, parameters)``;
``lr`` is one number, or a column ``(runs, 1)`` with a rate for each run. ``effective_lr(state, lr)`` is the rate by
which the last update multiplied each gradient, or its running average. Updates are those of `torch.optim`, the place
of each ``eps`` included.

    >>> params, adam = np.array([[1.0]]), Adam()
    >>> state = adam.init(params)
    >>> adam.update(params, np.array([[123.0]]), state, lr=0.1)
    >>> params.round(6)
    array([[0.9]])
"""

from dataclasses import dataclass, fields
from math import sqrt

import numpy as np

from lrsched import _check

__all__ = ["SGD", "AdaGrad", "Adam", "AdamW", "RMSProp"]

ALLOWED = {
    "momentum": "a number of 0 or more and below 1",
    "alpha": "a number of 0 or more and below 1",
    "beta1": "a number of 0 or more and below 1",
    "beta2": "a number of 0 or more and below 1",
    "eps": "a number of 0 or more",
    "weight_decay": "a number of 0 or more",
}


def _average(average, beta, values):
    """``average = beta * average + (1 - beta) * values``, in place."""
    average *= beta
    average += (1 - beta) * values


def _over_root(lr, square, eps):
    """``lr / (sqrt(square) + eps)`` in a single array: a chain of new ones would not stay in the cache."""
    rate = np.sqrt(square)
    rate += eps
    return np.divide(lr, rate, out=rate)


class _Optimizer:
    def __post_init__(self):
        for field in fields(self):
            if field.name in ALLOWED:
                _check.number(field.name, getattr(self, field.name), ALLOWED[field.name])

    def _with_l2(self, params, grads):
        """The gradient of loss + weight_decay / 2 * |params|^2."""
        return grads + self.weight_decay * params if self.weight_decay else grads


@dataclass(frozen=True, kw_only=True)
class SGD(_Optimizer):
    """Stochastic gradient descent: ``params -= lr * grads``, with `momentum` ``params -= lr * velocity``.

    ``velocity = momentum * velocity + grads``. The rate stands outside: when it drops, so does the next step.
    `nesterov` takes ``grads + momentum * velocity`` instead of the velocity. `weight_decay` is an L2 penalty.
    """

    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0, got momentum=0.0")

    def init(self, params):
        return {"velocity": np.zeros_like(params)} if self.momentum else {}

    def update(self, params, grads, state, lr):
        grads = self._with_l2(params, grads)
        if self.momentum:
            velocity = state["velocity"]
            velocity *= self.momentum
            velocity += grads
            grads = grads + self.momentum * velocity if self.nesterov else velocity
        params -= lr * grads

    def effective_lr(self, state, lr):
        return lr


@dataclass(frozen=True, kw_only=True)
class AdaGrad(_Optimizer):
    """Divide by the root of the sum of all squared gradients so far [duchi2011]_.

    ``params -= lr * grads / (sqrt(sum) + eps)``. While gradients keep their size, the effective rate falls as
    1/sqrt(t): a schedule of its own.
    """

    eps: float = 1e-10
    weight_decay: float = 0.0

    def init(self, params):
        return {"sum": np.zeros_like(params)}

    def update(self, params, grads, state, lr):
        grads = self._with_l2(params, grads)
        state["sum"] += grads * grads
        params -= self.effective_lr(state, lr) * grads

    def effective_lr(self, state, lr):
        return _over_root(lr, state["sum"], self.eps)


@dataclass(frozen=True, kw_only=True)
class RMSProp(_Optimizer):
    """Divide by the root of a running average of the squared gradients [hinton2012]_.

    ``params -= lr * grads / (sqrt(average) + eps)``, ``average = alpha * average + (1 - alpha) * grads**2``. It
    starts at 0 and is not corrected, so the first step is ``lr / sqrt(1 - alpha)``: 10 times the rate by default.
    `momentum` accumulates the divided gradients.
    """

    alpha: float = 0.99
    momentum: float = 0.0
    eps: float = 1e-8
    weight_decay: float = 0.0

    def init(self, params):
        state = {"average": np.zeros_like(params)}
        return state | {"velocity": np.zeros_like(params)} if self.momentum else state

    def update(self, params, grads, state, lr):
        grads = self._with_l2(params, grads)
        _average(state["average"], self.alpha, grads * grads)
        if self.momentum:
            state["velocity"] *= self.momentum
            state["velocity"] += self.effective_lr(state, 1.0) * grads
            params -= lr * state["velocity"]
        else:
            params -= self.effective_lr(state, lr) * grads

    def effective_lr(self, state, lr):
        return _over_root(lr, state["average"], self.eps)


@dataclass(frozen=True, kw_only=True)
class Adam(_Optimizer):
    """Running averages of the gradient and of its square, both corrected for their start at 0 [kingma2015]_.

    ``params -= lr * mean / (1 - beta1**t) / (sqrt(square / (1 - beta2**t)) + eps)`` with ``t = 1, 2, ...``.
    The first step is the rate itself, whatever the size of the gradient. `weight_decay` is an L2 penalty.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0

    def init(self, params):
        return {"updates": 0, "mean": np.zeros_like(params), "square": np.zeros_like(params)}

    def update(self, params, grads, state, lr):
        grads = self._with_l2(params, grads)
        state["updates"] += 1
        _average(state["mean"], self.beta1, grads)
        _average(state["square"], self.beta2, grads * grads)
        params -= self.effective_lr(state, lr) * state["mean"]

    def effective_lr(self, state, lr):
        t = state["updates"]
        c = sqrt(1 - self.beta2**t)  # c and 1 - beta1**t make up for the start at 0
        return _over_root(lr * c / (1 - self.beta1**t), state["square"], self.eps * c)


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """`Adam` with weight decay apart from the gradient [loshchilov2019]_.

    First ``params *= 1 - lr * weight_decay``, so the schedule scales the decay too; then the update of `Adam`.
    """

    weight_decay: float = 0.01

    def update(self, params, grads, state, lr):
        params *= 1 - lr * self.weight_decay
        super().update(params, grads, state, lr)

    def _with_l2(self, params, grads):
        return grads
