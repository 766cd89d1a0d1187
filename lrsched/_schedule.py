"""What all schedules share: how a formula is called, and what its arguments may be."""

import math
from bisect import bisect_right
from dataclasses import fields
from itertools import pairwise

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

BLOCK = 8192  # steps computed at a time: what a formula needs in between then stays in the processor's cache


class Schedule:
    """The rate of each update; the base of all schedules.

    Call it with an int or a float for a float, with an array for a float64 array of the same shape.

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
    _cycles = False

    def __post_init__(self):
        for name in (field.name for field in fields(self) if field.name in ALLOWED):
            value = number(name, getattr(self, name), ALLOWED[name])
            self._set(name, float(value) if name.endswith("_lr") else value)
        if getattr(self, "min_lr", 0) > getattr(self, "peak_lr", math.inf):
            raise ValueError(f"min_lr must be at most peak_lr = {self.peak_lr}, got {self.min_lr}")

    def _set(self, name, value):
        object.__setattr__(self, name, value)  # the dataclasses are frozen

    def __call__(self, step):
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
        for block in (slice(i, i + BLOCK) for i in range(0, values.size, BLOCK)):
            values[block] = self._formula(values[block], np)
        return values.reshape(steps.shape) if steps.ndim else float(values[0])

    def _formula(self, t, m):
        raise NotImplementedError(f"{type(self).__name__} must define _formula(t, m)")


class Piecewise(Schedule):
    """A schedule with a formula for each stretch of time: ``_piece(i, t, m)`` from ``_starts[i]`` on."""

    def _formula(self, t, m):
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

    def _piece(self, i, t, m):
        raise NotImplementedError(f"{type(self).__name__} must define _piece(i, t, m)")


def _steps(step, allowed):
    """Return a copy of `step` as an array of float64, or say why it cannot be one."""
    try:
        steps = np.asarray(step)
    except ValueError:  # lists of unequal length
        steps = np.asarray(None)
    if steps.dtype.kind not in "iuf":
        raise TypeError(f"step must be {allowed} or an array of them, got {step!r} ({type(step).__name__})")
    steps = np.array(steps, dtype=np.float64, order="C")
    if np.isnan(steps.max(initial=0)) or (allowed == "a finite number" and np.isinf(steps).any()):
        raise ValueError(f"step must be {allowed} or an array of them, got {step!r}")
    return steps
