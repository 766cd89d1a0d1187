"""A noisy quadratic on which open tasks score the rates of a learner: exact, so that nothing is left to luck."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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

    def left_of_start(self, rates: Sequence[float]) -> float:
        return self._final_loss(replace(self.problem, noise=0.0), rates)

    def from_noise(self, rates: Sequence[float]) -> float:
        return self.final_loss(rates) - self.left_of_start(rates)

    def _final_loss(self, problem: Quadratic, rates: Sequence[float]) -> float:
        return problem.expected_loss(lambda step: rates[step], self.steps)[-1]

    def report(self, rates: Sequence[float]) -> str:
        return (
            f"Expected loss after {self.steps} updates: {self.final_loss(rates):.3g} "
            f"({self.left_of_start(rates):.3g} is left of the start, {self.from_noise(rates):.3g} comes from the "
            f"noise). The goal is {self.goal:.3g}."
        )
