r"""Learning-rate schedules: pure functions of the update index.

``t = 0, 1, 2, ...`` counts the optimiser's updates, and ``schedule(t)`` is the rate that update ``t`` uses.
A schedule has no state: calling it twice, or out of order, changes nothing; a resumed run needs ``t`` alone.

    >>> schedule = StepDecay(0.1, decay_rate=0.5, step_size=10)
    >>> schedule(9), schedule(10)
    (0.1, 0.05)
    >>> schedule([0, 10, 20])
    array([0.1  , 0.05 , 0.025])

Lengths are counted in updates or in epochs, and ``t`` in the same unit. Every ``t`` is allowed, negative and
fractional ones too: a schedule is held before 0 and after its end, so a decay never rises again.

Each class is one formula, ``_formula(t, m)``. It serves a single number and a whole array alike: ``m`` is
`math` for the one and `numpy` for the other. Its ``t`` is at least 0 and at most the length.
A new schedule is a frozen dataclass with such a formula; `ARGUMENTS` in ``_check.py`` says what its arguments may be.
"""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from lrsched._check import argument, instance, numbers, strictly_rising
from lrsched._schedule import Piecewise, Schedule, rates

__all__ = [
    "Constant",
    "CosineDecay",
    "CosineRestarts",
    "ExponentialDecay",
    "InverseSqrt",
    "InverseTimeDecay",
    "Join",
    "LinearDecay",
    "OneCycle",
    "PiecewiseConstant",
    "PolynomialDecay",
    "Schedule",
    "SqrtCooldown",
    "StepDecay",
    "Triangular",
    "Warmup",
    "rates",
    "warmup_stable_decay",
]


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate for ever: ``lr(t) = peak_lr``.

    Parameters
    ----------
    peak_lr : number
        The rate, above 0.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `peak_lr` is not above 0, or not finite.

    Examples
    --------
    >>> Constant(0.1)(1000)
    0.1
    """

    peak_lr: float

    def _formula(self, t, m):
        return self.peak_lr


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Multiply the rate by `decay_rate` every `step_size` steps.

    ``lr(t) = peak_lr * decay_rate ** floor(t / step_size)``. The drop comes *at* ``t == step_size``.

    Parameters
    ----------
    peak_lr : number
        The rate at 0, above 0.
    decay_rate : number
        What each drop multiplies the rate by, above 0 and at most 1.
    step_size : number
        The number of updates from one drop to the next, above 0.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> StepDecay(0.1, decay_rate=0.5, step_size=10)([9, 10, 19, 20])
    array([0.1  , 0.05 , 0.05 , 0.025])
    """

    peak_lr: float
    _: KW_ONLY
    decay_rate: float
    step_size: float

    def _formula(self, t, m):
        return self.peak_lr * self.decay_rate ** m.floor(t / self.step_size)


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """Multiply the rate by `decay_rate` over every `step_size` steps, a little at each step.

    ``lr(t) = peak_lr * decay_rate ** (t / step_size)``: `StepDecay` without the floor. The two meet at every
    multiple of `step_size`. A straight line on a logarithmic axis.

    Parameters
    ----------
    peak_lr : number
        The rate at 0, above 0.
    decay_rate : number
        What `step_size` updates together multiply the rate by, above 0 and at most 1.
    step_size : number
        The number of updates in which they do so, above 0.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> ExponentialDecay(0.1, decay_rate=0.25, step_size=10)([0, 5, 10])
    array([0.1  , 0.05 , 0.025])
    """

    peak_lr: float
    _: KW_ONLY
    decay_rate: float
    step_size: float = 1

    def _formula(self, t, m):
        return self.peak_lr * self.decay_rate ** (t / self.step_size)


