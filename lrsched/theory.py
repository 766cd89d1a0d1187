"""What theory promises of rates: a bound on the loss of any convex problem, and the scale that makes it least.

>>> from lrsched import Constant, LinearDecay, rates
>>> line, level = rates(LinearDecay(1, decay_steps=400), 400), rates(Constant(1), 400)
>>> for lr in (line, level):
...     print(f"best peak {best_scale(lr):.4f}, bound {convex_bound(best_scale(lr) * lr):.4f}")
best peak 0.0496, bound 0.1006
best peak 0.0182, bound 0.1375
"""

from math import sqrt
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from lrsched import _check

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["best_scale", "convex_bound"]


@overload
def convex_bound(rates: "ArrayLike", *, distance: float = ..., gradient: float = ..., every: None = ...) -> float: ...
@overload
def convex_bound(rates: "ArrayLike", *, distance: float = ..., gradient: float = ..., every: int) -> np.ndarray: ...
def convex_bound(
    rates: "ArrayLike", *, distance: float = 1.0, gradient: float = 1.0, every: int | None = None
) -> float | np.ndarray:
    r"""The loss above the minimum that SGD cannot exceed on any convex problem [defazio2023]_ [schaipp2025]_.

    ``D**2 / (2 * S_0) + G**2 / 2 * (lr_T + sum(lr_k**2 / S_k for k in range(1, T)))``

    for the rates ``lr_1, ..., lr_T``; ``S_k`` is the sum of those after ``lr_k``, and ``S_0`` of all. The first term is
    the way that is left to the minimum, the second what the updates overshoot. It bounds the expected loss of the
    weights before the update with the last rate. The problem need not be smooth, and so the bound knows no limit of
    stability.

    Parameters
    ----------
    rates : array, (updates,)
        The rate of each update, above 0, as `lrsched.rates` returns them. An update at rate 0 changes nothing: leave
        it out.
    distance : number
        ``D``, how far the first weights are from the best, above 0, in the unit of the weights.
    gradient : number
        ``G``, the length that no gradient exceeds, batch by batch, above 0, in units of loss by weight.
    every : int or None
        None bounds the loss at the end of all rates. A number n bounds it at each stop after n, 2n, 3n ... rates too,
        as if the run ended there; 1 is every stop.

    Returns
    -------
    float, or array, (updates // every,)
        In the unit of the loss.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or `rates` are no list of at least one.

    Examples
    --------
    >>> convex_bound([0.5, 0.5])
    1.0
    >>> convex_bound([0.5, 0.5, 0.25], every=1).round(3)
    array([1.25 , 1.   , 1.192])
    """
    lr = _positive(rates)
    distance, gradient = _check.argument("distance", distance), _check.argument("gradient", gradient)
    step = len(lr) if every is None else _check.argument("every", every)
    if step > len(lr):
        raise ValueError(f"every must be at most {len(lr)}, the number of rates, got {every}")
    sums, noise = _sums_and_noise(lr, step)
    bound = distance**2 / (2 * sums) + gradient**2 / 2 * noise
    return float(bound[0]) if every is None else bound


def best_scale(rates: "ArrayLike", *, distance: float = 1.0, gradient: float = 1.0) -> float:
    """The factor by which to multiply all rates for the smallest `convex_bound` [schaipp2025]_.

    ``D / G / sqrt(S_0 * (lr_T + sum(lr_k**2 / S_k for k in range(1, T))))``

    with the names of `convex_bound`: there its two terms are equal. A factor x times as large costs x/2 + 1/(2x) times
    the smallest bound, whatever the shape of the schedule.

    Parameters
    ----------
    rates, distance, gradient
        As in `convex_bound`.

    Returns
    -------
    float
        Without a unit; for a schedule with peak 1, its best peak rate.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or `rates` are no list of at least one.

    Examples
    --------
    Twice the best rate costs a quarter more:

    >>> lr = np.geomspace(1, 0.01, 200)
    >>> best = best_scale(lr)
    >>> round(convex_bound(2 * best * lr) / convex_bound(best * lr), 6)
    1.25
    """
    lr = _positive(rates)
    distance, gradient = _check.argument("distance", distance), _check.argument("gradient", gradient)
    [total], [noise] = _sums_and_noise(lr, len(lr))
    return float(distance / gradient / sqrt(total * noise))


def _positive(rates: Any) -> np.ndarray:
    lr = _check.array("rates", rates, "a list of numbers above 0, as `lrsched.rates` returns it")
    if lr.ndim != 1 or not len(lr):
        raise ValueError(f"rates must have the shape (updates,), with one update or more, got {lr.shape}")
    wrong = ~(np.isfinite(lr) & (lr > 0))
    if wrong.any():
        _check.number(f"rates[{wrong.argmax()}]", lr[wrong.argmax()], "a number above 0")
    return lr.astype(float)


def _sums_and_noise(lr: np.ndarray, every: int) -> tuple[np.ndarray, np.ndarray]:
    """At each stop n the sum of the first n rates, and ``lr[n-1] + sum(lr[k]**2 / sum(lr[k+1:n]) for k < n-1)``."""
    stops = np.arange(every, len(lr) + 1, every)
    noise, tails, ratios = np.empty(len(stops)), np.zeros(len(lr)), np.empty(len(lr))
    start = 0
    for i, stop in enumerate(stops.tolist()):  # tails are added up, never subtracted: what is left of a decay is small
        last = stop - 1
        tails[:start] += lr[start:stop].sum()
        tails[start:last] = lr[start + 1 : stop][::-1].cumsum()[::-1]
        noise[i] = lr[last] + lr[:last] @ np.divide(lr[:last], tails[:last], out=ratios[:last])
        start = stop
    return lr.cumsum()[stops - 1], noise
