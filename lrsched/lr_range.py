"""The learning-rate range test: raise the rate at every update and look where the loss falls and where it explodes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lrsched import _check
from lrsched.interfaces import Optimizer, Problem
from lrsched.training import train

__all__ = ["RangeTest", "range_test"]


@dataclass(frozen=True, eq=False, repr=False)
class RangeTest:
    """The losses along a rising rate, one row a seed; `range_test` makes it.

    Parameters
    ----------
    lr : array, (steps,)
        The rate of each update.
    loss : array, (seeds, steps)
        The batch loss before each update.
    smoothed : array, (seeds, steps)
        Its running average; NaN from where a run counts as diverged: its average above 4 times its lowest so far.

    Examples
    --------
    >>> rates = np.array([0.01, 0.1, 1.0])
    >>> losses = np.array([[5.0, 1.0, 3.0]])
    >>> RangeTest(rates, losses, losses).suggest("minimum")
    0.1
    """

    lr: np.ndarray
    loss: np.ndarray
    smoothed: np.ndarray

    def suggestions(self, rule: str = "steepest") -> np.ndarray:
        """The rate that each seed suggests.

        Parameters
        ----------
        rule : str
            ``"steepest"``: where the smoothed loss falls fastest against the logarithm of the rate, after the first
            tenth of the ramp and before its minimum; ``"minimum"``: where it is lowest; ``"minimum/10"``: a tenth of
            that; ``"valley"``: the middle of its longest falling subsequence.

        Returns
        -------
        array, (seeds,)
            The rates.

        Raises
        ------
        ValueError
            If there is no such rule, or a run diverged before its second update.
        """
        suggestion = RULES[_check.option("rule", rule, RULES)]
        curves = [curve[np.isfinite(curve)] for curve in self.smoothed]
        if min(map(len, curves)) < 2:
            raise ValueError(f"min_lr must be lower: at {self.lr[0]:g} a run diverges before its second update")
        return np.array([suggestion(self.lr, curve) for curve in curves])

    def suggest(self, rule: str = "steepest") -> float:
        """The median of the suggestions.

        Parameters
        ----------
        rule : str
            As in `suggestions`.

        Returns
        -------
        float
            The rate.

        Raises
        ------
        ValueError
            As in `suggestions`.
        """
        return float(np.median(self.suggestions(rule)))


def range_test(
    problem: Problem,
    optimizer: Optimizer,
    *,
    min_lr: float = 1e-4,
    max_lr: float = 10.0,
    steps: int = 100,
    seeds: int | Sequence[int] | np.ndarray = 10,
    smoothing: float = 0.8,
) -> RangeTest:
    """Train with a rate that rises exponentially from `min_lr` to `max_lr` in `steps` updates [smith2017]_.

    ``lr(t) = min_lr * (max_lr / min_lr) ** (t / (steps - 1))``.

    Parameters
    ----------
    problem, optimizer
        As in `train`.
    min_lr : number
        The rate of the first update, above 0.
    max_lr : number
        The rate of the last update, above `min_lr`.
    steps : int
        The number of updates, 2 or more.
    seeds : int or sequence of int, (seeds,)
        As in `train`.
    smoothing : number
        The weight of the past in the running average of the loss, from 0 to below 1.

    Returns
    -------
    RangeTest
        The losses, and the rates that they suggest.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> from lrsched import SGD, Digits
    >>> test = range_test(Digits(hidden=(32,)), SGD())
    >>> round(test.suggest(), 2), round(test.suggest("minimum"), 2)
    (1.38, 3.32)
    """
    min_lr = _check.number("min_lr", min_lr, "a number above 0")
    max_lr = _check.argument("max_lr", max_lr)
    steps = _check.number("steps", steps, "a whole number of 2 or more")
    _check.argument("smoothing", smoothing)
    if not max_lr > min_lr:
        raise ValueError(f"max_lr must be above min_lr = {min_lr}, got {max_lr}")
    ramp = np.geomspace(min_lr, max_lr, steps)
    history = train(problem, optimizer, ramp.__getitem__, steps=steps, seeds=seeds)
    return RangeTest(history.lr, history.loss, np.array([smooth(loss, smoothing) for loss in history.loss]))


def smooth(loss: np.ndarray, smoothing: float) -> np.ndarray:
    """The running average, corrected for its start at 0 as in `Adam`, up to where it explodes."""
    smoothed, average, lowest = np.full(len(loss), np.nan), 0.0, np.inf
    for t, value in enumerate(loss):
        average = smoothing * average + (1 - smoothing) * value
        corrected = average / (1 - smoothing ** (t + 1))
        lowest = min(lowest, corrected)
        if not corrected <= 4 * lowest:
            break
        smoothed[t] = corrected
    return smoothed


def _steepest(lr: np.ndarray, curve: np.ndarray) -> float:
    first = min(len(lr) // 10, curve.argmin())  # the average over a few losses is too noisy to have a slope
    return float(lr[first + np.gradient(curve)[first : curve.argmin() + 1].argmin()])


def _minimum(lr: np.ndarray, curve: np.ndarray) -> float:
    return float(lr[curve.argmin()])


def _valley(lr: np.ndarray, curve: np.ndarray) -> float:
    lengths = np.ones(len(curve), int)  # of the longest falling subsequence that ends here
    for i in range(1, len(curve)):
        lengths[i] += lengths[:i].max(where=curve[:i] > curve[i], initial=0)
    end = lengths.argmax()
    return float(lr[end - lengths[end] // 2])


RULES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "steepest": _steepest,
    "minimum": _minimum,
    "minimum/10": lambda lr, curve: _minimum(lr, curve) / 10,
    "valley": _valley,
}