@dataclass(frozen=True)
class PiecewiseConstant(Piecewise):
    """Hold one value until the next boundary, which already takes the new one.

    ``lr(t) = values[i]`` with ``i`` the number of boundaries at or below ``t``. `values` has one entry more
    than `boundaries`, which rise from above 0.

    Parameters
    ----------
    values : sequence of numbers, (pieces,)
        The rates, 0 or more each.
    boundaries : sequence of numbers, (pieces - 1,)
        The updates at which each value but the first begins: rising from above 0.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or `boundaries` are not one fewer than `values`, or do not rise.

    Examples
    --------
    >>> PiecewiseConstant([0.1, 0.03], boundaries=[30])([29, 30])
    array([0.1 , 0.03])
    """

    values: Sequence[float] | np.ndarray
    _: KW_ONLY
    boundaries: Sequence[float] | np.ndarray

    def __post_init__(self):
        self._set("values", tuple(map(float, numbers("values", self.values, "a number of 0 or more"))))
        self._set("boundaries", _boundaries(self.boundaries, len(self.values), "values"))
        self._set("_starts", (0, *self.boundaries))

    def _piece(self, i, t, m):
        return self.values[i]


@dataclass(frozen=True)
class InverseTimeDecay(Schedule):
    """Divide the rate by a number that grows steadily: ``lr(t) = peak_lr / (1 + t / timescale)``.

    At ``t == timescale`` half of the rate is left. The sum of all rates has no limit, that of their squares has.

    Parameters
    ----------
    peak_lr : number
        The rate at 0, above 0.
    timescale : number
        The number of updates, above 0, after which half of the rate is left.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> InverseTimeDecay(0.1, timescale=10)([0, 10, 90])
    array([0.1 , 0.05, 0.01])
    """

    peak_lr: float
    _: KW_ONLY
    timescale: float

    def _formula(self, t, m):
        return self.peak_lr / (1 + t / self.timescale)


@dataclass(frozen=True)
class InverseSqrt(Schedule):
    """Divide the rate by a root that grows: ``lr(t) = peak_lr / sqrt(1 + t / timescale)``.

    Parameters
    ----------
    peak_lr : number
        The rate at 0, above 0.
    timescale : number
        The number of updates, above 0; after three times as many, half of the rate is left.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> InverseSqrt(0.1, timescale=10)([0, 30, 990])
    array([0.1 , 0.05, 0.01])
    """

    peak_lr: float
    _: KW_ONLY
    timescale: float

    def _formula(self, t, m):
        return self.peak_lr / m.sqrt(1 + t / self.timescale)


@dataclass(frozen=True)
class _Decay(Schedule):
    """From `peak_lr` at 0 to `min_lr` at `decay_steps`: what the decays with an end share."""

    peak_lr: float
    _: KW_ONLY
    decay_steps: float
    min_lr: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        self._set("total_steps", self.decay_steps)


@dataclass(frozen=True)
class LinearDecay(_Decay):
    """A straight line: ``lr(t) = min_lr + (peak_lr - min_lr) * (n - t) / n`` with ``n = decay_steps``.

    Parameters
    ----------
    peak_lr : number
        The rate at 0, above 0.
    decay_steps : number
        The length, above 0; update `decay_steps` is the first at `min_lr`.
    min_lr : number
        The rate at the end, from 0 to `peak_lr`.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> LinearDecay(0.1, decay_steps=4)([0, 1, 2, 3, 4])
    array([0.1  , 0.075, 0.05 , 0.025, 0.   ])
    """

    def _formula(self, t, m):
        return self.min_lr + (self.peak_lr - self.min_lr) * ((self.decay_steps - t) / self.decay_steps)


@dataclass(frozen=True, kw_only=True)
class PolynomialDecay(_Decay):
    """A power of the straight line: ``lr(t) = min_lr + (peak_lr - min_lr) * ((n - t) / n) ** power``.

    Parameters
    ----------
    peak_lr : number
        The rate at 0, above 0.
    decay_steps : number
        The length, above 0; update `decay_steps` is the first at `min_lr`.
    min_lr : number
        The rate at the end, from 0 to `peak_lr`.
    power : number
        The exponent, above 0: 1 is the straight line, 2 is faster at first.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> PolynomialDecay(0.1, decay_steps=4, power=2)([0, 2, 4])
    array([0.1  , 0.025, 0.   ])
    """

    power: float = 1.0

    def _formula(self, t, m):
        share_left = (self.decay_steps - t) / self.decay_steps
        return self.min_lr + (self.peak_lr - self.min_lr) * share_left**self.power


