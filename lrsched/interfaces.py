"""What `train` and its like expect of a problem, an optimiser and a schedule: write your own to these.

None of them is a base class: whatever has the methods fits. Everything numeric is an array with one row a *run*, so
that many runs, each with its own seed, go through one call.

    >>> from lrsched import Constant, train
    >>> class Parabola:
    ...     metric = "loss"
    ...     def init(self, seeds):
    ...         return np.ones((len(seeds), 1))
    ...     def batches(self, seeds, steps):
    ...         return (None for _ in range(steps))
    ...     def loss_and_grads(self, params, batch):
    ...         return params[:, 0] ** 2, 2 * params
    ...     def evaluate(self, params, seeds, split):
    ...         return {"loss": params[:, 0] ** 2}
    >>> class SignDescent:
    ...     def init(self, params):
    ...         return {}
    ...     def update(self, params, grads, state, lr):
    ...         params -= lr * np.sign(grads)
    >>> train(Parabola(), SignDescent(), lambda t: 0.25, steps=3, seeds=1).loss
    array([[1.    , 0.5625, 0.25  ]])
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

__all__ = ["Optimizer", "Problem", "ScheduleLike"]


class ScheduleLike(Protocol):
    """The rate that each update uses: any callable of the update index, a `Schedule` or a plain function."""

    def __call__(self, step: int, /) -> float:
        """Return the rate of one update.

        Parameters
        ----------
        step : int
            The index of the update, from 0 on. `train` asks once for each, in order.

        Returns
        -------
        float
            The rate.
        """
        ...


@runtime_checkable
class Problem(Protocol):
    """What is minimised. A seed fixes the initial parameters and all batches, whichever seeds are beside it."""

    @property
    def metric(self) -> str:
        """The score by which runs are compared; one of the names that `evaluate` returns."""
        ...

    def init(self, seeds: Sequence[int], /) -> np.ndarray:
        """Return the initial parameters.

        Parameters
        ----------
        seeds : sequence of int, (runs,)
            One a run.

        Returns
        -------
        array, (runs, parameters)
            New, for the optimiser changes it in place.
        """
        ...

    def batches(self, seeds: Sequence[int], steps: int, /) -> Iterable[Any]:
        """Return what the runs see at each update.

        A longer run begins like a shorter one. For a run that goes on, those before are drawn and dropped, unless
        there is a third argument ``start``: the index of the first of the `steps` updates.

        Parameters
        ----------
        seeds : sequence of int, (runs,)
            One a run.
        steps : int
            The number of updates.

        Returns
        -------
        iterable of length `steps`
            Whatever `loss_and_grads` takes as its batch.
        """
        ...

    def loss_and_grads(self, params: np.ndarray, batch: Any, /) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each run on its batch, and its gradient.

        Parameters
        ----------
        params : array, (runs, parameters)
            Where the runs are; not to be changed.
        batch
            One item of `batches`.

        Returns
        -------
        losses : array, (runs,)
            In the unit of the loss.
        grads : array, (runs, parameters)
            Loss by parameter.
        """
        ...

    def evaluate(self, params: np.ndarray, seeds: Sequence[int], split: str, /) -> Mapping[str, np.ndarray]:
        """Return the scores of finished runs.

        Parameters
        ----------
        params : array, (runs, parameters)
            Where the runs ended.
        seeds : sequence of int, (runs,)
            One a run.
        split : "train" or "test"
            The data to score on.

        Returns
        -------
        mapping of str to array, (runs,)
            Each score by its name. Lower is better, but for ``accuracy``.
        """
        ...


@runtime_checkable
class Optimizer(Protocol):
    """What turns gradients and a rate into an update.

    It may have four methods more. ``effective_lr(state, lr)``, which ``record=["effective_lr"]`` asks for, is the rate
    by which the last update multiplied each gradient, of a shape that broadcasts to ``(runs, parameters)``.
    ``solution(params, state)`` are the parameters to evaluate, ``(runs, parameters)``, where they are not those at
    which gradients are taken. ``clipped(state)`` is whether the last update shortened the gradient, ``(runs,)``.
    ``preconditioner(state)``, which `follow` asks for with ``preconditioned=True``, is what the last update divided
    each gradient by.
    """

    def init(self, params: np.ndarray, /) -> Any:
        """Return the state before the first update.

        Parameters
        ----------
        params : array, (runs, parameters)
            The initial parameters.

        Returns
        -------
        state
            Whatever `update` changes in place. A run can go on (``train(..., after=history)``) if it is a dict, as in
            this package, of arrays with one row a run, numbers that all runs share, and such dicts.
        """
        ...

    def update(self, params: np.ndarray, grads: np.ndarray, state: Any, lr: np.ndarray, /) -> None:
        """Change `params` and `state` in place.

        Parameters
        ----------
        params : array, (runs, parameters)
            Where the runs are.
        grads : array, (runs, parameters)
            The gradients there; not to be changed.
        state
            What `init` returned.
        lr : array, (runs, 1)
            The rate of each run.
        """
        ...
