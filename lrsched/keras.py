"""Schedules in Keras 3, on JAX, torch or TensorFlow: `to_keras` makes a ``LearningRateSchedule``::

    optimizer = keras.optimizers.AdamW(to_keras(Warmup(CosineDecay(3e-4, decay_steps=9_000), warmup_steps=1_000)))

It counts updates, not epochs, is saved with the model, and resumes by ``optimizer.iterations``. `Rate` is a callback
for who changes the rate by hand.

Needs Keras; ``import lrsched`` does not import this module.
"""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from lrsched._check import argument, instance
from lrsched._schedule import part
from lrsched.interfaces import ScheduleLike
from lrsched.schedules import Schedule

__all__ = ["KerasSchedule", "Rate", "to_keras"]


@keras.saving.register_keras_serializable(package="lrsched")
class KerasSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """What `to_keras` returns: a schedule that Keras can trace and save."""

    def __init__(self, schedule: ScheduleLike, steps: int | None = None) -> None:
        super().__init__()
        self.schedule = part("schedule", schedule)
        self.steps = None if steps is None else argument("steps", steps)
        if self.steps is not None:
            end = self.schedule.total_steps
            last = [] if end is not None and end < self.steps else [math.nan]  # beyond a table that is too short
            self._table = np.array([*self.schedule(np.arange(self.steps)), *last], keras.config.floatx())
            return
        try:
            _Trial(self)(keras.KerasTensor((), "int32"))
        except Exception as error:
            raise TypeError(
                f"schedule must be one that Keras can trace, got {schedule}; give steps for a table"
            ) from error

    def __call__(self, step: Any) -> Any:
        if self.steps is not None:
            place = ops.clip(ops.cast(step, "int32"), 0, len(self._table) - 1)
            return ops.take(ops.convert_to_tensor(self._table), place)
        t = ops.cast(step, keras.config.floatx())
        return ops.cast(self.schedule._held(t, ops), keras.config.floatx()) + 0 * t

    def get_config(self) -> dict[str, Any]:
        return {"schedule": self.schedule.to_dict(), "steps": self.steps}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "KerasSchedule":
        return cls(Schedule.from_dict(config["schedule"]), config["steps"])


class _Trial(keras.Operation):
    """Traces a function without running it."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.call = function


def to_keras(schedule: ScheduleLike, *, steps: int | None = None) -> KerasSchedule:
    """Return `schedule` as a ``LearningRateSchedule`` of Keras.

    Computed in Keras' precision, single by default: to about 3e-7 of the peak for up to 16 million updates.

    Parameters
    ----------
    schedule : Schedule or callable of the update index
        The rates.
    steps : int, optional
        Make a table of so many rates first: for a callable, or a formula of your own, that Keras cannot trace. Beyond
        a table that is too short the rate is NaN.

    Returns
    -------
    KerasSchedule
        For an optimiser's ``learning_rate``.

    Raises
    ------
    TypeError
        If `schedule` is none, or cannot be traced and has no table.

    Examples
    --------
    >>> from lrsched import LinearDecay
    >>> rate = to_keras(LinearDecay(0.5, decay_steps=4))
    >>> [float(rate(t)) for t in range(5)]
    [0.5, 0.375, 0.25, 0.125, 0.0]
    """
    return KerasSchedule(schedule, steps)


class Rate(keras.callbacks.Callback):
    """Set the rate before each batch: for an optimiser whose ``learning_rate`` is a number that others read or change.

    Parameters
    ----------
    schedule : Schedule or callable of the update index
        The rates; counted in the updates of the optimiser, which a saved model keeps.

    Examples
    --------
    >>> from lrsched import LinearDecay
    >>> Rate(LinearDecay(0.5, decay_steps=4)).schedule
    LinearDecay(peak_lr=0.5, decay_steps=4, min_lr=0.0)
    """

    def __init__(self, schedule: ScheduleLike) -> None:
        super().__init__()
        self.schedule = part("schedule", schedule)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the rate that this batch uses."""
        optimizer = self.model.optimizer
        instance("learning_rate", optimizer._learning_rate, keras.Variable, "a number, where Rate sets it")
        optimizer.learning_rate = self.schedule(int(ops.convert_to_numpy(optimizer.iterations)))