@dataclass(frozen=True)
class CosineDecay(_Decay):
    """Half a cosine wave: slow at first, fastest half-way, slow at the end [loshchilov2017]_.

    ``lr(t) = min_lr + (peak_lr - min_lr) * (1 + cos(pi * t / n)) / 2`` with ``n = decay_steps``.

    Parameters
    ----------
    peak_lr : number
        The rate at 0, above 0.
    decay_steps : number
        The length, above 0; update `decay_steps` is the first at `min_lr`.
    min_lr : number
        The rate at the end, from 0 to `peak_lr`.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> CosineDecay(0.1, decay_steps=4)([0, 2, 4])
    array([0.1 , 0.05, 0.  ])
    """

    def _formula(self, t, m):
        return _cosine((self.decay_steps - t) / self.decay_steps, self.peak_lr, self.min_lr, m)


def _cosine(share_left, high, low, m):
    """Half a cosine wave from `high` (`share_left` = 1) to `low` (0).

    sin(pi/2 * (1 - x))**2 equals (1 + cos(pi * x)) / 2, and does not cancel near the end: the textbook form
    loses all but six digits there in a run of a million steps.
    """
    wave = m.sin(m.pi / 2 * share_left)
    return low + (high - low) * (wave * wave)


@dataclass(frozen=True)
class SqrtCooldown(_Decay):
    """Fast at first, then ever slower [hagele2024]_.

    ``lr(t) = min_lr + (peak_lr - min_lr) * (1 - sqrt(t / n))`` with ``n = decay_steps``.

    Parameters
    ----------
    peak_lr : number
        The rate at 0, above 0.
    decay_steps : number
        The length, above 0; update `decay_steps` is the first at `min_lr`.
    min_lr : number
        The rate at the end, from 0 to `peak_lr`.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> SqrtCooldown(0.1, decay_steps=4)([0, 1, 4])
    array([0.1 , 0.05, 0.  ])
    """

    def _formula(self, t, m):
        n = self.decay_steps
        share = (n - t) / n / (1 + m.sqrt(t / n))  # 1 - sqrt(t / n) without its cancellation near the end
        return self.min_lr + (self.peak_lr - self.min_lr) * share


@dataclass(frozen=True)
class CosineRestarts(Piecewise):
    """Cosine decay again and again, each cycle `cycle_mult` times the length of the last [loshchilov2017]_.

    The first takes `first_cycle_steps`. The step that ends a cycle is the first of the next, at `peak_lr`.

    Parameters
    ----------
    peak_lr : number
        The rate at the start of each cycle, above 0.
    first_cycle_steps : number
        The length of the first cycle in updates, above 0.
    cycle_mult : int
        What the length of each cycle is multiplied by to give the next, 1 or more.
    min_lr : number
        The rate that each cycle falls towards, from 0 to `peak_lr`.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> CosineRestarts(0.1, first_cycle_steps=2, cycle_mult=2)([0, 1, 2, 4, 6])
    array([0.1 , 0.05, 0.1 , 0.05, 0.1 ])
    """

    peak_lr: float
    _: KW_ONLY
    first_cycle_steps: float
    cycle_mult: int = 1
    min_lr: float = 0.0

    _cycles = True

    def __post_init__(self):
        super().__post_init__()
        starts, lengths = [0], [self.first_cycle_steps]
        while self.cycle_mult > 1 and starts[-1] < 2**63:  # no counter of steps goes further
            starts.append(starts[-1] + lengths[-1])
            lengths.append(lengths[-1] * self.cycle_mult)
        self._set("_starts", tuple(starts))
        self._set("_lengths", tuple(lengths))

    def _formula(self, t, m):
        if self.cycle_mult > 1:
            return Piecewise._formula(self, t, m)
        n = self.first_cycle_steps
        return _cosine((n * m.floor(t / n) + n - t) / n, self.peak_lr, self.min_lr, m)

    def _piece(self, i, t, m):
        n = self._lengths[i]
        return _cosine((self._starts[i] + n - t) / n, self.peak_lr, self.min_lr, m)


