"""One way to refuse a wrong argument: a sentence that names it, its value and what is allowed."""

from itertools import pairwise
from numbers import Real
from sys import float_info

ALLOWED = {
    "a finite number": lambda x: True,
    "a number above 0": lambda x: x > 0,
    "a number of 0 or more": lambda x: x >= 0,
    "a number above 0 and at most 1": lambda x: 0 < x <= 1,
    "a number of 0 or more and below 1": lambda x: 0 <= x < 1,
    "a number between 0 and 1": lambda x: 0 < x < 1,
    "a number of 1 or more": lambda x: x >= 1,
    "a whole number of 0 or more": lambda x: x >= 0 and x == int(x),
    "a whole number of 1 or more": lambda x: x >= 1 and x == int(x),
}


def number(name: str, value: object, allowed: str) -> int | float:
    """Return `value` as a plain finite int or float if it is what `allowed`, a key of `ALLOWED`, says.

    Raises TypeError for what is no number (a bool included), ValueError for a number out of range.

    >>> number("step_size", 10, "a number above 0")
    10
    >>> number("peak_lr", -0.1, "a number above 0")
    Traceback (most recent call last):
    ValueError: peak_lr must be a number above 0, got -0.1
    """
    given, value = value, value.item() if _is_scalar(value) else value
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be {allowed}, got {given!r} ({type(given).__name__})")
    value = int(value) if hasattr(value, "__index__") else float(value)
    if value != value or abs(value) > float_info.max or not ALLOWED[allowed](value):
        raise ValueError(f"{name} must be {allowed}, got {value}")
    return int(value) if "whole" in allowed else value


def _is_scalar(value):
    """Whether `value` is an array of one number without a shape: of NumPy, torch, JAX ..."""
    return getattr(value, "ndim", None) == 0 and hasattr(value, "item")


def instance(name: str, value: object, kind: type, allowed: str) -> None:
    """Raise TypeError unless `value` is of `kind`; `allowed` is what the sentence calls it."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {allowed}, got {value!r} ({type(value).__name__})")


def strictly_rising(name: str, values: tuple) -> None:
    """Raise ValueError unless each of `values` is above the one before."""
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError(f"{name} must rise from each to the next, got {list(values)}")
