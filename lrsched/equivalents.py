"""What the schedulers of torch, transformers, Keras, optax and timm are called here.

Each entry of `REGISTRY` is a function that takes what the other library takes and returns our schedule; its docstring
says what differs. ``lr`` is the rate of the optimiser where theirs has it. `NO_EQUAL` says of the others why they have
none.
"""

import inspect
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lrsched._names import listed, near, refuse_foreign
from lrsched.schedules import (
    Constant,
    CosineDecay,
    CosineRestarts,
    ExponentialDecay,
    InverseSqrt,
    InverseTimeDecay,
    Join,
    LinearDecay,
    OneCycle,
    PiecewiseConstant,
    PolynomialDecay,
    Product,
    Schedule,
    Shift,
    SqrtCooldown,
    StepDecay,
    Triangular,
    Warmup,
)

__all__ = ["equivalent"]

NO_EFFECT: dict[str, dict[str, Any]] = {  # arguments that leave the rate as it is
    "torch": {"last_epoch": -1},
    "transformers": {"last_epoch": -1},
    "keras": {"name": None},
    "optax": {},
    "timm": {"t_in_epochs": True, "initialize": True, "noise_pct": 0.67, "noise_std": 1.0, "noise_seed": 42},
}
LIBRARIES = {"tf": "keras", "tensorflow": "keras", "pytorch": "torch", "huggingface": "transformers"}


@dataclass(frozen=True)
class Entry:
    """A scheduler of another library that has an equal here.

    Attributes
    ----------
    name : str
        Such as "torch.StepLR".
    make : function
        From their arguments to our schedule.
    example : dict
        Arguments to show it with.
    """

    name: str
    make: Callable[..., Schedule]
    example: dict

    @property
    def differs(self) -> str:
        """What differs after the end or by one update, or that nothing does."""
        return " ".join((self.make.__doc__ or "").split())


REGISTRY: dict[str, Entry] = {}
_ALIASES: dict[str, str] = {}


def equivalent(name: str, /, **arguments: object) -> Schedule:
    """Return the schedule that does what a scheduler of another library does.

    The rates are the same over the whole run: to 1e-12 of the peak, and to 3e-6 where the other library computes in
    single precision (optax, Keras). What differs after the end or by one update stands in the ``__doc__`` of the
    schedule that is returned, and on the page *If you know ...*.

    Parameters
    ----------
    name : str
        The library and the scheduler: "torch.OneCycleLR", "transformers.linear", "keras.CosineDecay",
        "optax.linear_schedule", "timm.StepLRScheduler".
    **arguments
        What the other library's scheduler takes, by name and with its defaults. For schedulers of torch,
        transformers and timm, which take the rate from the optimiser, that is ``lr``.

    Returns
    -------
    Schedule
        Counted in calls of theirs: in epochs if they are stepped once an epoch.

    Raises
    ------
    TypeError
        If an argument is missing, or one that the other scheduler does not take.
    ValueError
        If there is no such scheduler, or none that is equal; the sentence says why.

    Examples
    --------
    >>> schedule = equivalent("torch.StepLR", lr=0.1, step_size=30)
    >>> schedule
    StepDecay(peak_lr=0.1, decay_rate=0.1, step_size=30)
    >>> equivalent("torch.OneCycleLR", max_lr=0.1, total_steps=101, pct_start=0.5)
    OneCycle(peak_lr=0.1, total_steps=100, pct_start=0.495, div_factor=25.0, final_div_factor=10000.0)
    >>> schedule.__doc__
    'As torch.StepLR. The same, also after the end.'
    """
    full = _resolve(name)
    if full in NO_EQUAL:
        raise ValueError(f"{full} has no equal here: {NO_EQUAL[full]}")
    entry = REGISTRY[full]
    takes = inspect.signature(entry.make).parameters
    idle = NO_EFFECT[full.split(".")[0]]
    refuse_foreign(full, [*takes], {key: None for key in arguments if key not in idle})
    missing = [key for key, value in takes.items() if value.default is value.empty and key not in arguments]
    if missing:
        raise TypeError(f"{full} takes {listed([*takes])}, got no {listed(missing)}")
    if arguments.get("last_epoch", -1) != -1:
        raise ValueError(
            f"last_epoch must be -1, got {arguments['last_epoch']}: a schedule has no state, ask it for any t"
        )
    schedule = entry.make(**{key: value for key, value in arguments.items() if key in takes})
    schedule._set("__doc__", f"As {full}. {entry.differs}")
    return schedule


def _resolve(name):
    if not isinstance(name, str):
        raise TypeError(f"name must be text such as 'torch.StepLR', got {name!r} ({type(name).__name__})")
    library, *_, last = name.split(".") if "." in name else ("", name)
    library = library.lower()
    full = f"{LIBRARIES.get(library, library)}.{last}"
    full = _ALIASES.get(full, full)
    known = {*REGISTRY, *NO_EQUAL}
    if full not in known:
        lower = {key.lower(): key for key in known} | {key.split(".")[1].lower(): key for key in known}
        same = lower.get(last.lower()) or lower.get(full.lower())
        hint = f" (did you mean {same}?)" if same else near(full, sorted(known))
        raise ValueError(f"name must be that of a scheduler that is known here, got {name!r}{hint}")
    return full


