"""Schedules in optax: `to_optax` makes one that JAX can trace, also for ``inject_hyperparams``::

    optimizer = optax.adamw(to_optax(Warmup(CosineDecay(3e-4, decay_steps=9_000), warmup_steps=1_000)))

Optax keeps the count in its state: that state is all there is to save.
Needs JAX and optax; ``import lrsched`` does not import this module.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from lrsched._check import argument
from lrsched._schedule import part
from lrsched.interfaces import ScheduleLike
from lrsched.schedules import Schedule

__all__ = ["to_optax"]


def to_optax(schedule: ScheduleLike, *, steps: int | None = None) -> optax.Schedule:
    """Return `schedule` as a function that JAX can trace.

    Computed in the precision that JAX has: in single precision to about 3e-7 of the peak for up to 16 million updates,
    in double precision (``jax_enable_x64``) like the schedule itself.

    Parameters
    ----------
    schedule : Schedule or callable of the update index
        The rates.
    steps : int, optional
        Make a table of so many rates first: for a callable, or a formula of your own, that JAX cannot trace.

    Returns
    -------
    callable
        From the count of updates to the rate. Beyond a table that is too short, ValueError is raised, or, where JAX
        is tracing, the rate is NaN.

    Raises
    ------
    TypeError
        If `schedule` is none, or cannot be traced and has no table.

    Examples
    --------
    >>> import jax
    >>> from lrsched import CosineDecay, Warmup
    >>> schedule = Warmup(CosineDecay(0.5, decay_steps=4), warmup_steps=2)
    >>> jax.jit(jax.vmap(to_optax(schedule)))(jax.numpy.arange(5)).round(4).tolist()
    [0.0, 0.25, 0.5, 0.4267999827861786, 0.25]
    """
    schedule = part("schedule", schedule)
    if steps is not None:
        return _table(schedule, argument("steps", steps))

    def rate(count: Any) -> jax.Array:
        t = jnp.asarray(count, dtype=float)
        return jnp.broadcast_to(jnp.asarray(schedule._held(t, jnp), dtype=t.dtype), t.shape)

    try:
        jax.eval_shape(rate, jax.ShapeDtypeStruct((), jnp.int32))
    except Exception as error:
        raise TypeError(f"schedule must be one that JAX can trace, got {schedule}; give steps for a table") from error
    return rate


def _table(schedule: Schedule, steps: int) -> optax.Schedule:
    rates = jnp.asarray(schedule(np.arange(steps)), dtype=float)
    ends = (math.inf if schedule.total_steps is None else schedule.total_steps) < steps

    def rate(count: Any) -> jax.Array:
        if not ends and not isinstance(count, jax.core.Tracer) and np.max(count) >= steps:
            raise ValueError(f"count must be below steps = {steps}, where the table ends, got {count}")
        return jnp.take(rates, jnp.maximum(count, 0), mode="clip" if ends else "fill", fill_value=jnp.nan)

    return rate
