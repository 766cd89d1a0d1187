"""The one scheduler with state: it lowers the rate when a metric stops improving."""

from dataclasses import KW_ONLY, dataclass, field
from math import isfinite
from typing import Any

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
        The rate until the first reduction, above 0.
    factor : number
        What a reduction multiplies the rate by, between 0 and 1.
    patience : int
        The number of bad metrics in a row that are forgiven, 0 or more.
    threshold : number
        The relative improvement that counts, 0 or more: 1e-4 is a hundredth of a per cent.
    cooldown : int
        The number of metrics after a reduction that do not count as bad, 0 or more.
    min_lr : number
        The floor of the rate, from 0 to `peak_lr`.
    mode : "min" or "max"
        Whether lower or higher metrics are better.
    every : int
        The number of updates, 1 or more, whose mean batch loss is one metric: `train` passes it on, to each run its
        own. In your own loop it means nothing: there you call `step`.
    split : "train", "test" or None
        With one of these, what `train` passes on is the problem's own score on that split after each `every` updates:
        held-out loss for ``"test"``. In your own loop it means nothing.

    Attributes
    ----------
    state : dict
        Plain data: save it, and set it on a new scheduler to go on.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or `min_lr` above `peak_lr`.

    Examples
    --------
    >>> scheduler = ReduceOnPlateau(1.0, factor=0.5, patience=2)
    >>> [scheduler.step(3.14) for _ in range(7)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]

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
    split: str | None = None
    state: dict[str, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check.arguments(self, leave=("split",) if self.split is None else ())
        self.state = {"lr": self.peak_lr, "best": None, "bad": 0, "cooldown_left": 0}

    @property
    def lr(self) -> float:
        """The rate to use now."""
        return float(self.state["lr"])

    def step(self, metric: float) -> float:
        """Take the next metric.

        Parameters
        ----------
        metric : number
            Such as the validation loss of an epoch. One that is not finite is bad.

        Returns
        -------
        float
            The rate to use from now on; never above the rate before.

        Raises
        ------
        TypeError
            If `metric` is no number.
        """
        state, metric = self.state, _check.real("metric", metric)
        if self._improves(metric):
            state["best"] = metric
            state["bad"] = 0
        else:
            state["bad"] += 1
        if state["cooldown_left"] > 0:
            state["cooldown_left"] -= 1
            state["bad"] = 0
        if state["bad"] > self.patience:
            state["lr"] = min(state["lr"], max(state["lr"] * self.factor, self.min_lr))
            state["cooldown_left"] = self.cooldown
            state["bad"] = 0
        return self.lr

    def _improves(self, metric: float) -> bool:
        best: float | None = self.state["best"]
        if best is None or not isfinite(metric):
            return isfinite(metric)
        margin = self.threshold * abs(best)
        return metric < best - margin if self.mode == "min" else metric > best + margin
