"""What a schedule does to a problem, exactly. `live.js` has the same formulas; a test holds them equal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lrsched.problems import Quadratic
from lrsched.theory import convex_bound


class Model(Protocol):
    """A formula: its `name` and its `parameters` there, and the `losses` before each update and after the last."""

    name: str

    @property
    def parameters(self) -> dict: ...

    def losses(self, rates: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Moments:
    """The expected loss of SGD on a noisy quadratic."""

    problem: Quadratic
    name = "moments"

    @property
    def parameters(self) -> dict:
        quadratic = self.problem
        return {"end": quadratic.curvatures, "start": quadratic.start, "noise": quadratic.noise}

    def losses(self, rates: np.ndarray) -> np.ndarray:
        return self.problem.expected_loss(rates.__getitem__, len(rates))


@dataclass(frozen=True)
class Worst:
    """The largest share of the loss that is left, over all of a grid of curvatures, without noise."""

    grid: Sequence[float]
    name = "worst"

    @property
    def parameters(self) -> dict:
        return {"grid": self.grid}

    def losses(self, rates: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", under="ignore"):
            shares = np.cumprod((1 - np.outer(rates, self.grid)) ** 2, axis=0)
        return np.append(1.0, shares.max(axis=1))


@dataclass(frozen=True)
class Bound:
    """The bound of convex theory on the loss of the last weights; before the first update there is none."""

    distance: float
    gradient: float
    name = "bound"

    @property
    def parameters(self) -> dict:
        return {"distance": self.distance, "gradient": self.gradient}

    def losses(self, rates: np.ndarray) -> np.ndarray:
        return np.append(np.nan, convex_bound(rates, **self.parameters, every=1))