def _of(name, *aliases, **example):
    def register(make):
        REGISTRY[name] = Entry(name, make, example)
        _ALIASES.update({f"{name.split('.')[0]}.{alias}": name for alias in aliases})
        return make

    return register


# What several of them are made of.


def _flat(lr):
    return Constant(lr) if lr > 0 else PiecewiseConstant([lr], boundaries=[])


def _line(start, end, steps):
    return _between(start, end, steps, "linear", LinearDecay)


def _wave(start, end, steps):
    return _between(start, end, steps, "cosine", CosineDecay)


def _between(start, end, steps, shape, decay):
    if start > end:
        return decay(start, decay_steps=steps, min_lr=end)
    if start == end or steps < 1:  # of a rise that is shorter, an update meets the start alone
        return _flat(start)
    return Warmup(Constant(end), warmup_steps=steps, init_lr=start, shape=shape)


def _chain(*pieces):
    """Join pairs of a schedule and its length; the last has none."""
    pieces = [(schedule, steps) for schedule, steps in pieces if steps is None or steps > 0]
    ends = [steps for _, steps in pieces[:-1]]
    boundaries = [math.fsum(ends[: i + 1]) for i in range(len(ends))]
    return _join([schedule for schedule, _ in pieces], [int(b) if b == int(b) else b for b in boundaries])


def _join(schedules, boundaries):
    return Join(schedules, boundaries=boundaries) if boundaries else schedules[0]


def _warm(schedule, steps, init_lr=0.0):
    return Warmup(schedule, warmup_steps=steps, init_lr=init_lr) if steps else schedule


def _drops(lr, counts, rate):
    """A stair for each boundary of `counts`, which says how often `rate` applies there; from 0 on for those below 1."""
    now = lr * rate ** sum(times for boundary, times in counts.items() if boundary <= 0)
    values, boundaries = [now], sorted(boundary for boundary in counts if boundary > 0)
    for boundary in boundaries:
        values.append(values[-1] * rate ** counts[boundary])
    return PiecewiseConstant(values, boundaries=boundaries)


def _waves(lr, low, steps, cycles):
    """`cycles` whole waves in `steps`, from `lr` down to `low` and up again."""
    half = steps / (2 * cycles)
    if cycles <= 0.5:
        return CosineDecay(lr, decay_steps=half, min_lr=low)
    if half < 1:
        raise ValueError(f"num_cycles must be at most half of the updates after the warm-up, {steps / 2}, got {cycles}")
    count = math.ceil(2 * cycles)
    ends = [(lr, low), (low, lr)]
    return _join([_wave(*ends[i % 2], half) for i in range(count)], [half * (i + 1) for i in range(count - 1)])


def _after(boundary, theirs):
    """The boundary, or just above it where rounding lets the other library begin its new cycle one update late."""
    late = boundary == int(boundary) and theirs(int(boundary))
    return math.nextafter(boundary, math.inf) if late else boundary


def _refuse(**arguments):
    """Raise ValueError for an argument that has another value than the only one with an equal, with the reason."""
    for name, (value, only, why) in arguments.items():
        if value != only:
            raise ValueError(f"{name} must be {only!r} to have an equal here, got {value!r}: {why}")


NO_NOISE = (None, "a schedule of ours is the same in each run")
NO_POWER = (1.0, "our half wave has no power")

# torch


def inverse(t):
    """What an example gives to LambdaLR."""
    return 1 / (1 + t)


@_of("torch.StepLR", lr=0.1, step_size=30, gamma=0.5)
def _torch_step(lr, step_size, gamma=0.1):
    """The same, also after the end."""
    return StepDecay(lr, decay_rate=gamma, step_size=step_size)


@_of("torch.MultiStepLR", lr=0.1, milestones=[30, 80])
def _torch_multi_step(lr, milestones, gamma=0.1):
    """The same, also after the end. A milestone that is named twice counts twice."""
    return _drops(lr, Counter(m for m in milestones if m >= 0), gamma)


@_of("torch.ConstantLR", lr=0.1, factor=0.5, total_iters=5)
def _torch_constant(lr, factor=1 / 3, total_iters=5):
    """The same, also after the end. With ``total_iters=0`` theirs keeps the factor for ever."""
    return _chain((_flat(lr * factor), total_iters), (_flat(lr), None)) if total_iters > 0 else _flat(lr * factor)


@_of("torch.LinearLR", lr=0.1, start_factor=0.01, total_iters=10)
def _torch_linear(lr, start_factor=1 / 3, end_factor=1.0, total_iters=5):
    """The same, also after the end. With ``total_iters=0`` theirs stays at the start."""
    return _line(lr * start_factor, lr * end_factor, total_iters) if total_iters > 0 else _flat(lr * start_factor)


@_of("torch.ExponentialLR", lr=0.1, gamma=0.95)
def _torch_exponential(lr, gamma):
    """The same, also after the end."""
    return ExponentialDecay(lr, decay_rate=gamma)


@_of("torch.PolynomialLR", lr=0.1, total_iters=100, power=2.0)
def _torch_polynomial(lr, total_iters=5, power=1.0):
    """The same, also after the end."""
    return PolynomialDecay(lr, decay_steps=total_iters, power=power) if total_iters > 0 else _flat(lr)


