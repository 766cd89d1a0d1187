"""What all schedules share: how a formula is called, what is written of it, and the rates of a run."""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np

from lrsched import _check
from lrsched._names import listed, near, refuse_foreign
from lrsched.interfaces import ScheduleLike

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from lrsched.schedules import Product

CHUNK = 12_288  # steps computed at a time: what a formula needs in between then stays in the processor's cache
EXACT = 2**53  # every whole number up to here is a float


class _Base:
    """Where the attributes of a schedule really are: `Schedule.__dict__` hides them."""


_attributes = vars(_Base)["__dict__"].__get__


class _Attributes(dict[str, Any]):
    """A copy of the attributes, to look at: torch's LambdaLR stores a copy of this, and on resuming writes into it."""

    def copy(self) -> dict[str, Any]:
        return {}  # a schedule has no state to store


class Schedule(_Base):
    """The rate of each update; the base of all schedules.

    ``schedule * factor`` is a `Product`.

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
    _last: float = EXACT  # the last of the steps with a short way to the formula
    _cycles = False
    __array_ufunc__ = None  # so that NumPy leaves np.float64(2) * schedule to us

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "total_steps" in vars(cls):
            cls._last = -1  # what it is shows later

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if "__dataclass_fields__" in vars(cls):
            names = [field.name for field in fields(cls) if field.init]  # type: ignore[arg-type]
            refuse_foreign(cls.__name__, names, kwargs)
            if len(args) > 1:
                raise TypeError(
                    f"{cls.__name__} takes {names[0]} alone by position and {listed(names[1:]) or 'nothing'} by name, "
                    f"got {len(args)} by position"
                )
        elif cls.__init__ is object.__init__ and (args or kwargs):
            raise TypeError(f"{cls.__name__} takes no arguments, got {listed([*map(repr, args), *kwargs])}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        _check.arguments(self)
        if "total_steps" in type(self).__dataclass_fields__:  # type: ignore[attr-defined]
            self._set("total_steps", self.total_steps)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the dataclasses are frozen
        if name == "total_steps":
            object.__setattr__(self, "_last", EXACT if self.total_steps is None else min(self.total_steps, EXACT))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        return _Attributes(_attributes(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        _attributes(self).update(state)

    @overload
    def __call__(self, step: float | np.integer[Any] | np.floating[Any]) -> float: ...
    @overload
    def __call__(self, step: "ArrayLike") -> np.ndarray: ...
    def __call__(self, step: Any) -> Any:
        """Return the rate that update `step` uses.

        Parameters
        ----------
        step : number or array of numbers
            The index of the update, from 0 on; held before 0 and after the end. Scalars and arrays of torch and JAX
            count as those of NumPy.

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
        if type(step) is int and 0 <= step <= self._last:
            return self._formula(step, math)
        if type(step) is int or (type(step) is float and step - step == 0):
            end = self.total_steps
            t = 0 if step < 0 else step if end is None or step <= end else end
            try:
                return self._formula(t, math)
            except OverflowError:  # an int that is too large for a float
                return self(math.inf)
        if _check.is_scalar(step):
            plain = float(step) if isinstance(step, np.floating) else step.item()
            if type(plain) is int or (type(plain) is float and plain - plain == 0):
                return self(plain)
        steps = _steps(step, "a finite number" if self._cycles else "a number")
        flat, values, end = steps.ravel(), np.empty(steps.size), self.total_steps
        outside = flat.min(initial=0) < 0 or (end is not None and flat.max(initial=0) > end)
        for chunk in (slice(i, i + CHUNK) for i in range(0, flat.size, CHUNK)):
            here = values[chunk]
            here[...] = flat[chunk]
            if outside:
                np.clip(here, 0, end, out=here)
            lr = self._formula(here, np)
            if lr is not here:
                here[...] = lr
        return values.reshape(steps.shape) if steps.ndim else float(values[0])

    def _held(self, t: Any, m: Any) -> Any:
        """What `__call__` does to steps that are known to be numbers: hold before 0 and after the end."""
        end = self.total_steps
        if m is math:
            return self._formula(0 if t < 0 else t if end is None or t <= end else end, m)
        return self._formula(m.clip(t, 0, math.inf if end is None else end), m)

    def _formula(self, t: Any, m: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _formula(t, m)")

    def __mul__(self, factor: float) -> "Product":
        from lrsched.schedules import Product  # it is made of this class

        return Product(self, multiplier=factor)

    __rmul__ = __mul__

    def to_dict(self) -> dict[str, Any]:
        """Return the schedule as names, numbers and lists, fit for JSON or YAML; `from_dict` reads it.

        Returns
        -------
        dict
            The name of the ``class``, then each argument by its name.

        Raises
        ------
        TypeError
            If it is made with a plain function, which cannot be written down.

        Examples
        --------
        >>> from lrsched import CosineDecay
        >>> CosineDecay(0.1, decay_steps=90).to_dict()
        {'class': 'CosineDecay', 'peak_lr': 0.1, 'decay_steps': 90, 'min_lr': 0.0}
        """
        if not is_dataclass(self):
            raise TypeError(f"to_dict needs a schedule that is a dataclass, got {type(self).__name__}")
        plain = {field.name: _plain(field.name, getattr(self, field.name)) for field in fields(self)}
        return {"class": type(self).__name__} | plain

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "Schedule":
        """Return the schedule that `to_dict` wrote, a class of your own included if it is defined by now.

        Parameters
        ----------
        state : dict
            What `to_dict` returned.

        Returns
        -------
        Schedule
            Equal to the one that was written.

        Raises
        ------
        TypeError
            If `state` is no dict with a ``class``, or has an argument that the class does not take.
        ValueError
            If there is no such class, or an argument is out of range.

        Examples
        --------
        >>> from lrsched import Schedule
        >>> Schedule.from_dict({"class": "CosineDecay", "peak_lr": 0.1, "decay_steps": 90})
        CosineDecay(peak_lr=0.1, decay_steps=90, min_lr=0.0)
        """
        if not isinstance(state, dict) or "class" not in state:
            raise TypeError(f"state must be a dict with the name of a 'class', got {state!r} ({type(state).__name__})")
        classes = _classes()
        name = state["class"]
        if name not in classes:
            raise ValueError(f"class must be one of {listed(sorted(classes))}, got {name!r}{near(name, classes)}")
        return classes[name](**{key: _schedules(value) for key, value in state.items() if key != "class"})


class Piecewise(Schedule):
    """A schedule with a formula for each stretch of time: ``_piece(i, t, m)`` from ``_starts[i]`` on."""

    _starts: tuple[float, ...]
    _places: tuple[float, ...]

    if not TYPE_CHECKING:  # the base class says the types

        def __call__(self, step):
            if type(step) is int and 0 <= step <= self._last:
                return self._piece(bisect_right(self._places, step + 0.0) - 1, step, math)  # floats compare faster
            return Schedule.__call__(self, step)

    def _begin(self, *starts: float) -> None:
        """Say where the stretches begin; the first does at 0."""
        self._set("_starts", starts)
        self._set("_places", tuple(map(float, starts)))

    def _formula(self, t: Any, m: Any) -> Any:
        if m is math:
            return self._piece(bisect_right(self._starts, t) - 1, t, m)
        if m is not np:  # traced: every piece is computed, and one chosen
            values = self._piece(0, t, m)
            for i, start in enumerate(self._starts[1:], 1):
                values = m.where(t >= float(start), self._piece(i, t, m), values)
            return values
        first = bisect_right(self._starts, t.min()) - 1
        if t.max() < ([*self._starts[1:], math.inf])[first]:
            return self._piece(first, t, m)
        if (t[1:] < t[:-1]).any():
            order = np.argsort(t)
            values = np.empty_like(t)
            values[order] = self._formula(t[order], m)
            return values
        for i, (a, b) in enumerate(pairwise([0, *np.searchsorted(t, self._starts[1:]), len(t)])):
            if a < b:  # slices of sorted steps cost far less than masks
                t[a:b] = self._piece(i, t[a:b], m)
        return t

    def _piece(self, i: int, t: Any, m: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _piece(i, t, m)")


class _Rates(Schedule):
    """A plain callable as a part of a composition: asked for one step after the other."""

    _name: str
    _function: Callable[[Any], Any]

    def __init__(self, name: str, function: Callable[[Any], Any]) -> None:
        self._set("_name", name)
        self._set("_function", function)

    def _formula(self, t: Any, m: Any) -> Any:
        if m is math:
            return float(_check.number(f"{self._name}({t})", self._function(t), "a number of 0 or more"))
        if m is not np:
            return self._function(t)
        return np.array([self._formula(int(x) if x.is_integer() else x, math) for x in t.tolist()])


def part(name: str, value: object, example: str = "CosineDecay(0.1, decay_steps=100)") -> Schedule:
    """Return `value` as a schedule to compose with, or raise TypeError: it must be one, or a plain callable."""
    if isinstance(value, Schedule):
        return value
    if callable(value) and not isinstance(value, type):
        return _Rates(name, value)
    hint = ", a class: call it" if isinstance(value, type) else ""
    raise TypeError(f"{name} must be a schedule such as {example}, got {value!r} ({type(value).__name__}){hint}")


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Schedule):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(f"{name}[{i}]", item) for i, item in enumerate(value)]
    if callable(value):
        raise TypeError(f"{name} must be a schedule to be written down, got {value!r} ({type(value).__name__})")
    return value


