"""The learning-rate range test: raise the rate at every update and look where the loss falls and where it explodes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrsched import _check
from lrsched.training import train

__all__ = ["RangeTest", "range_test"]


@dataclass(frozen=True, eq=False, repr=False)
class RangeTest:
    """The losses along a rising rate, one row a seed.

    Attributes
    ----------
    lr : array, (steps,)
    loss : array, (seeds, steps)
        The batch loss before each update.
    smoothed : array, (seeds, steps)
        Its running average; NaN from where a run counts as diverged: its average above 4 times its lowest so far.
    """

    lr: np.ndarray
    loss: np.ndarray
    smoothed: np.ndarray

    def suggestions(self, rule: str = "steepest") -> np.ndarray:
        """The rate that each seed suggests.

        ``"steepest"``: where the smoothed loss falls fastest against the logarithm of the rate, after the first
        tenth of the ramp and before its minimum; ``"minimum"``: where it is lowest; ``"minimum/10"``: a tenth of
        that; ``"valley"``: the middle of its longest falling subsequence.
        """
        if rule not in RULES:
            raise ValueError(f"rule must be one of {list(RULES)}, got {rule!r}")
        curves = (curve[~np.isnan(curve)] for curve in self.smoothed)
        return np.array([RULES[rule](self.lr, curve) for curve in curves])

    def suggest(self, rule: str = "steepest") -> float:
        """The median of the suggestions."""
        return float(np.median(self.suggestions(rule)))


def range_test(
    problem,
    optimizer,
    *,
    min_lr: float = 1e-4,
    max_lr: float = 10.0,
    steps: int = 100,
    seeds: int | Sequence[int] = 10,
    smoothing: float = 0.8,
) -> RangeTest:
    """Train with a rate that rises exponentially from `min_lr` to `max_lr` in `steps` updates [smith2017]_.

    `smoothing` is the weight of the past in the running average of the loss.
    """
    _check.number("min_lr", min_lr, "a number above 0")
    _check.number("steps", steps, "a whole number of 1 or more")
    _check.number("smoothing", smoothing, "a number of 0 or more and below 1")
    if not max_lr > min_lr:
        raise ValueError(f"max_lr must be above min_lr, got min_lr={min_lr}, max_lr={max_lr}")
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


def _steepest(lr, curve):
    first = min(len(lr) // 10, curve.argmin())  # the average over a few losses is too noisy to have a slope
    return lr[first + np.gradient(curve)[first : curve.argmin() + 1].argmin()]


def _minimum(lr, curve):
    return lr[curve.argmin()]


def _valley(lr, curve):
    lengths = np.ones(len(curve), int)  # of the longest falling subsequence that ends here
    for i in range(1, len(curve)):
        lengths[i] += lengths[:i].max(where=curve[:i] > curve[i], initial=0)
    end = lengths.argmax()
    return lr[end - lengths[end] // 2]


RULES = {
    "steepest": _steepest,
    "minimum": _minimum,
    "minimum/10": lambda lr, curve: _minimum(lr, curve) / 10,
    "valley": _valley,
}
