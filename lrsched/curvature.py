"""The curvature along a run, measured on the way: no path is stored.

Where the sharpness times the rate exceeds 2, the next update of full-batch gradient descent overshoots. How a network
answers to that is the edge of stability [cohen2021]_.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrsched import _check
from lrsched._runs import number_of_updates
from lrsched.interfaces import Optimizer, Problem, ScheduleLike
from lrsched.intervals import interval
from lrsched.schedules import rates

__all__ = ["Curvature", "follow"]


@dataclass(frozen=True, eq=False, repr=False)
class Curvature:
    """The sharpness along each run, and what happened there: one row a seed.

    `follow` makes it; the arguments are its attributes.

    Parameters
    ----------
    seeds : tuple of int, (seeds,)
        One a run.
    times : array of int, (times,)
        The updates before which was measured.
    sharpness : array, (seeds, times)
        The largest curvature, in units of loss by squared parameter; NaN where a run has diverged.
    lr : array, (steps,)
        The rate of each update.
    loss : array, (seeds, steps)
        The batch loss before each update; ``inf`` from where a run diverged.

    Examples
    --------
    >>> from lrsched import SGD, Constant, Digits
    >>> run = follow(Digits(hidden=(8,), pool_size=100), SGD(), Constant(0.1), steps=20, every=10, seeds=2)
    >>> run.times, run.sharpness.shape
    (array([ 0, 10]), (2, 2))
    >>> (run.sharpness * run.lr[run.times] / 2).round(2)
    array([[0.03, 0.02],
           [0.03, 0.02]])
    """

    seeds: tuple[int, ...]
    times: np.ndarray
    sharpness: np.ndarray
    lr: np.ndarray
    loss: np.ndarray

    def __repr__(self) -> str:
        seeds, steps = self.loss.shape
        last = interval(self.sharpness[:, -1])
        return f"Curvature of {seeds} seeds at {len(self.times)} of {steps} updates: last sharpness {last}"


def follow(
    problem: Problem,
    optimizer: Optimizer,
    schedule: ScheduleLike,
    *,
    steps: int | None = None,
    every: int,
    seeds: int | Sequence[int] | np.ndarray = 10,
    measure: Any = None,
    tolerance: float = 1e-3,
    preconditioned: bool = False,
) -> Curvature:
    """Train as `train` does, and measure the sharpness before each `every`-th update, where its gradient is taken.

    The threshold to compare it with is ``2 / lr``, with momentum ``2 * (1 + momentum) / lr``. What counts for an
    optimiser that divides gradients by P is the preconditioned sharpness, the largest eigenvalue of
    ``P**(-1/2) H P**(-1/2)`` with the Hessian H; for Adam its threshold is ``(2 + 2 * beta1) / ((1 - beta1) * lr)``,
    38 / lr by default [cohen2022]_.

    Parameters
    ----------
    problem : Problem
        As in `train`.
    optimizer : Optimizer
        As in `train`; with `preconditioned` it needs a method ``preconditioner(state)``, as those here have.
    schedule : Schedule or callable of the update index
        The rate of each update.
    steps : int or None
        The number of updates, 1 or more. None takes the schedule's ``total_steps``.
    every : int
        Measure before updates 0, `every`, 2 `every` ..., 1 or more.
    seeds : int or sequence of int, (seeds,)
        As in `train`.
    measure : problem or None
        Where to measure: a problem with the same parameters and a method ``sharpness(params, seeds, tolerance,
        scale)``, such as the same `Digits` with a smaller ``pool_size``, which is faster. None is `problem` itself.
    tolerance : number
        Of the measurement, above 0: see `Digits.sharpness`.
    preconditioned : bool
        Divide by the denominators P of the update that follows.

    Returns
    -------
    Curvature
        The sharpness at those times, with rates and losses of all updates.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or `steps` is not given and the schedule has no end.

    Examples
    --------
    A rate that is too high for the start drives a network to where its sharpness is just below 2 / rate:

    >>> from lrsched import SGD, Constant, Digits
    >>> network = Digits(hidden=(8,), activation="tanh", loss="squared", batch_size=None, pool_size=100)
    >>> run = follow(network, SGD(), Constant(0.8), steps=400, every=100, seeds=3)
    >>> (run.sharpness * 0.8 / 2).mean(axis=0).round(1)
    array([2.5, 0.9, 1. , 1. ])
    """
    _check.instance("problem", problem, Problem, "a problem such as Digits(), with what Problem names")
    _check.instance("optimizer", optimizer, Optimizer, "an optimiser such as SGD(), with what Optimizer names")
    measure = problem if measure is None else measure
    if isinstance(measure, type) or not hasattr(measure, "sharpness"):
        raise TypeError(f"measure must be a problem with a method sharpness, as Digits has, got {measure!r}")
    preconditioned = _check.argument("preconditioned", preconditioned)
    denominators: Any = getattr(optimizer, "preconditioner", None) if preconditioned else None
    if preconditioned and denominators is None:
        raise TypeError(f"optimizer must have a method preconditioner to be measured with it, got {optimizer!r}")
    tolerance, every = _check.argument("tolerance", tolerance), _check.argument("every", every)
    seeds = _check.seeds(seeds)
    lr = rates(schedule, number_of_updates(steps, schedule, start=0))
    params = problem.init(seeds)
    state = optimizer.init(params)
    times = np.arange(0, len(lr), every)
    loss, sharpness = np.empty((len(seeds), len(lr))), np.full((len(seeds), len(times)), np.nan)
    with np.errstate(all="ignore"):  # a run that diverges is recorded, not reported
        for t, batch in enumerate(problem.batches(seeds, len(lr))):
            loss[:, t], grads = problem.loss_and_grads(params, batch)
            here = params.copy() if t % every == 0 else None
            optimizer.update(params, grads, state, np.full((len(seeds), 1), lr[t]))
            if here is not None:  # after the update, when the optimiser knows its denominators
                scale = np.broadcast_to(denominators(state) ** -0.5 if denominators else 1.0, here.shape)
                alive = np.flatnonzero(np.isfinite(here * scale).all(axis=1))
                at = {"seeds": [seeds[run] for run in alive], "tolerance": tolerance, "scale": scale[alive]}
                sharpness[alive, t // every] = measure.sharpness(here[alive], **at)
    loss[np.logical_or.accumulate(~np.isfinite(loss), axis=1)] = np.inf
    return Curvature(seeds, times, sharpness, lr, loss)
