"""A noisy quadratic on which open tasks score the rates of a learner: exact, so that nothing is left to luck."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lrsched.problems import Quadratic


@dataclass(frozen=True)
class NoisyRun:
    """`steps` updates on `problem`, to be won against `constant`, the best constant rate.

    The expected loss has two parts: what is left of the start, and what comes from the noise.
    """

    problem: Quadratic
    steps: int
    constant: float

    @property
    def goal(self) -> float:
        return 0.6 * self.final_loss([self.constant] * self.steps)

    def final_loss(self, rates: Sequence[float]) -> float:
        return self._final_loss(self.problem, rates)

    def _final_loss(self, problem: Quadratic, rates: Sequence[float]) -> float:
        return problem.expected_loss(lambda step: rates[step], self.steps)[-1]

    def report(self, rates: Sequence[float]) -> str:
        loss, left_of_start = self.final_loss(rates), self._final_loss(replace(self.problem, noise=0.0), rates)
        return (
            f"Expected loss after {self.steps} updates: {loss:.3g} ({left_of_start:.3g} is left of the start, "
            f"{loss - left_of_start:.3g} comes from the noise). The goal is {self.goal:.3g}."
        )


def advice(
    rates: np.ndarray, loss: Callable[[np.ndarray], float], is_allowed: Callable[[np.ndarray], bool], stride: int = 1
) -> tuple[str, np.ndarray]:
    """The change that lowers the loss most, of some that are easily said, and the rates that it leads to.

    Each is tried, so that none makes things worse. `stride` is the number of updates from one rate to the next.
    """
    tried = [(loss(changed), what, changed) for what, changed in changes(rates, stride) if is_allowed(changed)]
    best, what, changed = min(tried, key=lambda each: (not np.isfinite(each[0]), each[0]))
    if not best < loss(rates):
        return "", rates
    return f"One change that helps: {what}, and it is {best:.3g}.", changed


def changes(rates: np.ndarray, stride: int) -> Iterator[tuple[str, np.ndarray]]:
    """Changes of some rates, the others staying as they are."""
    yield "add 0.1 to all rates", rates + 0.1
    if (rates < 0).any():
        yield "give 0 in the place of every rate below 0", rates.clip(0)
    if (rates > 1).any():
        yield "give 1 in the place of every rate above 1", rates.clip(None, 1)
    n = len(rates)
    first, second = (_drop_near(rates, place) for place in (n // 3, 2 * n // 3))
    for factor in 2, 1.25, 1.05:
        for begin, end in (0, n), (0, first), (0, second), (first, n), (second, n):
            for times in factor, 1 / factor:
                changed = rates.copy()
                changed[begin:end] *= times
                where = (
                    "all rates" if end - begin == n else f"the rates of updates {begin * stride} to {end * stride - 1}"
                )
                yield f"multiply {where} by {times:.3g}", changed


def _drop_near(rates: np.ndarray, place: int) -> int:
    """The place nearest to `place` at which the rate changes, so that levels stay whole."""
    places = np.flatnonzero(np.diff(rates)) + 1
    return int(places[np.abs(places - place).argmin()]) if places.size else place
