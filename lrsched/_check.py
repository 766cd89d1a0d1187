"""One way to say what an argument may be, and to refuse what it may not: a sentence with its name, value and range.

A new argument gets a line in `ARGUMENTS`; a dataclass then calls `arguments`, a function `argument`.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from math import inf
from numbers import Real
from sys import float_info
from typing import Any

import numpy as np

RANGES: dict[str, Callable[[Any], bool]] = {  # what each sentence demands of a finite number
    "a finite number": lambda x: True,
    "a number above 0": lambda x: x > 0,
    "a number of 0 or more": lambda x: x >= 0,
    "a number above 0 and at most 1": lambda x: 0 < x <= 1,
    "a number of 0 or more and below 1": lambda x: 0 <= x < 1,
    "a number between 0 and 1": lambda x: 0 < x < 1,
    "a number of 1 or more": lambda x: x >= 1,
    "a whole number of 0 or more": lambda x: x >= 0 and x == int(x),
    "a whole number of 1 or more": lambda x: x >= 1 and x == int(x),
    "a whole number of 2 or more": lambda x: x >= 2 and x == int(x),
}

ARGUMENTS: dict[str, str | tuple[str, ...] | type[bool]] = {  # a name means the same wherever it is an argument
    # rates
    "peak_lr": "a number above 0",
    "max_lr": "a number above 0",
    "min_lr": "a number of 0 or more",
    "init_lr": "a number of 0 or more",
    # schedules
    "decay_rate": "a number above 0 and at most 1",
    "cycle_decay": "a number above 0 and at most 1",
    "step_size": "a number above 0",
    "timescale": "a number above 0",
    "decay_steps": "a number above 0",
    "total_steps": "a number above 0",
    "first_cycle_steps": "a number above 0",
    "half_cycle_steps": "a number above 0",
    "warmup_steps": "a number of 0 or more",
    "cycle_mult": "a whole number of 1 or more",
    "power": "a number above 0",
    "pct_start": "a number between 0 and 1",
    "div_factor": "a number of 1 or more",
    "final_div_factor": "a number of 1 or more",
    "shape": ("linear", "sqrt", "cosine"),
    "multiplier": "a number of 0 or more",
    "by": "a number of 0 or more",
    "at": "a number of 0 or more",
    # the length of a run
    "samples": "a whole number of 1 or more",
    "accumulate": "a whole number of 1 or more",
    "processes": "a whole number of 1 or more",
    "epochs": "a number above 0",
    # the plateau scheduler
    "factor": "a number between 0 and 1",
    "patience": "a whole number of 0 or more",
    "threshold": "a number of 0 or more",
    "cooldown": "a whole number of 0 or more",
    "every": "a whole number of 1 or more",
    "mode": ("min", "max"),
    # optimisers
    "momentum": "a number of 0 or more and below 1",
    "alpha": "a number of 0 or more and below 1",
    "beta1": "a number of 0 or more and below 1",
    "beta2": "a number of 0 or more and below 1",
    "eps": "a number of 0 or more",
    "weight_decay": "a number of 0 or more",
    "nesterov": bool,
    "max_norm": "a number above 0",
    "beta": "a number of 0 or more and below 1",
    # problems
    "noise": "a number of 0 or more",
    "steepness": "a number above 0",
    "activation": ("relu", "tanh"),
    "loss": ("cross_entropy", "squared"),
    "label_noise": "a number of 0 or more and below 1",
    "fresh_noise": bool,
    "init_scale": "a number of 0 or more",
    "feature_decades": "a number of 0 or more",
    "pool_size": "a whole number of 1 or more",
    "width_rule": ("standard", "mup"),
    "base_width": "a whole number of 1 or more",
    "split": ("train", "test"),
    "tolerance": "a number above 0",
    # theory
    "distance": "a number above 0",
    "gradient": "a number above 0",
    # experiments and figures
    "steps": "a whole number of 1 or more",
    "progress": bool,
    "preconditioned": bool,
    "smoothing": "a number of 0 or more and below 1",
    "panels": "a whole number of 1 or more",
    "sharex": bool,
    "window": "a whole number of 1 or more",
}


def argument(name: str, value: object) -> Any:
    """Return `value` as plain data if it is what `ARGUMENTS` says of `name`.

    >>> argument("step_size", np.int64(10))
    10
    >>> argument("mode", "low")
    Traceback (most recent call last):
    ValueError: mode must be 'min' or 'max', got 'low'
    """
    allowed = ARGUMENTS[name]
    if isinstance(allowed, tuple):
        return option(name, value, allowed)
    if isinstance(allowed, str):
        return number(name, value, allowed)
    instance(name, value, (bool, np.bool_), "True or False")
    return bool(value)


def arguments(description: Any, leave: Sequence[str] = ()) -> None:
    """Check each field of a dataclass that `ARGUMENTS` names, and make plain data of it; a rate becomes a float."""
    for name in (field.name for field in fields(description) if field.name in ARGUMENTS and field.name not in leave):
        value = argument(name, getattr(description, name))
        object.__setattr__(description, name, float(value) if name.endswith("_lr") else value)
    peak_lr = getattr(description, "peak_lr", inf)
    if getattr(description, "min_lr", 0) > peak_lr:
        raise ValueError(f"min_lr must be at most peak_lr = {peak_lr}, got {description.min_lr}")


def number(name: str, value: Any, allowed: str) -> Any:
    """Return `value` as a plain finite int or float if it is what `allowed`, a key of `RANGES`, says.

    Raises TypeError for what is no number (a bool included), ValueError for a number out of range.

    >>> number("peak_lr", -0.1, "a number above 0")
    Traceback (most recent call last):
    ValueError: peak_lr must be a number above 0, got -0.1
    """
    given, value = value, value.item() if is_scalar(value) else value
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be {allowed}, got {given!r} ({type(given).__name__})")
    try:
        plain = int(value) if hasattr(value, "__index__") else float(value)
    except OverflowError:  # a fraction that is too large for a float
        plain = inf
    if plain != plain or abs(plain) > float_info.max or not RANGES[allowed](plain):
        raise ValueError(f"{name} must be {allowed}, got {plain}")
    return int(plain) if "whole" in allowed else plain


def is_scalar(value: Any) -> bool:
    """Whether `value` is an array of one number without a shape: of NumPy, torch, JAX ..."""
    return getattr(value, "ndim", None) == 0 and hasattr(value, "item")


def numbers(name: str, values: object, allowed: str, *, single: bool = False) -> tuple[Any, ...]:
    """Return `values`, a list or array, as plain numbers that are each `allowed`; with `single`, one alone too."""
    items = values.tolist() if hasattr(values, "tolist") else values
    if single and isinstance(items, Real):
        return (number(name, items, allowed),)
    if not isinstance(items, Iterable) or isinstance(items, (str, bytes, set, frozenset, Mapping)):
        also = f"{allowed}, or " if single else ""
        raise TypeError(
            f"{name} must be {also}a list in which each is {allowed}, got {values!r} ({type(values).__name__})"
        )
    return tuple(number(f"{name}[{i}]", item, allowed) for i, item in enumerate(items))


def real(name: str, value: Any) -> float:
    """Return `value`, a number or what holds a single one, as a float; it need not be finite."""
    try:
        if isinstance(value, (str, bytes, bool, np.bool_)) or getattr(value, "ndim", False):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {value!r} ({type(value).__name__})") from None
    except OverflowError:
        raise ValueError(f"{name} must be a number that a float can hold, got {value!r}") from None


def option(name: str, value: Any, options: Iterable[Any]) -> Any:
    """Return `value` if it is one of `options`."""
    options = list(options)
    if isinstance(value, Hashable) and value in options:
        return value
    *others, last = map(repr, options)
    allowed = f"{', '.join(others)} or {last}" if others else last
    if isinstance(value, tuple({type(option) for option in options})):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    raise TypeError(f"{name} must be {allowed}, got {value!r} ({type(value).__name__})")


def instance(name: str, value: object, kind: type | tuple[type, ...], allowed: str) -> None:
    """Raise TypeError unless `value` is of `kind`; `allowed` is what the sentence calls it."""
    if isinstance(value, type):
        raise TypeError(f"{name} must be {allowed}, got the class {value.__name__} itself")
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {allowed}, got {value!r} ({type(value).__name__})")


def strictly_rising(name: str, values: Sequence[float]) -> None:
    """Raise ValueError unless each of `values` is above the one before."""
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError(f"{name} must rise from each to the next, got {list(values)}")


def seeds(values: object) -> tuple[int, ...]:
    """Return the seeds themselves: those given, or the first so many from 0 on."""
    if isinstance(values, Real):
        return tuple(range(number("seeds", values, "a whole number of 1 or more")))
    each = numbers("seeds", values, "a whole number of 0 or more")
    if not each or len(set(each)) < len(each):
        raise ValueError(f"seeds must be different from each other, and at least one, got {list(each)}")
    return each


def array(name: str, values: object, allowed: str = "an array of numbers") -> np.ndarray:
    """Return `values` as an array of ints or floats."""
    plain: Any = values
    try:
        result = np.asarray(plain)
    except Exception:  # lists of unequal length; tensors that need a gradient, or of a type that NumPy has not
        result = np.asarray(plain.detach().tolist() if hasattr(plain, "detach") else None)
    if result.dtype.kind == "V" and hasattr(plain, "tolist"):  # bfloat16 of JAX
        result = np.asarray(plain.tolist())
    if result.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be {allowed}, got {values!r} ({type(values).__name__})")
    return result


def points(name: str, values: object, coordinates: int) -> np.ndarray:
    """Return `values` as an array of points ``(..., coordinates)``."""
    result = array(name, values)
    if result.shape[-1:] != (coordinates,):
        raise ValueError(f"{name} must have the shape (..., {coordinates}), got {result.shape}")
    return result


def runs(params: object, coordinates: int, seeds: object) -> np.ndarray:
    """Return the parameters of finished runs, one row for each of `seeds`."""
    result = array("params", params)
    shape = (len(numbers("seeds", seeds, "a whole number of 0 or more")), coordinates)
    if result.shape != shape:
        raise ValueError(f"params must have the shape (seeds, parameters) = {shape}, got {result.shape}")
    return result