@dataclass(frozen=True)
class Triangular(Schedule):
    """Straight up from `min_lr` to `peak_lr` and down again, each taking `half_cycle_steps` [smith2017]_.

    With ``u = t / half_cycle_steps`` and ``c = floor(u / 2)``, the number of whole cycles so far,
    ``lr(t) = min_lr + (peak_lr - min_lr) * (1 - |u - 2c - 1|) * cycle_decay ** c``.

    Parameters
    ----------
    peak_lr : number
        The highest rate of the first cycle, above 0.
    min_lr : number
        The rate at the start and end of each cycle, from 0 to `peak_lr`.
    half_cycle_steps : number
        The number of updates up, and as many down, above 0.
    cycle_decay : number
        What each cycle multiplies the height above `min_lr` by, above 0 and at most 1.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> Triangular(0.1, min_lr=0.02, half_cycle_steps=4)([0, 2, 4, 8])
    array([0.02, 0.06, 0.1 , 0.02])
    """

    peak_lr: float
    _: KW_ONLY
    min_lr: float
    half_cycle_steps: float
    cycle_decay: float = 1.0

    _cycles = True

    def _formula(self, t, m):
        halves = t / self.half_cycle_steps
        cycle = m.floor(halves / 2)
        height = (1 - abs(halves - 2 * cycle - 1)) * self.cycle_decay**cycle
        return self.min_lr + (self.peak_lr - self.min_lr) * height


@dataclass(frozen=True)
class OneCycle(Piecewise):
    """One cosine wave up and one down [smith2018]_.

    From ``peak_lr / div_factor`` at 0 up to `peak_lr` at ``pct_start * total_steps``, then down to
    ``peak_lr / (div_factor * final_div_factor)`` at `total_steps`. `pct_start` is a share, not a percentage.

    Parameters
    ----------
    peak_lr : number
        The highest rate, above 0.
    total_steps : number
        The length in updates, above 0.
    pct_start : number
        The share of the updates that go up, between 0 and 1.
    div_factor : number
        The highest rate divided by the first, 1 or more.
    final_div_factor : number
        The first rate divided by the last, 1 or more.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> OneCycle(0.1, total_steps=10, pct_start=0.5, div_factor=10, final_div_factor=100)([0, 5, 10])
    array([0.01  , 0.1   , 0.0001])
    """

    peak_lr: float
    _: KW_ONLY
    total_steps: float = field()  # required, although the base class has a value
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    def __post_init__(self):
        super().__post_init__()
        self._set("_starts", (0, self.pct_start * self.total_steps))

    def _piece(self, i, t, m):
        n, top, init_lr = self.total_steps, self._starts[1], self.peak_lr / self.div_factor
        if i == 0:
            return _cosine(t / top, self.peak_lr, init_lr, m)
        return _cosine((n - t) / (n - top), self.peak_lr, init_lr / self.final_div_factor, m)


@dataclass(frozen=True)
class Warmup(Piecewise):
    """A straight line from `init_lr` up to where `schedule` starts, then `schedule` in its own time.

    ``lr(t) = init_lr + (schedule(0) - init_lr) * t / warmup_steps`` before `warmup_steps`, then
    ``schedule(t - warmup_steps)``. With ``init_lr=0`` update 0 changes nothing;
    ``init_lr = peak / warmup_steps`` avoids that. ``warmup_steps=0`` means no warm-up.

    Parameters
    ----------
    schedule : Schedule
        What follows; its rate at 0 is above 0.
    warmup_steps : number
        The number of updates on the way up, 0 or more.
    init_lr : number
        The rate at 0, from 0 to where `schedule` starts.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or `schedule` starts at 0.

    Examples
    --------
    >>> Warmup(CosineDecay(0.1, decay_steps=10), warmup_steps=4)([0, 1, 4, 9, 14])
    array([0.   , 0.025, 0.1  , 0.05 , 0.   ])
    """

    schedule: Schedule
    _: KW_ONLY
    warmup_steps: float
    init_lr: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        instance("schedule", self.schedule, Schedule, "a schedule such as CosineDecay(0.1, decay_steps=100)")
        self._set("_peak", self.schedule(0))
        self._set("_starts", (0, self.warmup_steps))
        if self._peak == 0:
            raise ValueError(f"schedule must start above 0, got {self.schedule}, which starts at 0")
        if self.init_lr > self._peak:
            raise ValueError(f"init_lr must be at most schedule(0) = {self._peak}, got {self.init_lr}")
        self._set("total_steps", _end(self.warmup_steps, self.schedule))

    def _piece(self, i, t, m):
        if i == 0:
            return self.init_lr + (self._peak - self.init_lr) * (t / self.warmup_steps)
        return self.schedule._formula(t - self.warmup_steps, m)


