"""The three problems of the pad on which schedules are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from lrsched.course.play.contest import Contest, shapes
from lrsched.course.play.drawing import Pad
from lrsched.course.play.goals import goals
from lrsched.course.play.models import Bound, Moments, Worst
from lrsched.course.steps import chebyshev_rates, silver_rates
from lrsched.course.valley import PROBLEM, STEPS
from lrsched.interfaces import ScheduleLike
from lrsched.schedules import rates

STEEPEST, FLATTEST = 5.0, 5.0 / 2000  # curvatures of the problem without noise
UNEVEN = {  # shapes that no hand can draw
    "two in turn": np.where(np.arange(STEPS) % 2, 0.2, 1.0),
    "silver steps": silver_rates(STEPS) / silver_rates(STEPS).max(),
}


def curvature_grid() -> list[float]:
    """Close enough that no curvature between two is left with more."""
    roots = np.cos(np.pi * np.arange(161) / 160)
    even = (STEEPEST + FLATTEST + (STEEPEST - FLATTEST) * roots) / 2
    return sorted({float(f"{c:.6g}") for c in (*even, *np.geomspace(FLATTEST, STEEPEST, 96))})


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem(Contest):
    """One problem: the limits of its two pictures, what its loss is called, and what it asks."""

    page: ClassVar[str] = "draw"
    pad: Pad
    limits: tuple[float, float]
    quantity: str
    question: str
    shapes: Mapping[str, np.ndarray] = field(default_factory=shapes)
    edge: float | None = None  # a constant rate above diverges
    design: np.ndarray | None = None  # what stands for the optimum where that cannot be drawn
    best: tuple[str, str] = ("optimum", "the optimum")

    @cached_property
    def best_rates(self) -> np.ndarray:
        found = self.found["rates"] if self.design is None else self.design
        return np.array([float(f"{rate:.6g}") for rate in found])

    @cached_property
    def rivals(self) -> dict[str, float]:
        """The loss of each schedule that has a name, at its own best peak rate."""
        return {name: self.end(self.tuned(name)) for name in self.shapes}

    def preset(self, name: str) -> np.ndarray:
        return np.clip(self.tuned(name), self.pad.low, self.pad.high)

    @property
    def goals(self) -> dict[str, dict]:
        return goals(self.rivals, self.best_loss, share=self.share)


_PROBLEMS = (
    Problem(
        key="noisy",
        name="Noisy",
        model=Moments(PROBLEM),
        pad=Pad(0.001, 1.0),
        limits=(0.004, 20.0),
        quantity="expected loss",
        question="Noise in every gradient. What does a falling rate buy, and when should it fall?",
        edge=2 / max(PROBLEM.curvatures),
    ),
    Problem(
        key="calm",
        name="No noise",
        model=Worst(curvature_grid()),
        pad=Pad(0.05, 2000.0),
        limits=(1e-9, 1e4),
        quantity="share of the loss left",
        question="What is left of the worst direction, from flat to 2,000 times as steep. Try rates far above the line "
        "for a while, and then Reverse.",
        shapes=shapes() | UNEVEN,
        edge=2 / STEEPEST,
        design=chebyshev_rates(STEPS, FLATTEST, 1.1 * STEEPEST),
        # For a direction 10 % steeper than there is: the best of all fails wherever a hand draws 1 % too high.
        best=("Chebyshev", "Chebyshev’s design"),
        share=0.25,
    ),
    Problem(
        key="bound",
        name="Worst case",
        model=Bound(distance=1.0, gradient=1.0),
        pad=Pad(0.0003, 1.0),
        limits=(0.1, 4.0),
        quantity="bound on the loss",
        question="A loss that the last weights cannot exceed, whatever the convex function. Which shape does that ask "
        "for?",
    ),
)
PROBLEMS = {problem.key: problem for problem in _PROBLEMS}


STARTS = ("constant", "linear", "exponential", "one-cycle", "WSD")


def searches() -> dict[str, dict]:
    """What tools/optima.mjs looks for: the best peak of each shape, and from `starts` the best rates."""
    return {
        key: {
            "model": problem.model.name,
            "parameters": problem.model.parameters,
            "low": problem.pad.low,
            "high": problem.pad.high,
            "shapes": {name: list(shape) for name, shape in problem.shapes.items()},
            "starts": [list(0.1 * problem.shapes[name]) for name in STARTS if problem.design is None],
        }
        for key, problem in PROBLEMS.items()
    }


def drawing_link(schedule: ScheduleLike, *, problem: str = "noisy") -> str:
    """The address, from a chapter, of the page on which `schedule` is drawn.

    >>> from lrsched import Constant
    >>> drawing_link(Constant(0.1))
    'draw.ipynb#draw=noisy.AKqq'
    """
    if problem not in PROBLEMS:
        raise ValueError(f"problem must be one of {', '.join(map(repr, PROBLEMS))}, got {problem!r}")
    return f"draw.ipynb#draw={problem}.{PROBLEMS[problem].pad.code(rates(schedule, STEPS))}"
