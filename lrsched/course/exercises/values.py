"""How the values of learners are read, compared and shown. Nothing here trusts them to be numbers."""

import numpy as np
from numpy import allclose, asarray, isclose  # under names of our own: a learner may replace those of NumPy

NUMBER = np.zeros(())  # the shape of one number


class Unfit(Exception):
    """A value of the wrong kind; its text says what came and what was expected."""


def short_text(value: object, depth: int = 2) -> str:
    """One short line that is the same on every machine."""
    try:
        if isinstance(value, float):
            return f"{value:.6g}"
        if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
            return short_text(value.item())
        if isinstance(value, np.ndarray | list | tuple):
            parts = [short_text(part, depth - 1) for part in value[:5]] if depth else []
            return "[" + ", ".join(parts + ["..."] * (len(value) > len(parts))) + "]"
        text = " ".join(repr(value).split())
    except Exception:
        text = " at 0x"
    if " at 0x" in text:  # an address
        return f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def kind(array: np.ndarray) -> str:
    return "one number" if array.ndim == 0 else " by ".join(map(str, array.shape)) + " numbers"


def read(value: object, expected):
    """Return `value` as an array, or tuple of arrays, of the shape of `expected`; raise Unfit if it is none."""
    if isinstance(expected, tuple):
        if not isinstance(value, tuple | list) or len(value) != len(expected):
            raise Unfit(f"gives {short_text(value)}, where {len(expected)} values are expected")
        return tuple(map(read, value, expected))
    what = f"gives {short_text(value)} ({type(value).__name__}), where {kind(expected)} should come"
    try:
        array = asarray(value)
        if array.dtype.kind not in "iufO" or isinstance(value, bool):
            raise Unfit(what)
        if array.dtype.kind == "O":  # NumPy would take None for NaN
            array = asarray([float(part) for part in array.flat]).reshape(array.shape)
        array = array.astype(float)
    except Exception:
        raise Unfit(what) from None
    if array.shape != expected.shape:
        raise Unfit(f"gives {kind(array)}, where {kind(expected)} should come")
    return array


def numbers(value):
    """The same for a value of our own: an array, or a tuple of arrays."""
    return tuple(map(numbers, value)) if isinstance(value, tuple) else asarray(value, dtype=float)


def agree(one, other, rtol: float = 1e-6) -> bool:
    if isinstance(one, tuple):
        return all(agree(a, b, rtol) for a, b in zip(one, other, strict=True))
    return one.shape == other.shape and bool(allclose(one, other, rtol=rtol, atol=1e-12))


def difference(expected, got) -> str:
    """What to say of two readings that do not agree: the first place where they differ."""
    if isinstance(expected, tuple):
        part = next(i for i, pair in enumerate(zip(expected, got, strict=True)) if not agree(*pair))
        return f"{difference(expected[part], got[part])} (result {part + 1} of {len(expected)})"
    place = ""
    if expected.ndim:
        index = np.argwhere(~isclose(expected, got, rtol=1e-6, atol=1e-12))[0]
        place = " at index " + ", ".join(map(str, index))
        expected, got = expected[tuple(index)], got[tuple(index)]
    return f"should give {short_text(float(expected))}{place}, but yours gives {short_text(float(got))}"
