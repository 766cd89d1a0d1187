"""How the values of learners are read, compared and shown. Nothing here trusts them to be numbers."""

from collections.abc import Iterator, ValuesView
from itertools import islice

import numpy as np
from numpy import allclose, array_equal, asarray, errstate, isclose, isfinite  # a learner may replace those of NumPy

NUMBER = np.zeros(())  # the shape of one number
RTOL = 1e-6
MOST_VALUES = 10_000  # that are taken from a generator
quiet = errstate(all="ignore")


class Unfit(Exception):
    """A value of the wrong kind; its text says what came and what was expected.

    `value` is what could be read of it all the same, to compare it with another that does not fit.
    """

    def __init__(self, text: str, value=None):
        super().__init__(text)
        self.value = value


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
        name = type(value).__name__
        return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
    return text if len(text) <= 80 else text[:77] + "..."


def kind(array: np.ndarray) -> str:
    if array.ndim == 0:
        return "one number"
    if array.ndim == 1:
        return f"a list of {array.size} number{'s' * (array.size != 1)}"
    return "a table of " + " by ".join(map(str, array.shape)) + " numbers"


def unrolled(value: object) -> object:
    """A generator and its like as the list of what it yields; whatever that raises is the learner's."""
    if isinstance(value, Iterator | ValuesView):
        return list(map(unrolled, islice(value, MOST_VALUES)))
    if type(value) in (tuple, list) and len(value) <= 3:  # results side by side
        return [unrolled(part) if isinstance(part, Iterator | ValuesView) else part for part in value]
    return value


@quiet
def read(value: object, shape):
    """Return `value` as an array, or tuple of arrays, of the `shape` of one; raise Unfit if it is none."""
    if isinstance(shape, tuple):
        parts = value if isinstance(value, tuple | list) else list(value) if _is_array(value) else None
        if parts is None or len(parts) != len(shape):
            text = f"gives {short_text(value)}, where {len(shape)} values are expected"
            raise Unfit(text, _numeric(value))
        return tuple(map(read, parts, shape))
    array = _numeric(value)
    if array is None:
        hint = ": leave out the quotes" if isinstance(value, str) and _is_number(value) else ""
        raise Unfit(f"gives {short_text(value)} ({type(value).__name__}), where {kind(shape)} should come{hint}")
    if array.shape != shape.shape:
        raise Unfit(f"gives {kind(array)}, where {kind(shape)} should come", array)
    return array


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0


def _is_number(text: str) -> bool:
    try:
        return bool(isfinite(float(text)))
    except ValueError:
        return False


def _numeric(value: object) -> np.ndarray | None:
    """`value` as an array of floats; None if there is something else in it."""
    try:
        array = asarray(value)
        if array.dtype.kind not in "iufO" or isinstance(value, bool):
            return None
        if array.dtype.kind == "O":  # NumPy would take None for NaN
            array = asarray([float(part) for part in array.flat]).reshape(array.shape)
        return array.astype(float)
    except Exception:
        return None


def numbers(value):
    """The same for a value of our own: an array, or a tuple of arrays."""
    return tuple(map(numbers, value)) if isinstance(value, tuple) else asarray(value, dtype=float)


def blank(expected):
    """The shape of `expected`, without its values: all that a learner's call may come to see."""
    return tuple(map(blank, expected)) if isinstance(expected, tuple) else np.zeros(expected.shape)


@quiet
def agree(one, other, rtol: float = RTOL) -> bool:
    """Whether two readings agree; `other` is the one that sets the scale."""
    if isinstance(one, tuple) or isinstance(other, tuple):
        both = isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other)
        return both and all(agree(a, b, rtol) for a, b in zip(one, other, strict=True))
    return one.shape == other.shape and bool(allclose(one, other, rtol=rtol, atol=_atol(other), equal_nan=True))


def _atol(expected: np.ndarray) -> float:
    """What rounding may leave where 0 is expected."""
    return 4e-15 * max(1.0, np.abs(expected, where=isfinite(expected), out=np.zeros(expected.shape)).max(initial=0))


def same(one: object, other: object) -> bool:
    """Whether an argument is still what it was."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and array_equal(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and (one is other or one == other)


@quiet
def rounding(got, expected) -> str:
    """What to say where every reading in `got` was rounded, and that is all that is wrong."""
    got, expected = np.concatenate(_flat(got)), np.concatenate(_flat(expected))
    if got.shape != expected.shape:
        return ""
    if any(array_equal(got, whole(expected)) for whole in (np.round, np.floor, np.trunc, np.ceil)):
        return "You give whole numbers, cut off or rounded: give the numbers as they are."
    places = (n for n in range(1, 10) if allclose(got, np.round(expected, n), rtol=1e-12, atol=1e-12))
    return next((f"You round to {n} places: give the numbers as they are." for n in places), "")


def _flat(readings) -> list[np.ndarray]:
    if isinstance(readings, np.ndarray):
        return [readings.ravel()]
    return [array for reading in readings for array in _flat(reading)]


@quiet
def difference(expected, got) -> str:
    """What to say of two readings that do not agree: the first place where they differ."""
    if isinstance(expected, tuple):
        part = next(i for i, pair in enumerate(zip(got, expected, strict=True)) if not agree(*pair))
        return f"{difference(expected[part], got[part])} (result {part + 1} of {len(expected)})"
    place = ""
    if expected.ndim:
        differs = ~isclose(got, expected, rtol=RTOL, atol=_atol(expected))
        index = np.argwhere(differs)[0]
        place = " at index " + ", ".join(map(str, index))
        expected, got = expected[tuple(index)], got[tuple(index)]
    texts = [short_text(float(number)) for number in (expected, got)]
    if texts[0] == texts[1]:
        texts = [repr(float(number)) for number in (expected, got)]
    return f"should give {texts[0]}{place}, but yours gives {texts[1]}"
