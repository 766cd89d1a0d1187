"""Rates that do not decrease: steps far above the limit of stability, in an order in which the next mends the last.

Where curvatures lie between `low` and `high`, a constant rate must stay below 2 / high. What counts after `steps`
updates is the product of the factors ``1 - rate * curvature``, and that does not depend on their order:

    >>> from lrsched import Quadratic
    >>> problem = Quadratic(np.geomspace(1, 100, 30))
    >>> lr = chebyshev_rates(32, low=1, high=100)[fractal_order(32)]
    >>> loss = problem.expected_loss(lr.__getitem__, 32)
    >>> print(f"from {loss[0]:.0f} over {loss.max():.2g} to {loss[-1]:.2g}")
    from 338 over 1.1e+06 to 0.0019
"""

from math import sqrt

import numpy as np

from lrsched import _check

__all__ = ["chebyshev_rates", "fractal_order", "silver_rates"]


def chebyshev_rates(steps: int, low: float, high: float) -> np.ndarray:
    """The rates that shrink every curvature from `low` to `high` the most, for a run of `steps` updates.

    ``rate[t] = 2 / (high + low - (high - low) * cos(pi * (t + 1/2) / steps))``

    for ``t = 0 ... steps - 1``, the largest first: the inverses of the roots of a Chebyshev polynomial
    [agarwal2021]_. After all of them no direction is left with more than ``1 / cosh(steps * arcosh((high + low) /
    (high - low)))`` of its distance. Curvatures above `high`, and noise in the gradients, are enlarged.

    Parameters
    ----------
    steps : int
        The number of updates, 1 or more.
    low, high : number
        Between what the curvatures lie, above 0, in units of loss by squared parameter; `high` is at least `low`.

    Returns
    -------
    array, (steps,)
        Falling. Take them as they are, ``[::-1]`` or in `fractal_order`.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is out of range.

    Examples
    --------
    Two rates, and what is left at the curvatures 1, 5 and 9:

    >>> lr = chebyshev_rates(2, low=1, high=9)
    >>> lr.round(3)
    array([0.46 , 0.128])
    >>> np.prod([1 - rate * np.array([1, 5, 9]) for rate in lr], axis=0).round(3)
    array([ 0.471, -0.471,  0.471])
    """
    steps = _check.number("steps", steps, "a whole number of 1 or more")
    low, high = _check.number("low", low, "a number above 0"), _check.number("high", high, "a number above 0")
    if low > high:
        raise ValueError(f"low must be at most high = {high}, got {low}")
    return 2 / (high + low - (high - low) * np.cos(np.pi * (np.arange(steps) + 0.5) / steps))


def fractal_order(steps: int) -> np.ndarray:
    """The order in which steps that are too long are mended soonest, so that rounding and noise stay small.

    The order of ``2 n`` rates is that of n with ``2 n - 1 - i`` behind each i: large and small in turn, at every scale
    [agarwal2021]_.

    Parameters
    ----------
    steps : int
        The number of updates, a power of two.

    Returns
    -------
    array of int, (steps,)
        ``order[t]`` is the index, among falling rates, of the one that update t uses.

    Raises
    ------
    TypeError
        If `steps` is no number.
    ValueError
        If `steps` is no power of two.

    Examples
    --------
    >>> fractal_order(8)
    array([0, 7, 3, 4, 1, 6, 2, 5])
    """
    steps = _check.number("steps", steps, "a whole number of 1 or more")
    if steps & (steps - 1):
        raise ValueError(f"steps must be a power of two such as 1, 2, 4 or 32, got {steps}")
    order = np.array([0])
    while len(order) < steps:
        order = np.stack([order, 2 * len(order) - 1 - order], axis=1).ravel()
    return order


def silver_rates(steps: int, high: float = 1.0) -> np.ndarray:
    """The silver steps, which beat every constant rate on smooth convex problems of any shape [altschuler2025]_.

    ``rate[i - 1] = (1 + rho ** (v - 1)) / high`` for ``i = 1 ... steps``,

    where ``rho = 1 + sqrt(2)`` is the silver ratio, and ``2**v`` the largest power of two that divides i.

    Parameters
    ----------
    steps : int
        The number of updates, 1 or more; 1, 3, 7, 15 ... end with a whole pattern.
    high : number
        The largest curvature, above 0, in units of loss by squared parameter.

    Returns
    -------
    array, (steps,)
        The largest is the one in the middle of a whole pattern.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> silver_rates(7).round(3)
    array([1.414, 2.   , 1.414, 3.414, 1.414, 2.   , 1.414])
    """
    steps = _check.number("steps", steps, "a whole number of 1 or more")
    high = _check.number("high", high, "a number above 0")
    index = np.arange(1, steps + 1)
    power = np.log2(index & -index)  # the last bit that is set
    return (1 + (1 + sqrt(2)) ** (power - 1)) / high
