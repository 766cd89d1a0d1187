"""What all schedules share: how a formula is called, what its arguments may be, and what is written of it."""

import inspect
import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from itertools import pairwise
from typing import TypeVar

import numpy as np

from lrsched._check import number

ALLOWED = {  # a name means the same in every schedule
    "peak_lr": "a number above 0",
    "min_lr": "a number of 0 or more",
    "init_lr": "a number of 0 or more",
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
}
FOREIGN = {  # what other libraries call it
    "peak_lr": "lr max_lr lr_max base_lr learning_rate initial_learning_rate initial_lr init_value peak_value value",
    "min_lr": "eta_min lr_min lr_end end_lr end_value end_learning_rate final_lr min_value base_lr alpha",
    "init_lr": "warmup_lr_init warmup_lr start_lr init_value initial_learning_rate",
    "decay_rate": "gamma factor drop",
    "cycle_decay": "m_mul gamma",
    "step_size": "decay_t decay_steps transition_steps drop_every",
    "timescale": "decay_steps transition_steps",
    "decay_steps": "T_max total_iters transition_steps t_initial num_decay_steps num_training_steps total_steps",
    "total_steps": "num_training_steps max_steps transition_steps total_iters T_max",
    "first_cycle_steps": "T_0 first_decay_steps t_initial",
    "half_cycle_steps": "step_size_up step_size",
    "warmup_steps": "num_warmup_steps warmup_t warmup_iters warmup_epochs total_iters",
    "cycle_mult": "T_mult t_mul cycle_mul",
    "boundaries": "milestones decay_t",
    "schedules": "schedulers",
    "schedule": "scheduler after_scheduler",
}

BLOCK = 12_288  # steps computed at a time: what a formula needs in between then stays in the processor's cache


EXACT = 2**53  # every whole number up to here is a float


class _Base:
    """Where the attributes of a schedule really are: `Schedule.__dict__` hides them."""


_attributes = vars(_Base)["__dict__"].__get__


class _Attributes(dict):
    """A copy of the attributes, to look at: torch's LambdaLR stores a copy of this, and on resuming writes into it."""

    def copy(self):
        return {}  # a schedule has no state to store


