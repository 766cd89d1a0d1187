"""A drawing: at most 64 points, between which the rate is a straight line as in `np.interp`, and its link.

A link has four letters for each point: its update, and the rate as one of 65,536 levels between the lowest and the
highest of the pad, even in the logarithm. `draw.js` writes and reads the same.
"""

from dataclasses import dataclass

import numpy as np

LEVELS, MOST_POINTS, TOLERANCE = 2**16, 64, 0.012
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class Pad:
    """The rates that can be drawn."""

    low: float
    high: float

    def level(self, rate: float) -> int:
        share = np.log(rate / self.low) / np.log(self.high / self.low)
        return round((LEVELS - 1) * min(1.0, max(0.0, share)))

    def rate(self, level: int) -> float:
        return float(f"{self.low * (self.high / self.low) ** (level / (LEVELS - 1)):.6g}")  # as it stands in code

    def points(self, rates: np.ndarray) -> list[tuple[int, int]]:
        """The drawing, [(update, level), ...], that keeps within 1.2 % of `rates` (Douglas and Peucker)."""
        rates = np.clip(rates, self.low, self.high)
        levels = [self.level(rate) for rate in rates]
        drawn = np.array([self.rate(level) for level in levels])
        tolerance = TOLERANCE
        while len(kept := _corners(rates, drawn, tolerance)) > MOST_POINTS:
            tolerance *= 1.5
        if len(kept) == 2 and levels[0] == levels[-1]:
            kept = kept[:1]
        return [(t, levels[t]) for t in kept]

    def code(self, rates: np.ndarray) -> str:
        """The letters of a link."""
        numbers = [t * LEVELS + level for t, level in self.points(rates)]
        return "".join(ALPHABET[number >> shift & 63] for number in numbers for shift in (18, 12, 6, 0))


def _corners(rates: np.ndarray, drawn: np.ndarray, tolerance: float) -> list[int]:
    last = len(rates) - 1
    kept, spans = {0, last}, [(0, last)]
    while spans:
        start, end = spans.pop()
        between = np.arange(start + 1, end)
        line = drawn[start] + (drawn[end] - drawn[start]) * (between - start) / (end - start)
        off = np.abs(np.log(rates[between] / line))
        if off.size and off.max() > tolerance:
            at = int(between[off.argmax()])
            kept.add(at)
            spans += [(start, at), (at, end)]
    return sorted(kept)
