"""95 % intervals of a mean over seeds, by Student's t distribution."""

from functools import cache
from math import cos, floor, isfinite, log10, pi, sin, sqrt, tan
from typing import NamedTuple

import numpy as np

__all__ = ["Interval", "interval"]


class Interval(NamedTuple):
    """A mean and the half-width of its 95 % interval; prints as ``0.694 ± 0.031``."""

    mean: float
    half_width: float

    def __str__(self):
        if not (isfinite(self.half_width) and self.half_width > 0):
            return f"{self.mean:.4g}"
        digits = max(0, 1 - floor(log10(self.half_width)))
        return f"{self.mean:.{digits}f} ± {self.half_width:.{digits}f}"


def interval(values: np.ndarray) -> Interval:
    """The mean of `values`, one a seed, with its 95 % t interval.

    Pass differences or ratios of two arms, seed by seed, for a paired interval. The half-width is NaN for a single
    value, and where a value is not finite.

    >>> print(interval([0.68, 0.70, 0.69, 0.73]))
    0.700 ± 0.034
    """
    values = np.asarray(values, float)
    if values.size < 2 or not np.isfinite(values).all():
        return Interval(float(values.mean()), float("nan"))
    with np.errstate(over="ignore"):  # a run may end near the largest float
        deviation = float(values.std(ddof=1))
    return Interval(float(values.mean()), t_quantile(values.size - 1) * deviation / sqrt(values.size))


@cache
def t_quantile(freedom: int) -> float:
    """Where Student's t with a whole number of degrees of freedom leaves 2.5 % on each side.

    With ``angle = atan(t / sqrt(freedom))`` the share within [-t, t] is a finite sum of cosines, which rises with the
    angle (Abramowitz and Stegun, 26.7.3 and 26.7.4), so bisection finds the angle.
    """

    def share_within(angle):
        odd = freedom % 2
        term, total = cos(angle) if odd else 1.0, 0.0
        for k in range(1 + odd, freedom, 2):
            total += term
            term *= cos(angle) ** 2 * k / (k + 1)
        return (angle + sin(angle) * total) * 2 / pi if odd else sin(angle) * total

    low, high = 0.0, pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if share_within(middle) < 0.95 else (low, middle)
    return sqrt(freedom) * tan(low)
