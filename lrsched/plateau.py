"""The one scheduler with state: it lowers the rate when a metric stops improving."""

from dataclasses import KW_ONLY, dataclass, field
from math import isfinite

from lrsched import _check

__all__ = ["ReduceOnPlateau"]


@dataclass
class ReduceOnPlateau:
    """Multiply the rate by `factor` when a metric has not improved for more than `patience` calls of `step`.

    It counts as `torch.optim.lr_scheduler.ReduceLROnPlateau` does: the rate falls at bad metric number
    ``patience + 1``. Keras lowers it one call earlier: its ``patience=3`` is ``patience=2`` here. A metric improves
    when it beats the best one by `threshold` times the *size* of the best, which is right for negative metrics too.

    Parameters
    ----------
    peak_lr : number
        The rate until the first reduction.
    factor : number
        Between 0 and 1.
    patience : whole number
        Bad metrics that are forgiven in a row.
    threshold : number
        The relative improvement that counts.
    cooldown : whole number
        Metrics after a reduction that do not count as bad.
    min_lr : number
        The floor of the rate.
    mode : "min" or "max"
        Whether lower or higher metrics are better.
    every : whole number
        `train` passes it the mean batch loss of this many updates, each run its own.

    Examples
    --------
    >>> scheduler = ReduceOnPlateau(1.0, factor=0.5, patience=2)
    >>> [scheduler.step(3.14) for _ in range(7)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]

    ``state`` is a plain dict: save it, and set it on a new scheduler to go on.

    >>> scheduler.state
    {'lr': 0.25, 'best': 3.14, 'bad': 0, 'cooldown_left': 0}
    """

    peak_lr: float
    _: KW_ONLY
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    cooldown: int = 0
    min_lr: float = 0.0
    mode: str = "min"
    every: int = 1
    state: dict = field(init=False, repr=False)

    def __post_init__(self):
        _check.number("peak_lr", self.peak_lr, "a number above 0")
        _check.number("factor", self.factor, "a number between 0 and 1")
        _check.number("patience", self.patience, "a whole number of 0 or more")
        _check.number("threshold", self.threshold, "a number of 0 or more")
        _check.number("cooldown", self.cooldown, "a whole number of 0 or more")
        _check.number("min_lr", self.min_lr, "a number of 0 or more")
        _check.number("every", self.every, "a whole number of 1 or more")
        if self.mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {self.mode!r}")
        self.state = {"lr": self.peak_lr, "best": None, "bad": 0, "cooldown_left": 0}

    @property
    def lr(self) -> float:
        """The rate to use now."""
        return self.state["lr"]

    def step(self, metric: float) -> float:
        """Take the next metric; return the rate to use from now on. One that is not finite is bad."""
        state = self.state
        if self._improves(metric):
            state["best"] = float(metric)
            state["bad"] = 0
        else:
            state["bad"] += 1
        if state["cooldown_left"] > 0:
            state["cooldown_left"] -= 1
            state["bad"] = 0
        if state["bad"] > self.patience:
            state["lr"] = max(state["lr"] * self.factor, self.min_lr)
            state["cooldown_left"] = self.cooldown
            state["bad"] = 0
        return state["lr"]

    def _improves(self, metric):
        best = self.state["best"]
        if best is None or not isfinite(metric):
            return isfinite(metric)
        margin = self.threshold * abs(best)
        return metric < best - margin if self.mode == "min" else metric > best + margin
