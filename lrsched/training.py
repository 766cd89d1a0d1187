r"""Train a problem with an optimiser and a schedule, over seeds; compare and tune schedules.

All runs are trained as one batch, in chunks that stay in the cache. A seed fixes the initial parameters, batches
and label noise of a run, whatever the arm and the chunk, so that arms are compared seed by seed.

    >>> from lrsched.optimizers import SGD
    >>> from lrsched.problems import Quadratic
    >>> from lrsched.schedules import Constant, LinearDecay
    >>> arms = {"constant": (SGD(), Constant(0.3)), "linear": (SGD(), LinearDecay(0.3, decay_steps=100))}
    >>> compare(Quadratic(np.geomspace(0.1, 1, 50), noise=0.1), arms, steps=100)
              train loss       ratio to constant
    constant  0.0446 ± 0.0038
    linear    0.0316 ± 0.0026  0.713 ± 0.048
    After 100 updates; 95 % intervals over 10 seeds, paired.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from lrsched import _check
from lrsched._runs import RECORDS, checked_seeds, train_arms
from lrsched.intervals import Interval, interval

__all__ = ["Comparison", "History", "Tuned", "compare", "train", "tune"]


@dataclass(frozen=True, eq=False, repr=False)
class History:
    """What happened in one arm: one row a seed.

    Attributes
    ----------
    seeds : tuple of int
    lr : array
        The rates that the optimiser received: ``(steps,)``, or ``(seeds, steps)`` when a metric drove them.
    loss : array, (seeds, steps)
        The batch loss before each update; ``inf`` from where a run diverged.
    params : array, (seeds, parameters)
        The final parameters.
    path : array, (seeds, steps + 1, parameters)
        With ``record=["path"]``: the parameters before each update and after the last.
    effective_lr : array, (seeds, steps)
        With ``record=["effective_lr"]``: the median over parameters of the rate that each gradient was multiplied by.
    average : array, (seeds, parameters)
        With ``record=["average"]``: the mean of the parameters after each update.
    """

    problem: object
    seeds: tuple[int, ...]
    lr: np.ndarray
    loss: np.ndarray
    params: np.ndarray
    path: np.ndarray | None = None
    effective_lr: np.ndarray | None = None
    average: np.ndarray | None = None

    @property
    def diverged(self) -> np.ndarray:
        return np.isinf(self.loss[:, -1]) | ~np.isfinite(self.params).all(axis=1)

    def evaluate(self, split: str = "train", params: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """The scores of the final parameters, ``(seeds,)`` each; or of `params`, such as ``history.average``.

        A diverged run has the loss ``inf`` and the accuracy 0.
        """
        with np.errstate(all="ignore"):
            scores = self.problem.evaluate(self.params if params is None else params, self.seeds, split)
        worst = {"accuracy": 0.0}
        return {name: np.where(self.diverged, worst.get(name, np.inf), score) for name, score in scores.items()}

    def __repr__(self):
        seeds, steps = self.loss.shape
        scores = self.evaluate()[self.problem.metric]
        return f"History of {seeds} seeds, {steps} updates: train {self.problem.metric} {interval(scores)}"


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """The histories of several arms over the same seeds: ``comparison["cosine"]`` is one of them.

    `metric` is that of the problem unless given, `split` ``"train"`` or ``"test"``, and `to` the first arm.
    """

    histories: dict[str, History]

    def __getitem__(self, name: str) -> History:
        return self.histories[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.histories)

    def scores(self, metric: str | None = None, split: str = "train") -> dict[str, np.ndarray]:
        """The final metric of each arm, one value a seed."""
        evaluated = {name: history.evaluate(split) for name, history in self.histories.items()}
        metric = metric or self[next(iter(self))].problem.metric
        for scores in evaluated.values():
            if metric not in scores:
                raise ValueError(f"metric must be one of {list(scores)}, got {metric!r}")
        return {name: scores[metric] for name, scores in evaluated.items()}

    def mean(self, name: str, metric: str | None = None, split: str = "train") -> Interval:
        return interval(self.scores(metric, split)[name])

    def ratio(self, name: str, metric: str | None = None, split: str = "train", to: str | None = None) -> Interval:
        """The arm's metric divided by that of the arm `to`, seed by seed."""
        scores = self.scores(metric, split)
        return _paired(np.divide, scores[name], scores[to or next(iter(self))])

    def difference(self, name: str, metric: str | None = None, split: str = "train", to: str | None = None) -> Interval:
        """The arm's metric minus that of the arm `to`, seed by seed."""
        scores = self.scores(metric, split)
        return _paired(np.subtract, scores[name], scores[to or next(iter(self))])

    def table(self, metric: str | None = None, split: str = "train", to: str | None = None) -> str:
        """One line an arm: its mean, and its ratio (accuracies: difference) to the arm `to`."""
        to = to or next(iter(self))
        metric = metric or self[to].problem.metric
        scores = self.scores(metric, split)
        operation, title = (np.subtract, "minus") if metric == "accuracy" else (np.divide, "ratio to")
        rows = [("", f"{split} {metric}", f"{title} {to}", "")]
        for name, own in scores.items():
            paired = "" if name == to else str(_paired(operation, own, scores[to]))
            diverged = self[name].diverged.sum()
            rows.append((name, str(interval(own)), paired, f"{diverged} diverged" if diverged else ""))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        seeds, steps = self[to].loss.shape
        return "\n".join([*lines, f"After {steps} updates; 95 % intervals over {seeds} seeds, paired."])

    def __repr__(self):
        return self.table()


