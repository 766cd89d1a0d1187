"""95 % intervals of a mean over seeds, by Student's t distribution."""

from functools import cache
from math import cos, floor, isfinite, log10, pi, sin, sqrt, tan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrsched import _check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Interval", "interval"]


class Interval(NamedTuple):
    """A mean and the half-width of its 95 % interval; prints as ``0.694 ± 0.031``.

    Parameters
    ----------
    mean : float
        The mean over seeds.
    half_width : float
        What to add and take away, in the same unit; NaN where it is unknown.

    Examples
    --------
    >>> print(Interval(0.69412, 0.0312))
    0.694 ± 0.031
    """

    mean: float
    half_width: float

    def __str__(self) -> str:
        if not (isfinite(self.half_width) and self.half_width > 0):
            return f"{self.mean:.4g}"
        digits = max(0, 1 - floor(log10(self.half_width)))
        return f"{self.mean:.{digits}f} ± {self.half_width:.{digits}f}"


def interval(values: "ArrayLike") -> Interval:
    """The mean of `values` with its 95 % t interval: ``mean ± t * deviation / sqrt(n)``.

    Pass differences or ratios of two arms, seed by seed, for a paired interval.

    Parameters
    ----------
    values : array, (seeds,)
        One value a seed, in any unit.

    Returns
    -------
    Interval
        In the same unit. The half-width is NaN for a single value, and where a value is not finite.

    Raises
    ------
    TypeError
        If `values` are no numbers.
    ValueError
        If there are none, or the array has more than one dimension.

    Examples
    --------
    >>> print(interval([0.68, 0.70, 0.69, 0.73]))
    0.700 ± 0.034
    """
    array = _check.array("values", values).astype(float)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"values must be one for each seed, at least one, got an array of shape {array.shape}")
    mean = float(array.mean())
    if array.size < 2 or not np.isfinite(array).all():
        return Interval(mean, float("nan"))
    with np.errstate(over="ignore"):  # a run may end near the largest float
        deviation = float(array.std(ddof=1))
    return Interval(mean, t_quantile(array.size - 1) * deviation / sqrt(array.size))


@cache
def t_quantile(freedom: int) -> float:
    """Where Student's t with a whole number of degrees of freedom leaves 2.5 % on each side.

    With ``angle = atan(t / sqrt(freedom))`` the share within [-t, t] is a finite sum of cosines, which rises with the
    angle (Abramowitz and Stegun, 26.7.3 and 26.7.4), so bisection finds the angle.
    """

    def share_within(angle: float) -> float:
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
