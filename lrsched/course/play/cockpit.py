"""The levels of the cockpit: what each does to the loss, what it teaches, and whom a reader is measured against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from lrsched.course.play.contest import Contest, shapes, stored
from lrsched.course.play.goals import MARGIN, goal, goals
from lrsched.course.valley import STEPS
from lrsched.problems import second_moments
from lrsched.schedules import LinearDecay, Warmup, rates

LOW, HIGH = 0.001, 1.0  # the rates that the lever has
CRASH = 100.0  # the loss at which a run is over
KNOTS = 26  # of the best found, which no hand could follow more closely: one every 8 updates


@dataclass(frozen=True, kw_only=True)
class Moving:
    """The expected loss of SGD on a noisy quadratic whose curvatures turn and whose lowest point drifts.

    The curvatures go from `begin` to `end`, each evenly in its logarithm: with the time, or, where there is a `scale`,
    with the travel, the sum of the rates. Without `begin` they stay.
    """

    end: Sequence[float]
    noise: float
    begin: Sequence[float] | None = None
    scale: float | None = None
    start: Sequence[float] = (1.0,) * 8
    drift: float = 0.0
    name = "moments"

    @property
    def parameters(self) -> dict:
        names = ("begin", "end", "scale", "start", "noise", "drift")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def losses(self, rates: np.ndarray) -> np.ndarray:
        moments, travel, losses = np.square(self.start), 0.0, []
        with np.errstate(over="ignore"):
            for t in range(len(rates) + 1):
                curvatures = self._curvatures(t / len(rates), travel)
                losses.append(curvatures @ moments / 2)
                if t < len(rates):
                    moments = second_moments(moments, rates[t], curvatures, self.noise) + self.drift**2
                    travel += rates[t]
        return np.array(losses)

    def _curvatures(self, share: float, travel: float) -> np.ndarray:
        end = np.array(self.end)
        if self.begin is None:
            return end
        left = 1 - share if self.scale is None else np.exp(-travel / self.scale)
        return end * (np.array(self.begin) / end) ** left


USUAL = {name: shapes()[name] for name in ("constant", "linear", "cosine", "exponential")}


def warm_ups() -> dict[str, np.ndarray]:
    """A linear decay after a warm-up, of peak 1, for several lengths of it in updates."""
    found = {}
    for up in (5, 10, 15, 20, 25, 30, 40, 60):
        schedule = Warmup(LinearDecay(1.0, decay_steps=STEPS - up), warmup_steps=up, init_lr=1 / up)
        found[f"warm-up {up} + linear"] = rates(schedule, STEPS)
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Level(Contest):
    """One level: its texts, and what its medals ask for."""

    page: ClassVar[str] = "cockpit"
    brief: str
    lesson: str
    hint: str
    lowest: float  # of the axis of the loss
    first: float = 0.1  # the rate at the start
    shapes: Mapping[str, np.ndarray] = field(default_factory=lambda: USUAL)
    multiples: Mapping[str, float] | None = None  # of the best found, where that is hardly better than a constant rate

    @cached_property
    def rivals(self) -> dict[str, np.ndarray]:
        """The rates of each schedule that has a name, at its own best peak; of several warm-ups the best."""
        found = {name: self.tuned(name) for name in self.shapes}
        warm = [name for name in found if name.startswith("warm-up")]
        if warm:
            best = min(warm, key=lambda name: self.end(found[name]))
            found = {name: rates for name, rates in found.items() if name not in warm or name == best}
        return found

    @cached_property
    def losses(self) -> dict[str, float]:
        """Where each rival ends."""
        return {name: self.end(rates) for name, rates in self.rivals.items()}

    @property
    def goals(self) -> dict[str, dict]:
        if self.multiples:
            asked = self.multiples.items()
            return {metal: goal(by * self.best_loss, f"{by:g} times the best found") for metal, by in asked}
        asked = goals(self.losses, self.best_loss, share=self.share)
        first, second = sorted(self.losses, key=self.losses.__getitem__)[:2]
        if first == "constant":  # then bronze is for who beats the best of the others
            asked["bronze"] = goal(MARGIN * self.losses[second], f"the best {second} schedule")
        return asked


def _even(low: float, high: float) -> tuple[float, ...]:
    """Eight numbers, evenly in their logarithms."""
    return tuple(float(f"{c:.8g}") for c in np.geomspace(low, high, 8))


FLAT, STEEP = _even(0.05, 5), _even(0.5, 5)
_LEVELS = (
    Level(
        key="calm",
        name="Calm",
        brief="Hardly any noise. Above a rate of 0.4, the edge, the steepest direction grows instead of falling.",
        lesson="Where nothing shakes, a decay only costs time: a constant rate just under the edge beats every decay "
        "here. The best found goes further: it steps over the edge and back, again and again.",
        hint="Beyond the edge the loss grows faster and faster. Go back under it earlier.",
        model=Moving(end=_even(0.02, 5), noise=0.003),
        lowest=1e-4,
        share=0.25,
    ),
    Level(
        key="noisy",
        name="Noisy",
        brief="Noise in every gradient. You see one run; your score is the mean over all that your rates can give.",
        lesson="The loss looks flat long before it is done: what you see is the noise of the rate you hold. "
        "The best found falls from the start, fast at first and then ever slower.",
        hint="Stay below 0.4.",
        model=Moving(end=STEEP, noise=0.5),
        lowest=0.003,
    ),
    Level(
        key="narrowing",
        name="Narrowing",
        brief="The steepest direction becomes ten times as steep on the way, and the edge comes down to meet you.",
        lesson="A rate that was safe becomes too large, and you notice late: the swing must first grow out of the "
        "noise. The best found rides down with the edge.",
        hint="When the loss begins to rise, halve the rate at once.",
        model=Moving(begin=FLAT, end=(*FLAT[:7], 50.0), noise=0.1),
        lowest=0.001,
    ),
    Level(
        key="fragile",
        name="Fragile start",
        brief="You start in a gorge: the edge is at 0.01. The gorge opens as you travel, and the edge rises to 0.4.",
        lesson="A rate that is right later ends the run at the start. Creep until the gorge opens, rise fast, then "
        "fall: that is warm-up. No schedule without it may begin high here.",
        hint="Begin near 0.005.",
        model=Moving(
            begin=(*STEEP[:5], *(40 * c for c in STEEP[5:])),
            end=STEEP,
            scale=0.8,
            start=(*(1.0,) * 5, *(0.1,) * 3),
            noise=0.3,
        ),
        lowest=0.001,
        first=0.004,
        shapes=USUAL | warm_ups(),
    ),
    Level(
        key="drifting",
        name="Drifting",
        brief="The lowest point wanders with every update, so nobody ever arrives.",
        lesson="Where the target moves, a decay loses it. The best rate stays where it is: as low as the noise wants "
        "it, as high as the wandering wants it. A constant rate is nearly as good as the best found.",
        hint="Stay below 0.4.",
        model=Moving(end=STEEP, noise=0.5, drift=0.05),
        lowest=0.05,
        multiples={"bronze": 1.5, "silver": 1.1, "gold": 1.01},
    ),
)
LEVELS = {level.key: level for level in _LEVELS}


def searches() -> dict[str, dict]:
    """What tools/optima.mjs looks for: for each level the best peak of each shape, and from `starts` the best rates.

    The expected loss of the best rates shall stay below where it starts, and that of a shape far enough below a crash:
    runs that follow them hardly ever crash. What was found before is one of the starts, so that it is not lost.
    """
    return {
        key: {
            "model": level.model.name,
            "parameters": level.model.parameters,
            "low": LOW,
            "high": HIGH,
            "crash": 0.1 * CRASH,
            "most": 0.999 * level.model.losses(np.zeros(1))[0],
            "shapes": {name: list(shape) for name, shape in level.shapes.items()},
            "starts": [*([level.found["rates"]] if key in stored(level.page) else []), *_starts(level)],
            "knots": KNOTS,
        }
        for key, level in LEVELS.items()
    }


def _starts(level: Level) -> list[list[float]]:
    """Each shape at three peaks, a late rise, and rates at random: there is more than one place to end in."""
    t, rng = np.arange(STEPS), np.random.default_rng(0)
    peaks = level.first * np.array([0.3, 1, 3])
    late = np.minimum(0.01 * 1.05**t, 1) * (1 - t / STEPS)
    starts = [peak * shape for shape in (*USUAL.values(), late) for peak in peaks]
    for _ in range(30 if level.key == "calm" else 10):
        peak, wild = 0.02 * 20 ** rng.random(), 0.6 * rng.random()
        fall = 1 / (1 + t / 20) if rng.random() < 0.5 else np.ones(STEPS)
        starts.append(peak * np.exp(wild * rng.standard_normal(STEPS)) * fall)
    return [np.clip(start, 1.02 * LOW, 0.98 * HIGH).tolist() for start in starts]