@_of("torch.CosineAnnealingLR", lr=0.1, T_max=100, eta_min=0.001)
def _torch_cosine(lr, T_max, eta_min=0.0):
    """The same until ``T_max``. After it theirs rises again; ours is held at ``eta_min``."""
    return _wave(lr, eta_min, T_max)


@_of("torch.CosineAnnealingWarmRestarts", lr=0.1, T_0=10, T_mult=2)
def _torch_restarts(lr, T_0, T_mult=1, eta_min=0.0):
    """The same for ever."""
    return CosineRestarts(lr, first_cycle_steps=T_0, cycle_mult=T_mult, min_lr=eta_min)


@_of("torch.CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=20, mode="triangular2")
def _torch_cyclic(
    base_lr,
    max_lr,
    step_size_up=2000,
    step_size_down=None,
    mode="triangular",
    gamma=1.0,
    scale_fn=None,
    scale_mode="cycle",
    cycle_momentum=True,
    base_momentum=0.8,
    max_momentum=0.9,
):
    """The same for ever. Theirs moves the momentum too, unless ``cycle_momentum=False``. Without an equal: another
    ``step_size_down``, ``mode="exp_range"`` with ``gamma`` below 1, ``scale_fn``.
    """
    _refuse(
        step_size_down=(step_size_down or step_size_up, step_size_up, "our triangles fall as fast as they rise"),
        scale_fn=(scale_fn, None, "our triangles shrink by a constant factor, from each cycle to the next"),
    )
    if mode == "exp_range":
        _refuse(gamma=(gamma, 1.0, "our triangles shrink from cycle to cycle, not within one"))
    shrink = 0.5 if mode == "triangular2" else 1.0
    return Triangular(max_lr, min_lr=base_lr, half_cycle_steps=step_size_up, cycle_decay=shrink)


@_of("torch.OneCycleLR", max_lr=0.1, total_steps=100)
def _torch_one_cycle(
    max_lr,
    total_steps=None,
    epochs=None,
    steps_per_epoch=None,
    pct_start=0.3,
    anneal_strategy="cos",
    cycle_momentum=True,
    base_momentum=0.85,
    max_momentum=0.95,
    div_factor=25.0,
    final_div_factor=1e4,
    three_phase=False,
):
    """The same over the run: theirs has its peak at ``pct_start * total_steps - 1`` and its end at
    ``total_steps - 1``, and so has ours. At ``total_steps`` theirs rises a little, after it it raises an error; ours
    is held. Theirs moves the momentum too, unless ``cycle_momentum=False``.
    """
    steps = total_steps if total_steps is not None else (epochs or 0) * (steps_per_epoch or 0)
    if steps < 2:
        raise ValueError(f"total_steps, or epochs * steps_per_epoch, must be at least 2, got {steps}")
    if anneal_strategy not in ("cos", "linear"):
        raise ValueError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
    end, top, init_lr = steps - 1, pct_start * steps - 1, max_lr / div_factor
    min_lr, curve = init_lr / final_div_factor, _wave if anneal_strategy == "cos" else _line
    if three_phase:
        if not 0 < 2 * top < end:
            raise ValueError(f"pct_start must leave room for three phases of {steps} updates, got {pct_start}")
        rise, fall = curve(init_lr, max_lr, top), curve(max_lr, init_lr, top)
        return _chain((rise, top), (fall, top), (curve(init_lr, min_lr, end - 2 * top), None))
    if top <= 0:  # theirs has begun its fall before update 0
        return Shift(curve(max_lr, min_lr, end - top), by=-top) if top else curve(max_lr, min_lr, end)
    if top >= end:
        return curve(init_lr, max_lr, top)
    if anneal_strategy == "cos" and div_factor >= 1 <= final_div_factor:
        pct = top / end
        return OneCycle(
            max_lr, total_steps=end, pct_start=pct, div_factor=div_factor, final_div_factor=final_div_factor
        )
    return _chain((curve(init_lr, max_lr, top), top), (curve(max_lr, min_lr, end - top), None))


@_of("torch.SWALR", lr=0.1, swa_lr=0.05, anneal_epochs=5)
def _torch_swa(lr, swa_lr, anneal_epochs=10, anneal_strategy="cos"):
    """The same, also after the end."""
    if anneal_epochs == 0:
        return _flat(swa_lr)
    return (_wave if anneal_strategy == "cos" else _line)(lr, swa_lr, anneal_epochs)


@_of("torch.LambdaLR", lr=0.1, lr_lambda=inverse)
def _torch_lambda(lr, lr_lambda):
    """The same for ever; `lr_lambda` is asked for each step."""
    return Product(lr_lambda, multiplier=lr)


@_of(
    "torch.SequentialLR",
    schedulers=[Warmup(Constant(0.1), warmup_steps=5, init_lr=0.01), ExponentialDecay(0.1, decay_rate=0.9)],
    milestones=[5],
)
def _torch_sequential(schedulers, milestones):
    """The same, if `schedulers` are the equals of theirs."""
    return _join(list(schedulers), list(milestones))


# transformers: by the names of `get_scheduler`, and of the functions behind it


@_of("transformers.constant", "get_constant_schedule", lr=0.1)
def _transformers_constant(lr, num_warmup_steps=None, num_training_steps=None):
    """The same for ever. Theirs takes no notice of a warm-up either."""
    return Constant(lr)


@_of("transformers.constant_with_warmup", "get_constant_schedule_with_warmup", lr=0.1, num_warmup_steps=10)
def _transformers_constant_with_warmup(lr, num_warmup_steps, num_training_steps=None):
    """The same for ever."""
    return _warm(Constant(lr), num_warmup_steps)


@_of("transformers.linear", "get_linear_schedule_with_warmup", lr=0.1, num_warmup_steps=10, num_training_steps=100)
def _transformers_linear(lr, num_warmup_steps, num_training_steps):
    """The same, also after the end."""
    return _warm(LinearDecay(lr, decay_steps=_rest(num_warmup_steps, num_training_steps)), num_warmup_steps)


@_of("transformers.cosine", "get_cosine_schedule_with_warmup", lr=0.1, num_warmup_steps=10, num_training_steps=100)
def _transformers_cosine(lr, num_warmup_steps, num_training_steps, num_cycles=0.5):
    """The same until the end. After it theirs rises again; ours is held."""
    return _warm(_waves(lr, 0.0, _rest(num_warmup_steps, num_training_steps), num_cycles), num_warmup_steps)


@_of(
    "transformers.cosine_with_restarts",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    lr=0.1,
    num_warmup_steps=10,
    num_training_steps=100,
    num_cycles=3,
)
def _transformers_restarts(lr, num_warmup_steps, num_training_steps, num_cycles=1):
    """The same, also after the end."""
    steps = _rest(num_warmup_steps, num_training_steps)
    boundaries = [
        _after(i * steps / num_cycles, lambda t: num_cycles * (t / steps) % 1.0 > 0.5)
        for i in range(1, math.ceil(num_cycles))
    ]
    cycle = CosineDecay(lr, decay_steps=steps / num_cycles)
    ending = [] if num_cycles == int(num_cycles) else [steps]
    parts = [cycle] * (len(boundaries) + 1) + [_flat(0.0) for _ in ending]
    return _warm(_join(parts, boundaries + ending), num_warmup_steps)


@_of(
    "transformers.polynomial",
    "get_polynomial_decay_schedule_with_warmup",
    lr=0.1,
    num_warmup_steps=10,
    num_training_steps=100,
    power=2.0,
)
def _transformers_polynomial(lr, num_warmup_steps, num_training_steps, lr_end=1e-7, power=1.0):
    """The same, also after the end."""
    steps = _rest(num_warmup_steps, num_training_steps)
    return _warm(PolynomialDecay(lr, decay_steps=steps, min_lr=lr_end, power=power), num_warmup_steps)


@_of("transformers.inverse_sqrt", "get_inverse_sqrt_schedule", lr=0.1, num_warmup_steps=10)
def _transformers_inverse_sqrt(lr, num_warmup_steps, timescale=None, num_training_steps=None):
    """The same for ever."""
    return _warm(InverseSqrt(lr, timescale=timescale or num_warmup_steps or 10_000), num_warmup_steps)


@_of(
    "transformers.cosine_with_min_lr",
    "get_cosine_with_min_lr_schedule_with_warmup",
    lr=0.1,
    num_warmup_steps=10,
    num_training_steps=100,
    min_lr_rate=0.1,
)
def _transformers_cosine_min(lr, num_warmup_steps, num_training_steps, num_cycles=0.5, min_lr=None, min_lr_rate=None):
    """The same until the end. After it theirs rises again; ours is held."""
    low = _floor(lr, min_lr, min_lr_rate)
    return _warm(_waves(lr, low, _rest(num_warmup_steps, num_training_steps), num_cycles), num_warmup_steps)


@_of(
    "transformers.cosine_warmup_with_min_lr",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    lr=0.1,
    num_warmup_steps=10,
    num_training_steps=100,
    min_lr_rate=0.1,
)
def _transformers_cosine_warmup_min(
    lr, num_warmup_steps, num_training_steps, num_cycles=0.5, min_lr=None, min_lr_rate=None, warmup_lr_rate=None
):
    """The same until the last update: theirs is one update ahead, with its peak at ``num_warmup_steps - 1`` and its
    end at ``num_training_steps - 1``, and so is ours. After it theirs rises again; ours is held.
    """
    low = _floor(lr, min_lr, min_lr_rate)
    waves = _waves(lr, low, _rest(num_warmup_steps, num_training_steps), num_cycles)
    if num_warmup_steps == 0:
        return Shift(waves, by=1)
    if warmup_lr_rate is None:
        return _warm(waves, num_warmup_steps - 1, lr / num_warmup_steps)
    if num_warmup_steps == 1:  # its one update has the first rate, and the wave has begun
        return _chain((_flat(lr * warmup_lr_rate), 1), (Shift(waves, by=1), None))
    return _warm(waves, num_warmup_steps - 1, lr * warmup_lr_rate)


@_of(
    "transformers.warmup_stable_decay",
    "get_wsd_schedule",
    lr=0.1,
    num_warmup_steps=10,
    num_decay_steps=20,
    num_training_steps=100,
    min_lr_ratio=0.1,
)
def _transformers_wsd(
    lr,
    num_warmup_steps,
    num_decay_steps,
    num_training_steps=None,
    num_stable_steps=None,
    warmup_type="linear",
    decay_type="cosine",
    min_lr_ratio=0,
    num_cycles=0.5,
):
    """The same, also after the end. ``min_lr_ratio`` lifts the start of the warm-up too."""
    if num_training_steps is None and num_stable_steps is None:
        raise TypeError("transformers.warmup_stable_decay takes num_training_steps or num_stable_steps, got neither")
    shapes = {"linear": "linear", "cosine": "cosine", "1-sqrt": "sqrt"}
    for name, value in (("warmup_type", warmup_type), ("decay_type", decay_type)):
        if value not in shapes:
            raise ValueError(f"{name} must be one of {listed([*shapes])}, got {value!r}")
    if num_stable_steps is None:
        num_stable_steps = num_training_steps - num_warmup_steps - num_decay_steps
    low = lr * min_lr_ratio
    pieces = [(Constant(lr), num_stable_steps)]
    if num_decay_steps and decay_type == "cosine":
        pieces.append((_waves(lr, low, num_decay_steps, num_cycles), num_decay_steps))
    elif num_decay_steps:
        decay = LinearDecay if decay_type == "linear" else SqrtCooldown
        pieces.append((decay(lr, decay_steps=num_decay_steps, min_lr=low), num_decay_steps))
    if not num_decay_steps or (decay_type == "cosine" and num_cycles != 0.5):  # else the decay is held at its end
        pieces.append((_flat(low), None))
    whole = _chain(*pieces[:-1], (pieces[-1][0], None))
    if num_warmup_steps == 0 or low == lr:
        return whole
    return Warmup(whole, warmup_steps=num_warmup_steps, init_lr=low, shape=shapes[warmup_type])


def _rest(num_warmup_steps, num_training_steps):
    if num_training_steps <= num_warmup_steps:
        raise ValueError(
            f"num_training_steps must be above num_warmup_steps = {num_warmup_steps}, got {num_training_steps}"
        )
    return num_training_steps - num_warmup_steps


def _floor(lr, min_lr, min_lr_rate):
    if (min_lr is None) == (min_lr_rate is None):
        raise TypeError(f"either min_lr or min_lr_rate must be given, got {min_lr} and {min_lr_rate}")
    return lr * min_lr_rate if min_lr is None else min_lr


# Keras


@_of("keras.ExponentialDecay", initial_learning_rate=0.1, decay_steps=30, decay_rate=0.5, staircase=True)
def _keras_exponential(initial_learning_rate, decay_steps, decay_rate, staircase=False):
    """The same for ever."""
    kind = StepDecay if staircase else ExponentialDecay
    return kind(initial_learning_rate, decay_rate=decay_rate, step_size=decay_steps)


@_of("keras.InverseTimeDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5)
def _keras_inverse_time(initial_learning_rate, decay_steps, decay_rate, staircase=False):
    """The same for ever. Without an equal: ``staircase=True``."""
    _refuse(
        staircase=(bool(staircase), False, "our stairs have a height of their own (PiecewiseConstant) or one ratio")
    )
    return InverseTimeDecay(initial_learning_rate, timescale=decay_steps / decay_rate)


@_of("keras.PiecewiseConstantDecay", boundaries=[30, 80], values=[0.1, 0.03, 0.01])
def _keras_piecewise(boundaries, values):
    """The same: theirs still has the old value at a boundary, so that ours has each boundary one update later."""
    return PiecewiseConstant(list(values), boundaries=[math.floor(boundary) + 1 for boundary in boundaries])


@_of("keras.PolynomialDecay", initial_learning_rate=0.1, decay_steps=100, power=2.0)
def _keras_polynomial(initial_learning_rate, decay_steps, end_learning_rate=1e-4, power=1.0, cycle=False):
    """The same, also after the end. Without an equal: ``cycle=True``, and a rise with a ``power`` other than 1."""
    _refuse(cycle=(bool(cycle), False, "no schedule of ours begins anew from a lower rate each time"))
    return _polynomial(initial_learning_rate, end_learning_rate, power, decay_steps)


@_of("keras.CosineDecay", initial_learning_rate=0.0, decay_steps=90, alpha=0.1, warmup_target=0.1, warmup_steps=10)
def _keras_cosine(initial_learning_rate, decay_steps, alpha=0.0, warmup_target=None, warmup_steps=0):
    """The same, also after the end. ``alpha`` is a share of the peak; theirs warms up only if ``warmup_target`` is
    given.
    """
    peak = initial_learning_rate if warmup_target is None else warmup_target
    cosine = CosineDecay(peak, decay_steps=decay_steps, min_lr=alpha * peak)
    return cosine if warmup_target is None else _warm(cosine, warmup_steps, initial_learning_rate)


@_of("keras.CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=10, m_mul=0.8, alpha=0.01)
def _keras_restarts(initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0):
    """The same, but theirs, in single precision, may make a restart one update late, and is off by more than 3e-6 of
    the peak after some 25 cycles. Without an equal: a ``t_mul`` that is no whole number.
    """
    _refuse(t_mul=(t_mul, int(t_mul), "our cycles grow by whole factors"))
    return CosineRestarts(
        initial_learning_rate,
        first_cycle_steps=first_decay_steps,
        cycle_mult=int(t_mul),
        min_lr=alpha * initial_learning_rate,
        cycle_decay=m_mul,
    )


# optax


@_of("optax.constant_schedule", value=0.1)
def _optax_constant(value):
    """The same for ever."""
    return _flat(value)


@_of("optax.linear_schedule", init_value=0.1, end_value=0.01, transition_steps=100)
def _optax_linear(init_value, end_value, transition_steps, transition_begin=0):
    """The same, also after the end."""
    return _optax_polynomial(init_value, end_value, 1, transition_steps, transition_begin)


@_of("optax.polynomial_schedule", init_value=0.1, end_value=0.01, power=2, transition_steps=100)
def _optax_polynomial(init_value, end_value, power, transition_steps, transition_begin=0):
    """The same, also after the end. Without an equal: a rise with a ``power`` other than 1."""
    if transition_steps <= 0:
        return _flat(init_value)
    return _held_first(_polynomial(init_value, end_value, power, transition_steps), init_value, transition_begin)


@_of("optax.exponential_decay", init_value=0.1, transition_steps=30, decay_rate=0.5, end_value=0.01)
def _optax_exponential(init_value, transition_steps, decay_rate, transition_begin=0, staircase=False, end_value=None):
    """The same for ever. Without an equal: a ``decay_rate`` above 1."""
    if transition_steps <= 0 or decay_rate == 0:
        return _flat(init_value)
    kind = StepDecay if staircase else ExponentialDecay
    decay = kind(init_value, decay_rate=decay_rate, step_size=transition_steps)
    if end_value is not None and end_value >= init_value:
        return _flat(end_value)
    if end_value and decay_rate < 1:
        periods = math.log(end_value / init_value) / math.log(decay_rate)
        decay = _chain(
            (decay, transition_steps * (math.ceil(periods) if staircase else periods)), (_flat(end_value), None)
        )
    return _held_first(decay, init_value, transition_begin)


@_of("optax.piecewise_constant_schedule", init_value=0.1, boundaries_and_scales={30: 0.3, 80: 0.3})
def _optax_piecewise(init_value, boundaries_and_scales=None):
    """The same for ever. Theirs takes factors, ours rates."""
    values, boundaries = [init_value], []
    for boundary, scale in sorted((boundaries_and_scales or {}).items()):
        if boundary > 0:
            boundaries.append(boundary)
            values.append(values[-1] * scale)
        else:
            values[-1] *= scale
    return PiecewiseConstant(values, boundaries=boundaries)


@_of(
    "optax.piecewise_interpolate_schedule",
    interpolate_type="linear",
    init_value=0.02,
    boundaries_and_scales={30: 5.0, 100: 0.1},
)
def _optax_interpolate(interpolate_type, init_value, boundaries_and_scales=None):
    """The same, also after the end."""
    curves = {"linear": _line, "cosine": _wave}
    if interpolate_type not in curves:
        raise ValueError(f"interpolate_type must be 'linear' or 'cosine', got {interpolate_type!r}")
    pieces, value, at = [], init_value, 0
    for boundary, scale in sorted((boundaries_and_scales or {}).items()):
        if boundary > at:
            pieces.append((curves[interpolate_type](value, value * scale, boundary - at), boundary - at))
        value, at = value * scale, max(boundary, at)
    if pieces and (pieces[-1][0].total_steps or 0) == pieces[-1][1]:  # it is held at its end
        return _chain(*pieces[:-1], (pieces[-1][0], None))
    return _chain(*pieces, (_flat(value), None))


@_of("optax.linear_onecycle_schedule", transition_steps=100, peak_value=0.1)
def _optax_linear_one_cycle(
    transition_steps, peak_value, pct_start=0.3, pct_final=0.85, div_factor=25.0, final_div_factor=1e4
):
    """The same, also after the end."""
    scales = {
        int(pct_start * transition_steps): div_factor,
        int(pct_final * transition_steps): 1 / div_factor,
        transition_steps: 1 / final_div_factor,
    }
    return _optax_interpolate("linear", peak_value / div_factor, scales)


@_of("optax.cosine_onecycle_schedule", transition_steps=100, peak_value=0.1)
def _optax_cosine_one_cycle(transition_steps, peak_value, pct_start=0.3, div_factor=25.0, final_div_factor=1e4):
    """The same, also after the end. Theirs rounds the place of the peak down to a whole update, and so does ours."""
    top = int(pct_start * transition_steps)
    if 0 < top < transition_steps and div_factor >= 1 <= final_div_factor:
        return OneCycle(
            peak_value,
            total_steps=transition_steps,
            pct_start=top / transition_steps,
            div_factor=div_factor,
            final_div_factor=final_div_factor,
        )
    scales = {top: div_factor, int(transition_steps): 1 / (div_factor * final_div_factor)}
    return _optax_interpolate("cosine", peak_value / div_factor, scales)


@_of("optax.warmup_constant_schedule", init_value=0.0, peak_value=0.1, warmup_steps=10)
def _optax_warmup_constant(init_value, peak_value, warmup_steps):
    """The same for ever. With ``warmup_steps=0`` theirs stays at ``init_value``."""
    return _line(init_value, peak_value, warmup_steps) if warmup_steps > 0 else _flat(init_value)


@_of("optax.warmup_cosine_decay_schedule", init_value=0.0, peak_value=0.1, warmup_steps=10, decay_steps=100)
def _optax_warmup_cosine(init_value, peak_value, warmup_steps, decay_steps, end_value=0.0, exponent=1.0):
    """The same, also after the end. ``decay_steps`` counts the warm-up in. Without an equal: another ``exponent``."""
    _refuse(exponent=(exponent, *NO_POWER))
    if decay_steps <= warmup_steps:
        raise ValueError(f"decay_steps must be above warmup_steps = {warmup_steps}, got {decay_steps}")
    wave = _wave(peak_value, end_value, decay_steps - warmup_steps)
    if init_value > peak_value:
        return _chain((_line(init_value, peak_value, warmup_steps), warmup_steps), (wave, None))
    return _warm(wave, warmup_steps, init_value)


@_of(
    "optax.warmup_exponential_decay_schedule",
    init_value=0.0,
    peak_value=0.1,
    warmup_steps=10,
    transition_steps=30,
    decay_rate=0.5,
)
def _optax_warmup_exponential(
    init_value,
    peak_value,
    warmup_steps,
    transition_steps,
    decay_rate,
    transition_begin=0,
    staircase=False,
    end_value=None,
):
    """The same for ever. Without an equal: a ``decay_rate`` above 1."""
    decay = _optax_exponential(peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value)
    return _chain((_line(init_value, peak_value, warmup_steps), warmup_steps), (decay, None))


@_of("optax.cosine_decay_schedule", init_value=0.1, decay_steps=100, alpha=0.1)
def _optax_cosine(init_value, decay_steps, alpha=0.0, exponent=1.0):
    """The same, also after the end. ``alpha`` is a share of the peak. Without an equal: another ``exponent``."""
    _refuse(exponent=(exponent, *NO_POWER))
    return _wave(init_value, init_value * alpha, decay_steps)


@_of(
    "optax.sgdr_schedule",
    cosine_kwargs=[
        {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 5, "decay_steps": 30},
        {"init_value": 0.0, "peak_value": 0.05, "warmup_steps": 5, "decay_steps": 60},
    ],
)
def _optax_sgdr(cosine_kwargs):
    """The same, also after the end."""
    cycles = [(_optax_warmup_cosine(**kwargs), kwargs["decay_steps"]) for kwargs in cosine_kwargs]
    return _chain(*cycles[:-1], (cycles[-1][0], None))


@_of(
    "optax.join_schedules",
    schedules=[Warmup(Constant(0.1), warmup_steps=10), CosineDecay(0.1, decay_steps=90)],
    boundaries=[10],
)
def _optax_join(schedules, boundaries):
    """The same, if `schedules` are the equals of theirs, or theirs."""
    return _join(list(schedules), list(boundaries))


def _polynomial(start, end, power, steps):
    if power == 1 or start == end:
        return _line(start, end, steps)
    if start < end:
        raise ValueError(f"power must be 1 for a rise from {start} to {end}, got {power}: our other powers fall")
    return PolynomialDecay(start, decay_steps=steps, min_lr=end, power=power)


def _held_first(schedule, init_value, steps):
    return _chain((_flat(init_value), steps), (schedule, None)) if steps > 0 else schedule


# timm


@_of("timm.CosineLRScheduler", lr=0.1, t_initial=100, lr_min=0.001, warmup_t=10, warmup_prefix=True)
def _timm_cosine(
    lr,
    t_initial,
    lr_min=0.0,
    cycle_mul=1.0,
    cycle_decay=1.0,
    cycle_limit=1,
    warmup_t=0,
    warmup_lr_init=0.0,
    warmup_prefix=False,
    noise_range_t=None,
    k_decay=1.0,
):
    """The same, also after the end. With ``warmup_prefix=False``, theirs by default, the wave has begun during the
    warm-up, and the rate falls to it at the end of that. Without an equal: noise, ``k_decay`` other than 1.
    """
    _refuse(
        noise_range_t=(noise_range_t, *NO_NOISE),
        k_decay=(k_decay, *NO_POWER),
    )
    cycles = _timm_cycles(lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, _wave)
    return _timm_warmup(cycles, lr, warmup_t, warmup_lr_init, warmup_prefix)


@_of("timm.PolyLRScheduler", lr=0.1, t_initial=100, power=2.0)
def _timm_poly(
    lr,
    t_initial,
    power=0.5,
    lr_min=0.0,
    cycle_mul=1.0,
    cycle_decay=1.0,
    cycle_limit=1,
    warmup_t=0,
    warmup_lr_init=0.0,
    warmup_prefix=False,
    noise_range_t=None,
    k_decay=1.0,
):
    """The same, also after the end; with ``warmup_prefix=False`` as for `CosineLRScheduler`. Without an equal: noise,
    ``k_decay`` other than 1, a cycle whose top is below ``lr_min``.
    """
    _refuse(
        noise_range_t=(noise_range_t, *NO_NOISE),
        k_decay=(k_decay, 1.0, "our powers are of what is left of the time"),
    )

    def curve(start, end, steps):
        return _polynomial(start, end, power, steps)

    cycles = _timm_cycles(lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, curve)
    return _timm_warmup(cycles, lr, warmup_t, warmup_lr_init, warmup_prefix)


@_of("timm.StepLRScheduler", lr=0.1, decay_t=30, decay_rate=0.5)
def _timm_step(lr, decay_t, decay_rate=1.0, warmup_t=0, warmup_lr_init=0.0, warmup_prefix=True, noise_range_t=None):
    """The same for ever. Without an equal: noise."""
    _refuse(noise_range_t=(noise_range_t, *NO_NOISE))
    steps = StepDecay(lr, decay_rate=decay_rate, step_size=decay_t)
    return _timm_warmup(steps, lr, warmup_t, warmup_lr_init, warmup_prefix)


@_of("timm.MultiStepLRScheduler", lr=0.1, decay_t=[30, 80], decay_rate=0.1)
def _timm_multi_step(
    lr, decay_t, decay_rate=1.0, warmup_t=0, warmup_lr_init=0.0, warmup_prefix=True, noise_range_t=None
):
    """The same for ever: theirs has the new rate one step before each of `decay_t`, and so has ours. Without an
    equal: noise.
    """
    _refuse(noise_range_t=(noise_range_t, *NO_NOISE))
    drops = _drops(lr, Counter(boundary - 1 for boundary in decay_t), decay_rate)
    return _timm_warmup(drops, lr, warmup_t, warmup_lr_init, warmup_prefix)


@_of("timm.WSDLRScheduler", lr=0.1, t_initial=90, decay_t=20, warmup_t=10)
def _timm_wsd(
    lr,
    t_initial,
    decay_t,
    lr_min=0.0,
    stable_fn="constant",
    stable_timescale=None,
    stable_power=0.5,
    decay_fn="1-sqrt",
    decay_power=0.5,
    decay_ratio=0.1,
    warmup_t=0,
    warmup_lr_init=0.0,
    noise_range_t=None,
):
    """The same, also after the end. Without an equal: noise, a ``stable_fn`` other than "constant", and as
    ``decay_fn`` "exp", a function, or "power" with another ``decay_power`` than 0.5 and 1.
    """
    _refuse(
        noise_range_t=(noise_range_t, *NO_NOISE),
        stable_fn=(stable_fn, "constant", "our decays start from a rate that is held"),
    )
    kinds = {"linear": LinearDecay, "1-sqrt": SqrtCooldown, "cosine": CosineDecay}
    if decay_fn == "power":
        decay_fn = {0.5: "1-sqrt", 1.0: "linear"}.get(decay_power, f"power {decay_power}")
    if decay_fn not in kinds:
        raise ValueError(f"decay_fn must be one of {listed([*kinds])} to have an equal here, got {decay_fn!r}")
    decay = kinds[decay_fn](lr, decay_steps=decay_t, min_lr=lr_min)
    whole = _chain((Constant(lr), t_initial - decay_t), (decay, None))
    return _timm_warmup(whole, lr, warmup_t, warmup_lr_init, prefix=True)


def _timm_cycles(lr, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, curve):
    lengths = [t_initial * cycle_mul**i for i in range(cycle_limit)]
    cycles = [curve(lr * cycle_decay**i, lr_min, steps) for i, steps in enumerate(lengths)]
    if cycle_limit == 1:
        return cycles[0]

    def late(i):
        return lambda t: math.floor(math.log(1 - t / t_initial * (1 - cycle_mul), cycle_mul)) < i

    ends = [sum(lengths[: i + 1]) for i in range(cycle_limit)]
    boundaries = [_after(end, late(i)) if cycle_mul != 1 else end for i, end in enumerate(ends, 1)]
    return _join([*cycles, _flat(lr_min)], boundaries)


def _timm_warmup(schedule, lr, steps, init_lr, prefix):
    if steps == 0:
        return schedule
    if prefix and init_lr < lr == schedule(0):
        return Warmup(schedule, warmup_steps=steps, init_lr=init_lr)
    return _chain((_line(init_lr, lr, steps), steps), (schedule if prefix else Shift(schedule, by=steps), None))


READS_LOSS = "it reads the loss, so that its rate is no function of the step; see ReduceOnPlateau."
NO_EQUAL = {
    "torch.ReduceLROnPlateau": READS_LOSS,
    "torch.MultiplicativeLR": "each of its rates is made from the last, for a function that only it knows; give the "
    "product so far to a Product.",
    "torch.ChainedScheduler": "it multiplies what its parts do to the rate; Join and Warmup put one after the other.",
    "transformers.reduce_lr_on_plateau": READS_LOSS,
    "transformers.greedy": "it reads the loss, so that its rate is no function of the step.",
    "transformers.get_adafactor_schedule": "it shows the rate that Adafactor finds by itself.",
    "keras.ReduceLROnPlateau": READS_LOSS,
    "keras.LearningRateScheduler": "it is a callback that counts epochs; lrsched.keras.to_keras counts updates.",
    "optax.reduce_on_plateau": READS_LOSS,
    "timm.PlateauLRScheduler": READS_LOSS,
    "timm.TanhLRScheduler": "no schedule of ours falls as a hyperbolic tangent does; CosineDecay is of a like shape.",
}
