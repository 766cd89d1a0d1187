r"""Train a problem with an optimiser and a schedule, over seeds; compare and tune schedules.

All runs are trained as one batch, in chunks that stay in the cache. A seed fixes the initial parameters, batches
and label noise of a run, whatever the arm and the chunk, so that arms are compared seed by seed.

    >>> from lrsched import SGD, Constant, LinearDecay, Quadratic
    >>> arms = {"constant": (SGD(), Constant(0.3)), "linear": (SGD(), LinearDecay(0.3, decay_steps=100))}
    >>> compare(Quadratic(np.geomspace(0.1, 1, 50), noise=0.1), arms, steps=100)
              train loss       ratio to constant
    constant  0.0446 ± 0.0038
    linear    0.0316 ± 0.0026  0.713 ± 0.048
    After 100 updates; 95 % intervals over 10 seeds, paired.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lrsched import _check
from lrsched._runs import RECORDS, Arm, check_schedule, train_arms
from lrsched.interfaces import Optimizer, Problem, ScheduleLike
from lrsched.intervals import Interval, interval
from lrsched.plateau import ReduceOnPlateau

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["Comparison", "History", "Tuned", "compare", "train", "tune"]


@dataclass(frozen=True, eq=False, repr=False)
class History:
    """What happened in one arm: one row a seed.

    `train` makes it; the arguments are its attributes.

    Parameters
    ----------
    problem : Problem
        What was trained.
    seeds : tuple of int, (seeds,)
        One a run.
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

    Examples
    --------
    >>> from lrsched import SGD, Constant, Quadratic
    >>> history = train(Quadratic(2.0), SGD(), Constant(0.25), steps=3, seeds=1)
    >>> history
    History of 1 seeds, 3 updates: train loss 0.01562
    >>> history.params, history.diverged
    (array([[0.125]]), array([False]))
    """

    problem: Problem
    seeds: tuple[int, ...]
    lr: np.ndarray
    loss: np.ndarray
    params: np.ndarray
    path: np.ndarray | None = None
    effective_lr: np.ndarray | None = None
    average: np.ndarray | None = None

    @property
    def diverged(self) -> np.ndarray:
        """Whether each run ended at a loss or parameter that is not finite, ``(seeds,)``."""
        return np.isinf(self.loss[:, -1]) | ~np.isfinite(self.params).all(axis=1)

    def evaluate(self, split: str = "train", params: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """The scores of the final parameters, or of others.

        Parameters
        ----------
        split : "train" or "test"
            The data to score on.
        params : array, (seeds, parameters), or None
            The parameters to score, such as ``history.average``; None is the final ones.

        Returns
        -------
        dict of array, (seeds,)
            Each score of the problem by its name. A diverged run has the loss ``inf`` and the accuracy 0.
        """
        with np.errstate(all="ignore"):
            scores = self.problem.evaluate(self.params if params is None else params, self.seeds, split)
        worst = {"accuracy": 0.0}
        return {name: np.where(self.diverged, worst.get(name, np.inf), score) for name, score in scores.items()}

    def __repr__(self) -> str:
        seeds, steps = self.loss.shape
        scores = self.evaluate()[self.problem.metric]
        return f"History of {seeds} seeds, {steps} updates: train {self.problem.metric} {interval(scores)}"


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """The histories of several arms over the same seeds: ``comparison["cosine"]`` is one of them.

    `compare` makes it; printed, it is its `table`.

    Parameters
    ----------
    histories : dict
        The `History` of each arm by its name, which may be text or a number.

    Examples
    --------
    >>> from lrsched import SGD, Constant, Quadratic
    >>> arms = {"low": (SGD(), Constant(0.1)), "high": (SGD(), Constant(0.5))}
    >>> comparison = compare(Quadratic(1.0), arms, steps=10)
    >>> print(comparison.ratio("high"))
    7.844e-06
    >>> comparison["high"].lr[:2]
    array([0.5, 0.5])
    """

    histories: dict[Any, History]

    def __getitem__(self, name: Any) -> History:
        return self.histories[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.histories)

    def scores(self, metric: str | None = None, split: str = "train") -> dict[Any, np.ndarray]:
        """The final metric of each arm.

        Parameters
        ----------
        metric : str or None
            The name of a score, such as ``"accuracy"``; None is the problem's own metric.
        split : "train" or "test"
            The data to score on.

        Returns
        -------
        dict of array, (seeds,)
            The metric of each arm, by its name.

        Raises
        ------
        ValueError
            If the problem has no such metric or split.
        """
        evaluations = {name: history.evaluate(split) for name, history in self.histories.items()}
        metric = self._metric if metric is None else metric
        return {name: scores[_check.option("metric", metric, scores)] for name, scores in evaluations.items()}

    def mean(self, name: Any, metric: str | None = None, split: str = "train") -> Interval:
        """The mean of an arm's metric over seeds.

        Parameters
        ----------
        name
            The arm.
        metric, split
            As in `scores`.

        Returns
        -------
        Interval
            The mean and its 95 % interval, in the unit of the metric.

        Raises
        ------
        ValueError
            If there is no such arm, metric or split.
        """
        return interval(self.scores(metric, split)[_check.option("name", name, self)])

    def ratio(self, name: Any, metric: str | None = None, split: str = "train", to: Any = None) -> Interval:
        """The arm's metric divided by that of the arm `to`, seed by seed.

        Parameters
        ----------
        name
            The arm.
        metric, split
            As in `scores`.
        to
            The arm to compare with; None is the first.

        Returns
        -------
        Interval
            The mean ratio, without a unit, and its paired 95 % interval.

        Raises
        ------
        ValueError
            If there is no such arm, metric or split.
        """
        return self._compared(np.divide, name, metric, split, to)

    def difference(self, name: Any, metric: str | None = None, split: str = "train", to: Any = None) -> Interval:
        """The arm's metric minus that of the arm `to`, seed by seed.

        Parameters
        ----------
        name
            The arm.
        metric, split
            As in `scores`.
        to
            The arm to compare with; None is the first.

        Returns
        -------
        Interval
            The mean difference, in the unit of the metric, and its paired 95 % interval.

        Raises
        ------
        ValueError
            If there is no such arm, metric or split.
        """
        return self._compared(np.subtract, name, metric, split, to)

    def table(self, metric: str | None = None, split: str = "train", to: Any = None) -> str:
        """The means of all arms as text.

        Parameters
        ----------
        metric, split
            As in `scores`.
        to
            The arm to compare with; None is the first.

        Returns
        -------
        str
            One line an arm: its mean, and its ratio (accuracies: difference) to the arm `to`.

        Raises
        ------
        ValueError
            If there is no such arm, metric or split.
        """
        to = self._reference(to)
        metric = self._metric if metric is None else metric
        scores = self.scores(metric, split)
        operation, title = (np.subtract, "minus") if metric == "accuracy" else (np.divide, "ratio to")
        rows = [("", f"{split} {metric}", f"{title} {to}", "")]
        for name, own in scores.items():
            paired = "" if name == to else str(_paired(operation, own, scores[to]))
            diverged = self[name].diverged.sum()
            rows.append((str(name), str(interval(own)), paired, f"{diverged} diverged" if diverged else ""))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        seeds, steps = self[to].loss.shape
        return "\n".join([*lines, f"After {steps} updates; 95 % intervals over {seeds} seeds, paired."])

    def __repr__(self) -> str:
        return self.table()

    @property
    def _metric(self) -> str:
        return self[self._reference(None)].problem.metric

    def _reference(self, to: Any) -> Any:
        return next(iter(self)) if to is None else _check.option("to", to, self)

    def _versus(self, metric: str) -> tuple[float, str, Callable[..., Interval]]:
        """How two arms are compared by a score: the value at which they are even, the words, and the method."""
        if metric == "accuracy":
            return 0.0, "minus that of", self.difference
        return 1.0, "divided by that of", self.ratio

    def _compared(self, operation: np.ufunc, name: Any, metric: str | None, split: str, to: Any) -> Interval:
        name, to = _check.option("name", name, self), self._reference(to)
        scores = self.scores(metric, split)
        return _paired(operation, scores[name], scores[to])


def _paired(operation: np.ufunc, ours: np.ndarray, theirs: np.ndarray) -> Interval:
    with np.errstate(divide="ignore", invalid="ignore"):
        return interval(operation(ours, theirs))


@dataclass(frozen=True, eq=False, repr=False)
class Tuned:
    """The scores of a grid of peak rates, and the best of them; `tune` makes it.

    Parameters
    ----------
    peak_lrs : tuple of float, (peak rates,)
        The grid, rising.
    scores : array, (peak rates, seeds)
        The problem's metric on the train split; ``inf`` where a run diverged.
    schedules : tuple, (peak rates,)
        The schedule of each peak rate.

    Examples
    --------
    >>> from lrsched import SGD, CosineDecay, Quadratic
    >>> tuned = tune(
    ...     Quadratic(1.0), SGD(), lambda lr: CosineDecay(lr, decay_steps=9), [0.1, 0.5, 5.0], steps=9, seeds=1
    ... )
    >>> tuned.schedule, tuned.at_edge
    (CosineDecay(peak_lr=0.5, decay_steps=9, min_lr=0.0), False)
    """

    peak_lrs: tuple[float, ...]
    scores: np.ndarray
    schedules: tuple[ScheduleLike | ReduceOnPlateau, ...]

    @property
    def _index(self) -> int:
        return int(self.scores.mean(axis=1).argmin())

    @property
    def best(self) -> float:
        """The peak rate with the lowest mean score."""
        return self.peak_lrs[self._index]

    @property
    def at_edge(self) -> bool:
        """Whether the best rate is the first or last of the grid, so that a better one may lie outside."""
        return self._index in (0, len(self.peak_lrs) - 1)

    @property
    def schedule(self) -> Any:
        """The schedule with the best peak rate, as ``make_schedule`` returned it."""
        return self.schedules[self._index]

    def __repr__(self) -> str:
        where = "AT THE EDGE of" if self.at_edge else "inside"
        grid = f"{len(self.peak_lrs)} rates from {self.peak_lrs[0]:.3g} to {self.peak_lrs[-1]:.3g}"
        return f"Tuned: best peak rate {self.best:.3g}, {where} the grid of {grid}"


def train(
    problem: Problem,
    optimizer: Optimizer,
    schedule: ScheduleLike | ReduceOnPlateau,
    *,
    steps: int | None = None,
    seeds: int | Sequence[int] | np.ndarray = 10,
    record: Sequence[str] = (),
) -> History:
    """Train `problem` once for each seed.

    Parameters
    ----------
    problem : Problem
        What to minimise, such as `Digits` or `Quadratic`, or your own (`lrsched.interfaces.Problem`).
    optimizer : Optimizer
        Such as `SGD` or `Adam`, or your own (`lrsched.interfaces.Optimizer`).
    schedule : Schedule, callable of the update index, or ReduceOnPlateau
        The rate of each update. A plateau scheduler is copied for each run and gets the mean of ``every`` batch losses.
    steps : int or None
        The number of updates, 1 or more. None takes the schedule's ``total_steps``.
    seeds : int or sequence of int, (seeds,)
        The seeds of the runs, each 0 or more and different; a number n stands for 0 to n - 1.
    record : sequence of str
        What else to record: ``"path"``, ``"effective_lr"``, ``"average"`` (see `History`).

    Returns
    -------
    History
        What happened, one row a seed.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or `steps` is not given and the schedule has no end.

    Examples
    --------
    >>> from lrsched import SGD, LinearDecay, Quadratic
    >>> history = train(Quadratic(1.0), SGD(), LinearDecay(0.5, decay_steps=4), seeds=1)
    >>> history.lr
    array([0.5  , 0.375, 0.25 , 0.125])
    >>> history.loss.round(3)
    array([[0.5  , 0.125, 0.049, 0.027]])
    """
    _check.instance("record", record, (list, tuple, set), f"a list of names from {RECORDS}")
    names = tuple(_check.option(f"record[{i}]", name, RECORDS) for i, name in enumerate(record))
    seeds = _check.seeds(seeds)
    [history] = train_arms(problem, [(optimizer, schedule)], steps, seeds, record=names)
    return History(problem, seeds, **history)


def compare(
    problem: Problem,
    arms: Mapping[Any, Arm],
    *,
    steps: int | None = None,
    seeds: int | Sequence[int] | np.ndarray = 10,
    executor: "Executor | None" = None,
    progress: bool = False,
) -> Comparison:
    """Train every arm with the same seeds.

    Parameters
    ----------
    problem : Problem
        As in `train`.
    arms : mapping of names to pairs (optimizer, schedule)
        What to compare; a name is text or a number. Optimiser and schedule are as in `train`.
    steps : int or None
        The number of updates, 1 or more. None takes each schedule's ``total_steps``.
    seeds : int or sequence of int, (seeds,)
        As in `train`.
    executor : concurrent.futures.Executor or None
        Such as a process pool, or the client of a cluster: chunks of runs are its tasks. The results are the same to
        the bit.
    progress : bool
        Show a bar; needs tqdm.

    Returns
    -------
    Comparison
        The `History` of each arm.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or there is no arm.
    ImportError
        If `progress` is asked for without tqdm.

    Examples
    --------
    >>> from lrsched import SGD, Constant, Quadratic
    >>> arms = {rate: (SGD(), Constant(rate)) for rate in (0.1, 0.5)}
    >>> compare(Quadratic([1.0, 0.1], noise=0.1), arms, steps=100, seeds=20).ratio(0.5, to=0.1).mean < 1
    True
    """
    _check.instance("arms", arms, Mapping, "a mapping of names to pairs (optimizer, schedule)")
    if not arms:
        raise ValueError("arms must name at least one (optimizer, schedule), got none")
    for name, arm in arms.items():
        if not isinstance(arm, tuple) or len(arm) != 2:
            raise TypeError(f"arms[{name!r}] must be a pair (optimizer, schedule), got {arm!r}")
    seeds = _check.seeds(seeds)
    histories = train_arms(problem, arms.values(), steps, seeds, executor=executor, progress=progress)
    return Comparison({name: History(problem, seeds, **h) for name, h in zip(arms, histories, strict=True)})


def tune(
    problem: Problem,
    optimizer: Optimizer,
    make_schedule: Callable[[float], ScheduleLike | ReduceOnPlateau],
    peak_lrs: Iterable[float],
    *,
    steps: int | None,
    seeds: int | Sequence[int] | np.ndarray,
    executor: "Executor | None" = None,
    progress: bool = False,
) -> Tuned:
    """Try each peak rate of a grid.

    Parameters
    ----------
    problem, optimizer
        As in `train`.
    make_schedule : callable
        ``make_schedule(peak_lr)`` is the schedule with that peak rate; a class such as `Constant` will do.
    peak_lrs : sequence of numbers, (peak rates,)
        The grid: rates above 0, rising.
    steps : int or None
        The number of updates, 1 or more. None takes each schedule's ``total_steps``.
    seeds : int or sequence of int, (seeds,)
        As in `train`. Take others than those of the comparison that follows, or the tuned arm is flattered.
    executor, progress
        As in `compare`.

    Returns
    -------
    Tuned
        The scores, and the best rate.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range, or the grid is empty or does not rise.

    Examples
    --------
    >>> from lrsched import SGD, Constant, Quadratic
    >>> tune(Quadratic(1.0), SGD(), Constant, [0.1, 0.5, 1.0, 3.0], steps=10, seeds=range(100, 103))
    Tuned: best peak rate 1, inside the grid of 4 rates from 0.1 to 3
    """
    if not callable(make_schedule):
        raise TypeError(f"make_schedule must be a callable of the peak rate, got {make_schedule!r}")
    grid = tuple(map(float, _check.numbers("peak_lrs", peak_lrs, "a number above 0")))
    if not grid:
        raise ValueError("peak_lrs must hold at least one rate, got none")
    _check.strictly_rising("peak_lrs", grid)
    schedules = tuple(make_schedule(lr) for lr in grid)
    for lr, schedule in zip(grid, schedules, strict=True):
        check_schedule(f"make_schedule({lr:g})", schedule)
    arms: dict[float, Arm] = {lr: (optimizer, schedule) for lr, schedule in zip(grid, schedules, strict=True)}
    comparison = compare(problem, arms, steps=steps, seeds=seeds, executor=executor, progress=progress)
    return Tuned(grid, np.array(list(comparison.scores().values())), schedules)