def _schedules(value: Any) -> Any:
    if isinstance(value, list):
        return [_schedules(item) for item in value]
    return Schedule.from_dict(value) if isinstance(value, dict) else value


def _classes() -> dict[str, type[Schedule]]:
    """Every schedule by the name of its class; ours last, so that no other takes its name."""
    found: list[type[Schedule]] = []
    todo: list[type[Schedule]] = [Schedule]
    while todo:
        subclasses = todo.pop().__subclasses__()
        todo += subclasses
        found += [c for c in subclasses if "__dataclass_fields__" in vars(c) and c.__name__[0] != "_"]
    found.sort(key=lambda c: c.__module__ == "lrsched.schedules")
    return {c.__name__: c for c in found}


def _steps(step: Any, allowed: str) -> np.ndarray:
    """Return `step` as an array of numbers, or say why it cannot be one."""
    steps = _check.array("step", step, f"{allowed} or an array of them")
    if steps.dtype.kind == "f":
        low, high = steps.min(initial=0), steps.max(initial=0)  # NaN if any is
        if high != high or (allowed == "a finite number" and high - low == math.inf):
            raise ValueError(f"step must be {allowed} or an array of them, got {step!r}")
    return steps


def rates(schedule: ScheduleLike, steps: int, start: int = 0) -> np.ndarray:
    """The rate of each update.

    Parameters
    ----------
    schedule : Schedule or callable of the update index
        A callable that is no `Schedule` is asked once for each update, in order.
    steps : int
        The number of updates, 0 or more.
    start : int
        The index of the first of them, 0 or more.

    Returns
    -------
    array, (steps,)
        The rates of updates `start` to `start` + `steps` - 1.

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
    start = _check.number("start", start, "a whole number of 0 or more")
    if not callable(schedule) or isinstance(schedule, type):
        raise TypeError(f"schedule must be a callable of the update index, got {schedule!r}")
    if isinstance(schedule, Schedule):
        return schedule(np.arange(start, start + steps))
    values = np.array([_check.real(f"schedule({t})", schedule(t)) for t in range(start, start + steps)])
    if np.isnan(values).any():
        raise ValueError(f"schedule({start + np.isnan(values).argmax()}) must be a number, got nan")
    return values