class Schedule(_Base):
    """The rate of each update; the base of all schedules.

    Call it with an int or a float for a float, with an array for a float64 array of the same shape. Scalars and
    arrays of torch and JAX count as those of NumPy. ``schedule * factor`` is a `Product`.

    Attributes
    ----------
    total_steps : float or None
        The length; None where there is no end.

    Raises
    ------
    TypeError
        If a step is None, a bool, text or anything else that is not a real number.
    ValueError
        If a step is NaN, or infinite in a schedule that cycles for ever.
    """

    total_steps = None
    _last = EXACT  # the last of the steps with a short way to the formula
    _cycles = False
    __array_ufunc__ = None  # so that NumPy leaves np.float64(2) * schedule to us

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "total_steps" in vars(cls):
            cls._last = -1  # what it is shows later

    def __new__(cls, *args, **kwargs):
        if "__dataclass_fields__" in vars(cls):
            names = [field.name for field in fields(cls) if field.init]
            _refuse_foreign(cls.__name__, names, kwargs)
            if len(args) > 1:
                raise TypeError(
                    f"{cls.__name__} takes {names[0]} alone by position and {_listed(names[1:]) or 'nothing'} by name, "
                    f"got {len(args)} by position"
                )
        elif cls.__init__ is object.__init__ and (args or kwargs):
            raise TypeError(f"{cls.__name__} takes no arguments, got {_listed([*map(repr, args), *kwargs])}")
        return super().__new__(cls)

    def __post_init__(self):
        for name in (field.name for field in fields(self) if field.name in ALLOWED):
            value = number(name, getattr(self, name), ALLOWED[name])
            self._set(name, float(value) if name.endswith("_lr") else value)
        if getattr(self, "min_lr", 0) > getattr(self, "peak_lr", math.inf):
            raise ValueError(f"min_lr must be at most peak_lr = {self.peak_lr}, got {self.min_lr}")

    def _set(self, name, value):
        object.__setattr__(self, name, value)  # the dataclasses are frozen
        if name == "total_steps":
            object.__setattr__(self, "_last", EXACT if value is None else min(value, EXACT))

    @property
    def __dict__(self):
        return _Attributes(_attributes(self))

    def __setstate__(self, state):
        _attributes(self).update(state)

    def __call__(self, step):
        if type(step) is int and 0 <= step <= self._last:
            return self._formula(step, math)
        if type(step) is int or (type(step) is float and step - step == 0):
            end = self.total_steps
            t = 0 if step < 0 else step if end is None or step <= end else end
            try:
                return self._formula(t, math)
            except OverflowError:  # an int that is too large for a float
                return self(math.inf)
        if getattr(step, "ndim", None) == 0 and hasattr(step, "item"):  # a scalar of NumPy, torch, JAX ...
            plain = float(step) if isinstance(step, np.floating) else step.item()
            if type(plain) is int or (type(plain) is float and plain - plain == 0):
                return self(plain)
        steps = _steps(step, self._cycles)
        flat, values, end = steps.ravel(), np.empty(steps.size), self.total_steps
        outside = flat.min(initial=0) < 0 or (end is not None and flat.max(initial=0) > end)
        for block in (slice(i, i + BLOCK) for i in range(0, flat.size, BLOCK)):
            t = values[block]
            t[...] = flat[block]
            if outside:
                np.clip(t, 0, end, out=t)
            rates = self._formula(t, np)
            if rates is not t:
                t[...] = rates
        return values.reshape(steps.shape) if steps.ndim else float(values[0])

    def _held(self, t, m):
        """What `__call__` does to steps that are known to be numbers: hold before 0 and after the end."""
        end = self.total_steps
        if m is math:
            return self._formula(0 if t < 0 else t if end is None or t <= end else end, m)
        return self._formula(m.clip(t, 0, math.inf if end is None else end), m)

    def _formula(self, t, m):
        raise NotImplementedError(f"{type(self).__name__} must define _formula(t, m)")

    def __mul__(self, factor):
        from lrsched.schedules import Product

        return Product(self, multiplier=factor)

    __rmul__ = __mul__

    def to_dict(self) -> dict:
        """Return the schedule as names, numbers and lists, fit for JSON or YAML; `from_dict` reads it.

        >>> from lrsched import CosineDecay
        >>> CosineDecay(0.1, decay_steps=90).to_dict()
        {'class': 'CosineDecay', 'peak_lr': 0.1, 'decay_steps': 90, 'min_lr': 0.0}
        """
        if not is_dataclass(self):
            raise TypeError(f"to_dict needs a schedule that is a dataclass, got {type(self).__name__}")
        plain = {field.name: _plain(field.name, getattr(self, field.name)) for field in fields(self)}
        return {"class": type(self).__name__} | plain

    @classmethod
    def from_dict(cls, state: dict) -> "Schedule":
        """Return the schedule that `to_dict` wrote, a class of your own included if it is defined by now.

        >>> from lrsched import Schedule
        >>> Schedule.from_dict({"class": "CosineDecay", "peak_lr": 0.1, "decay_steps": 90})
        CosineDecay(peak_lr=0.1, decay_steps=90, min_lr=0.0)
        """
        if not isinstance(state, dict) or "class" not in state:
            raise TypeError(f"state must be a dict with the name of a 'class', got {state!r} ({type(state).__name__})")
        classes = _classes()
        name = state["class"]
        if name not in classes:
            raise ValueError(f"class must be one of {_listed(sorted(classes))}, got {name!r}{_near(name, classes)}")
        return classes[name](**{key: _schedules(value) for key, value in state.items() if key != "class"})


class Piecewise(Schedule):
    """A schedule with a formula for each stretch of time: ``_piece(i, t, m)`` from ``_starts[i]`` on."""

    def __call__(self, step):
        if type(step) is int and 0 <= step <= self._last:
            return self._piece(bisect_right(self._places, step + 0.0) - 1, step, math)  # floats compare faster
        return Schedule.__call__(self, step)

    def _begin(self, *starts):
        """Say where the stretches begin; the first does at 0."""
        self._set("_starts", starts)
        self._set("_places", tuple(map(float, starts)))

    def _formula(self, t, m):
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

    def _piece(self, i, t, m):
        raise NotImplementedError(f"{type(self).__name__} must define _piece(i, t, m)")