@dataclass(frozen=True)
class Join(Piecewise):
    """One schedule after another: each takes over at its boundary and counts its own time from there.

    `schedules` has one entry more than `boundaries`. A schedule that ends before its turn does is held.

    Parameters
    ----------
    schedules : sequence of Schedule, (pieces,)
        In their order; each starts at its own 0.
    boundaries : sequence of numbers, (pieces - 1,)
        The updates at which each schedule but the first begins: rising from above 0.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no schedule, or `boundaries` are not one fewer, or do not rise.

    Examples
    --------
    >>> Join([Constant(0.1), LinearDecay(0.1, decay_steps=4)], boundaries=[10])([9, 10, 12, 14])
    array([0.1 , 0.1 , 0.05, 0.  ])
    """

    schedules: Sequence[Schedule]
    _: KW_ONLY
    boundaries: Sequence[float] | np.ndarray

    def __post_init__(self):
        instance("schedules", self.schedules, (list, tuple), "a list of schedules")
        for i, schedule in enumerate(self.schedules):
            instance(f"schedules[{i}]", schedule, Schedule, "a schedule such as Constant(0.1)")
        self._set("schedules", tuple(self.schedules))
        self._set("boundaries", _boundaries(self.boundaries, len(self.schedules), "schedules"))
        self._set("_starts", (0, *self.boundaries))
        self._set("total_steps", _end(self._starts[-1], self.schedules[-1]))

    def _piece(self, i, t, m):
        return self.schedules[i](t - self._starts[i])


def warmup_stable_decay(
    peak_lr: float,
    *,
    total_steps: float,
    warmup_steps: float,
    decay_steps: float,
    shape: str = "sqrt",
    min_lr: float = 0.0,
    init_lr: float = 0.0,
) -> Schedule:
    """Warm up, hold `peak_lr`, decay over the last `decay_steps` of `total_steps` [hu2024]_ [hagele2024]_.

    Parameters
    ----------
    peak_lr : number
        The rate that is held, above 0.
    total_steps : number
        The length in updates, warm-up and decay included.
    warmup_steps : number
        The number of updates on the way up, 0 or more.
    decay_steps : number
        The number of updates on the way down, above 0.
    shape : "linear", "sqrt" or "cosine"
        The decay: `LinearDecay`, `SqrtCooldown` or `CosineDecay`.
    min_lr : number
        The rate at the end, from 0 to `peak_lr`.
    init_lr : number
        The rate at 0, from 0 to `peak_lr`.

    Returns
    -------
    Schedule
        Of length `total_steps`.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or `total_steps` is less than warm-up and decay together.

    Examples
    --------
    >>> schedule = warmup_stable_decay(0.1, total_steps=100, warmup_steps=10, decay_steps=20, shape="linear")
    >>> schedule([5, 50, 90])
    array([0.05, 0.1 , 0.05])
    """
    shapes = {"linear": LinearDecay, "sqrt": SqrtCooldown, "cosine": CosineDecay}
    stable = Warmup(Constant(peak_lr), warmup_steps=warmup_steps, init_lr=init_lr)
    decay = shapes[argument("shape", shape)](peak_lr, decay_steps=decay_steps, min_lr=min_lr)
    start = argument("total_steps", total_steps) - decay.decay_steps
    if start < stable.warmup_steps:
        raise ValueError(
            f"total_steps must be at least warmup_steps + decay_steps = {warmup_steps} + {decay_steps}, "
            f"got {total_steps}"
        )
    return Join([stable, decay], boundaries=[start]) if start else decay


def _end(start, schedule):
    """Return the last step of a schedule that begins at `start`: its own time there is within its length."""
    if schedule.total_steps is None:
        return None
    end = start + schedule.total_steps
    while end - start > schedule.total_steps:  # by rounding, where lengths are no whole numbers
        end = math.nextafter(end, start)
    return end


def _boundaries(boundaries, pieces, of):
    if pieces == 0:
        raise ValueError(f"{of} must not be empty")
    boundaries = numbers("boundaries", boundaries, "a number above 0")
    if len(boundaries) != pieces - 1:
        raise ValueError(f"boundaries must be one fewer than {of} ({pieces}), got {len(boundaries)}")
    strictly_rising("boundaries", boundaries)
    return boundaries
