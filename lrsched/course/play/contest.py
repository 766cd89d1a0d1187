"""What the problems of the pad and the levels of the cockpit share: schedules with a name, and the best known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from lrsched.course.play.models import Model
from lrsched.course.valley import STEPS
from lrsched.schedules import (
    Constant,
    CosineDecay,
    ExponentialDecay,
    LinearDecay,
    OneCycle,
    StepDecay,
    rates,
    warmup_stable_decay,
)


def shapes() -> dict[str, np.ndarray]:
    """The schedules that have a name, each of peak 1."""
    warm = {"warmup_steps": 10, "decay_steps": 40, "shape": "linear", "init_lr": 0.1}
    schedules = {
        "constant": Constant(1.0),
        "step": StepDecay(1.0, decay_rate=0.1, step_size=80),
        "exponential": ExponentialDecay(1.0, decay_rate=0.01, step_size=STEPS),
        "cosine": CosineDecay(1.0, decay_steps=STEPS),
        "linear": LinearDecay(1.0, decay_steps=STEPS),
        "one-cycle": OneCycle(1.0, total_steps=STEPS),
        "WSD": warmup_stable_decay(1.0, total_steps=STEPS, **warm),
    }
    return {name: rates(schedule, STEPS) for name, schedule in schedules.items()}


@cache
def stored(page: str) -> dict[str, dict]:
    """What tools/optima.mjs has found for a page: by key the best `peaks` of its shapes, and the best `rates`."""
    return json.loads(Path(__file__).with_name(f"{page}.json").read_text("utf-8"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Contest:
    """A model, the schedules that are measured on it, each at its own best peak rate, and the best that is known."""

    page: ClassVar[str]  # whose file holds what was found
    key: str
    name: str
    model: Model
    shapes: Mapping[str, np.ndarray]
    share: float = 0.5  # of the way from the best of these schedules to the best that is known, for gold

    @property
    def found(self) -> dict:
        return stored(self.page)[self.key]

    def tuned(self, name: str) -> np.ndarray:
        return self.found["peaks"][name] * self.shapes[name]

    def end(self, rates: np.ndarray) -> float:
        return float(f"{self.model.losses(rates)[-1]:.6g}")

    @cached_property
    def best_rates(self) -> np.ndarray:
        return np.array(self.found["rates"])

    @cached_property
    def best_loss(self) -> float:
        return self.end(self.best_rates)