class _Rates(Schedule):
    """A plain callable as a part of a composition: asked for one step after the other."""

    def __init__(self, name, function):
        self._set("_name", name)
        self._set("_function", function)

    def _formula(self, t, m):
        if m is math:
            return float(number(f"{self._name}({t})", self._function(t), "a number of 0 or more"))
        if m is not np:
            return self._function(t)
        return np.array([self._formula(int(x) if x.is_integer() else x, math) for x in t.tolist()])


def part(name, value, example) -> Schedule:
    """Return `value` as a schedule to compose with, or raise TypeError: it must be one, or a plain callable."""
    if isinstance(value, Schedule):
        return value
    if callable(value) and not isinstance(value, type):
        return _Rates(name, value)
    hint = ", a class: call it" if isinstance(value, type) else ""
    raise TypeError(f"{name} must be a schedule such as {example}, got {value!r} ({type(value).__name__}){hint}")


Function = TypeVar("Function", bound=Callable)


def answers_foreign_names(function: Function) -> Function:
    """Let a function refuse an argument that another library calls otherwise with the name that it has here."""
    names = list(inspect.signature(function).parameters)

    @wraps(function)
    def wrapper(*args, **kwargs):
        _refuse_foreign(function.__name__, names, kwargs)
        return function(*args, **kwargs)

    return wrapper


def _refuse_foreign(owner, names, given):
    unknown = [name for name in given if name not in names]
    if unknown:
        got = [f"{name!r}{_ours(name, names)}" for name in unknown]
        raise TypeError(f"{owner} takes {_listed(names)}, got {_listed(got)}")


def _ours(foreign, names):
    for name in names:
        if foreign in FOREIGN.get(name, "").split():
            return f" (did you mean {name}?)"
    return _near(foreign, names)


def _near(name, names):
    from difflib import get_close_matches  # only a refusal needs it

    near = get_close_matches(str(name), names, 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _listed(names):
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _plain(name, value):
    if isinstance(value, Schedule):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(f"{name}[{i}]", item) for i, item in enumerate(value)]
    if callable(value):
        raise TypeError(f"{name} must be a schedule to be written down, got {value!r} ({type(value).__name__})")
    return value


def _schedules(value):
    if isinstance(value, list):
        return [_schedules(item) for item in value]
    return Schedule.from_dict(value) if isinstance(value, dict) else value


def _classes():
    """Every schedule by the name of its class; ours last, so that no other takes its name."""
    found, todo = [], [Schedule]
    while todo:
        subclasses = todo.pop().__subclasses__()
        todo += subclasses
        found += [c for c in subclasses if "__dataclass_fields__" in vars(c) and c.__name__[0] != "_"]
    found.sort(key=lambda c: c.__module__ == "lrsched.schedules")
    return {c.__name__: c for c in found}


def _steps(step, cycles):
    """Return `step` as an array of numbers, or say why it cannot be one."""
    allowed = f"{'a finite number' if cycles else 'a number'} or an array of them"
    try:
        steps = np.asarray(step)
    except Exception:  # lists of unequal length; tensors that need a gradient, or of a type that NumPy has not
        steps = np.asarray(step.detach().tolist() if hasattr(step, "detach") else None)
    if steps.dtype.kind == "V" and hasattr(step, "tolist"):  # bfloat16 of JAX
        steps = np.asarray(step.tolist())
    if steps.dtype.kind not in "iuf":
        raise TypeError(f"step must be {allowed}, got {step!r} ({type(step).__name__})")
    if steps.dtype.kind == "f":
        low, high = steps.min(initial=0), steps.max(initial=0)  # NaN if any is
        if high != high or (cycles and high - low == math.inf):
            raise ValueError(f"step must be {allowed}, got {step!r}")
    return steps