def _paired(operation, ours: np.ndarray, theirs: np.ndarray) -> Interval:
    with np.errstate(divide="ignore", invalid="ignore"):
        return interval(operation(ours, theirs))


@dataclass(frozen=True, eq=False, repr=False)
class Tuned:
    """The scores of a grid of peak rates, and the best of them.

    Attributes
    ----------
    peak_lrs : tuple of float
    scores : array, (peak rates, seeds)
        The problem's metric on the train split; ``inf`` where a run diverged.
    best : float
        The peak rate with the lowest mean score.
    at_edge : bool
        Whether it is the first or last of the grid, so that a better one may lie outside.
    schedule : the schedule with the best peak rate.
    """

    peak_lrs: tuple[float, ...]
    scores: np.ndarray
    schedules: tuple[Callable[[int], float], ...]

    @property
    def _index(self):
        return int(self.scores.mean(axis=1).argmin())

    @property
    def best(self) -> float:
        return self.peak_lrs[self._index]

    @property
    def at_edge(self) -> bool:
        return self._index in (0, len(self.peak_lrs) - 1)

    @property
    def schedule(self) -> Callable[[int], float]:
        return self.schedules[self._index]

    def __repr__(self):
        where = "AT THE EDGE of" if self.at_edge else "inside"
        grid = f"{len(self.peak_lrs)} rates from {self.peak_lrs[0]:.3g} to {self.peak_lrs[-1]:.3g}"
        return f"Tuned: best peak rate {self.best:.3g}, {where} the grid of {grid}"


def train(
    problem, optimizer, schedule, *, steps: int | None = None, seeds: int | Sequence[int] = 10, record=()
) -> History:
    """Train `problem` once for each seed.

    `schedule` is any callable of the update index, or a `ReduceOnPlateau`. `steps` is the number of updates; None
    takes the schedule's ``total_steps``. `seeds` is a number n, for the seeds 0 to n - 1, or the seeds themselves.
    `record` names what else to keep: ``"path"``, ``"effective_lr"``, ``"average"``.
    """
    for name in record:
        if name not in RECORDS:
            raise ValueError(f"record must hold names from {RECORDS}, got {name!r}")
    seeds = checked_seeds(seeds)
    [history] = train_arms(problem, [(optimizer, schedule)], steps, seeds, record=tuple(record))
    return History(problem, seeds, **history)


def compare(
    problem,
    arms: Mapping[str, tuple],
    *,
    steps: int | None = None,
    seeds: int | Sequence[int] = 10,
    executor: Executor | None = None,
    progress: bool = False,
) -> Comparison:
    """Train every arm, a pair ``(optimizer, schedule)``, with the same seeds; arguments as in `train`.

    With an `executor`, such as a process pool or that of a cluster, chunks of runs are its tasks; the results are
    the same to the bit. `progress` shows a bar.
    """
    if not arms:
        raise ValueError("arms must name at least one (optimizer, schedule), got none")
    for name, arm in arms.items():
        if not isinstance(arm, tuple) or len(arm) != 2:
            raise TypeError(f"arms[{name!r}] must be a pair (optimizer, schedule), got {arm!r}")
    seeds = checked_seeds(seeds)
    histories = train_arms(problem, arms.values(), steps, seeds, executor=executor, progress=progress)
    return Comparison({name: History(problem, seeds, **h) for name, h in zip(arms, histories, strict=True)})


def tune(
    problem,
    optimizer,
    make_schedule: Callable[[float], Callable[[int], float]],
    peak_lrs: Iterable[float],
    *,
    steps: int,
    seeds: int | Sequence[int],
    executor: Executor | None = None,
    progress: bool = False,
) -> Tuned:
    """Try each peak rate with ``make_schedule(peak_lr)``, which may be a class such as `Constant`.

    Take other `seeds` than those of the comparison that follows, or the tuned arm is flattered.
    """
    peak_lrs = tuple(float(_check.number("peak_lrs", lr, "a number above 0")) for lr in peak_lrs)
    if not peak_lrs:
        raise ValueError("peak_lrs must hold at least one rate, got none")
    _check.strictly_rising("peak_lrs", peak_lrs)
    schedules = tuple(make_schedule(lr) for lr in peak_lrs)
    arms = {lr: (optimizer, schedule) for lr, schedule in zip(peak_lrs, schedules, strict=True)}
    comparison = compare(problem, arms, steps=steps, seeds=seeds, executor=executor, progress=progress)
    return Tuned(peak_lrs, np.array(list(comparison.scores().values())), schedules)
