"""What all schedules share: how a formula is called, and the rates of a run."""

import math
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from lrsched import _check
from lrsched.interfaces import ScheduleLike

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CHUNK = 8192  # steps computed at a time: what a formula needs in between then stays in the processor's cache


class Schedule:
    """The rate of each update; the base of all schedules.

    Attributes
    ----------
    total_steps : float or None
        The length, in updates; None where there is no end.

    Examples
    --------
    >>> from lrsched import CosineDecay
    >>> schedule = CosineDecay(0.1, decay_steps=4)
    >>> schedule(0), schedule.total_steps
    (0.1, 4)
    """

    total_steps: float | None = None
    _cycles = False

    def __post_init__(self) -> None:
        _check.arguments(self)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the dataclasses are frozen

    @overload
    def __call__(self, step: float | np.integer[Any] | np.floating[Any]) -> float: ...
    @overload
    def __call__(self, step: "ArrayLike") -> np.ndarray: ...
    def __call__(self, step: Any) -> Any:
        """Return the rate that update `step` uses.

        Parameters
        ----------
        step : number or array of numbers
            The index of the update, from 0 on; held before 0 and after the end.

        Returns
        -------
        float or array of float64
            The rate; for an array one of the same shape.

        Raises
        ------
        TypeError
            If a step is None, a bool, text or anything else that is not a real number.
        ValueError
            If a step is NaN, or infinite in a schedule that cycles for ever.
        """
        if type(step) is int or (type(step) is float and step - step == 0):
            end = self.total_steps
            t = 0 if step < 0 else step if end is None or step <= end else end
            try:
                return self._formula(t, math)
            except OverflowError:  # an int that is too large for a float
                return self(math.inf)
        if isinstance(step, (np.integer, np.floating)) and np.isfinite(step):
            return self(step.item())
        steps = _steps(step, "a finite number" if self._cycles else "a number")
        values = steps.ravel()
        values.clip(0, self.total_steps, out=values)
        for chunk in (slice(i, i + CHUNK) for i in range(0, values.size, CHUNK)):
            values[chunk] = self._formula(values[chunk], np)
        return values.reshape(steps.shape) if steps.ndim else float(values[0])

    def _formula(self, t: Any, m: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _formula(t, m)")


class Piecewise(Schedule):
    """A schedule with a formula for each stretch of time: ``_piece(i, t, m)`` from ``_starts[i]`` on."""

    _starts: tuple[float, ...]

    def _formula(self, t: Any, m: Any) -> Any:
        if m is math:
            return self._piece(bisect_right(self._starts, t) - 1, t, m)
        if (t[1:] < t[:-1]).any():
            order = np.argsort(t)
            values = np.empty_like(t)
            values[order] = self._formula(t[order], m)
            return values
        values = np.empty_like(t)  # slices of sorted steps cost far less than masks
        for i, (a, b) in enumerate(pairwise([0, *np.searchsorted(t, self._starts[1:]), len(t)])):
            if a < b:
                values[a:b] = self._piece(i, t[a:b], m)
        return values

    def _piece(self, i: int, t: Any, m: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _piece(i, t, m)")


def _steps(step: Any, allowed: str) -> np.ndarray:
    """Return a copy of `step` as an array of float64, or say why it cannot be one."""
    steps = np.array(_check.array("step", step, f"{allowed} or an array of them"), dtype=np.float64, order="C")
    if np.isnan(steps.max(initial=0)) or (allowed == "a finite number" and np.isinf(steps).any()):
        raise ValueError(f"step must be {allowed} or an array of them, got {step!r}")
    return steps


def rates(schedule: ScheduleLike, steps: int) -> np.ndarray:
    """The rate of each update.

    Parameters
    ----------
    schedule : Schedule or callable of the update index
        A callable that is no `Schedule` is asked once for each update, in order.
    steps : int
        The number of updates, 0 or more.

    Returns
    -------
    array, (steps,)
        The rates of updates 0 to `steps` - 1.

    Raises
    ------
    TypeError
        If `schedule` is no callable, or returns what is not a number.
    ValueError
        If it returns NaN.

    Examples
    --------
    >>> rates(lambda t: 0.1 / (1 + t), 3)
    array([0.1       , 0.05      , 0.03333333])
    """
    steps = _check.number("steps", steps, "a whole number of 0 or more")
    if not callable(schedule) or isinstance(schedule, type):
        raise TypeError(f"schedule must be a callable of the update index, got {schedule!r}")
    if isinstance(schedule, Schedule):
        return schedule(np.arange(steps))
    values = np.array([_check.real(f"schedule({t})", schedule(t)) for t in range(steps)])
    if np.isnan(values).any():
        raise ValueError(f"schedule({np.isnan(values).argmax()}) must be a number, got nan")
    return values
