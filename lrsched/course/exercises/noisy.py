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
        return self.problem.expected_loss(lambda step: rates[step], self.steps)[-1]

    def report(self, rates: Sequence[float]) -> str:
        quiet = replace(self, problem=replace(self.problem, noise=0.0))
        loss, left_of_start = self.final_loss(rates), quiet.final_loss(rates)
        return (
            f"Expected loss after {self.steps} updates: {loss:.3g} ({left_of_start:.3g} is left of the start, "
            f"{loss - left_of_start:.3g} comes from the noise). The goal is {self.goal:.3g}."
        )


def advice(
    rates: np.ndarray, loss: Callable[[np.ndarray], float], is_allowed: Callable[[np.ndarray], bool], stride: int = 1
) -> tuple[str, np.ndarray]:
    """The change that lowers the loss most, of some that are easily said, and the rates that it leads to.

    Each is tried, so that none makes things worse; small ones only where no large one helps. `stride` is the number of
    updates from one rate to the next.
    """
    before = loss(rates)
    for factor in 2, 1.25, 1.05, 1.01:
        tried = [(loss(new), what, new) for what, new in changes(rates, factor, stride) if is_allowed(new)]
        after, what, changed = min(
            tried, key=lambda each: (not np.isfinite(each[0]), each[0]), default=(before, "", rates)
        )
        if after < before or (np.isfinite(after) and not np.isfinite(before)):
            return f"One change that helps: {what}, and it is {after:.3g}.", changed
    return "", rates


def changes(rates: np.ndarray, factor: float, stride: int) -> Iterator[tuple[str, np.ndarray]]:
    """Changes of all rates, or of those before or after a place, the others staying as they are."""
    yield "add 0.1 to all rates", rates + 0.1
    if (rates < 0).any():
        yield "give 0 in the place of every rate below 0", rates.clip(0)
    if (rates > 1).any():
        yield "give 1 in the place of every rate above 1", rates.clip(None, 1)
    for times in factor, 1 / factor:
        yield f"multiply all rates by {times:.3g}", rates * times
        for place in places(rates):
            early = np.arange(len(rates)) < place
            yield (
                f"multiply the rates before update {place * stride} by {times:.3g}",
                np.where(early, rates * times, rates),
            )
            yield (
                f"multiply the rates from update {place * stride} on by {times:.3g}",
                np.where(early, rates, rates * times),
            )


def places(rates: np.ndarray) -> set[int]:
    """Where a curve may be cut: after a third and two thirds, and where the rate drops next to these."""
    thirds, drops = {len(rates) // 3, 2 * len(rates) // 3}, np.flatnonzero(np.diff(rates)) + 1
    return thirds | {int(drops[np.abs(drops - third).argmin()]) for third in thirds if drops.size}
