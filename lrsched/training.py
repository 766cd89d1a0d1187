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
        The final parameters: the ``solution`` of an optimiser that has one (`lrsched.interfaces.Optimizer`).
    path : array, (seeds, steps + 1, parameters)
        With ``record=["path"]``: the parameters before each update and after the last.
    effective_lr : array, (seeds, steps)
        With ``record=["effective_lr"]``: the median over parameters of the rate that each gradient was multiplied by.
    average : array, (seeds, parameters)
        With ``record=["average"]``: the mean of the parameters after each update.
    grad_norm : array, (seeds, steps)
        With ``record=["grad_norm"]``: the length of the gradient at each update, before anything shortens it.
    clipped : array of bool, (seeds, steps)
        With `Clipped`: whether each update had its gradient shortened; ``clipped.sum(axis=1)`` counts them.
    keep : tuple of int
        The updates before which the parameters were kept: see `at`.
    kept : array, (seeds, len(keep), parameters)
        These parameters.
    start : int
        The index of the first update: 0, or where the history ended after which the run went on.
    optimizer : Optimizer
        What made the updates.
    state : dict
        The optimiser's state after the last update, one row a seed; None of one whose state has another form.
    resume : tuple of dict, (seeds,)
        What else each run needs to go on.

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
    grad_norm: np.ndarray | None = None
    clipped: np.ndarray | None = None
    keep: tuple[int, ...] = ()
    kept: np.ndarray | None = None
    start: int = 0
    optimizer: Optimizer | None = None
    state: Any = None
    resume: tuple[dict[str, Any], ...] = ()

    @property
    def stop(self) -> int:
        """The index of the update that would come next: `start` and the number of updates."""
        return self.start + self.loss.shape[1]

    @property
    def diverged(self) -> np.ndarray:
        """Whether each run ended at a loss or parameter that is not finite, ``(seeds,)``."""
        return np.isinf(self.loss[:, -1]) | ~np.isfinite(self.params).all(axis=1)

    def at(self, t: int) -> np.ndarray:
        """The parameters after `t` updates in all, which are those before update `t`, as in `path`.

        Parameters
        ----------
        t : int
            One of ``keep``, or the end of the run; with ``record=["path"]`` any from `start` on.

        Returns
        -------
        array, (seeds, parameters)
            What `evaluate` takes.

        Raises
        ------
        TypeError
            If `t` is no number.
        ValueError
            If the parameters were not kept there.
        """
        t = _check.number("t", t, "a whole number of 0 or more")
        if t == self.stop:
            return self.params
        if self.path is not None and self.start <= t < self.stop:
            return self.path[:, t - self.start]
        if self.kept is None or t not in self.keep:
            raise ValueError(f"t must be one of {sorted({*self.keep, self.stop})}, which were kept, got {t}")
        return self.kept[:, self.keep.index(t)]

    def evaluate(self, split: str = "train", params: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """The scores of the final parameters, or of others.

        Parameters
        ----------
        split : "train" or "test"
            The data to score on.
        params : array, (seeds, parameters), or None
            The parameters to score, such as ``history.average`` or ``history.at(200)``; None is the final ones.

        Returns
        -------
        dict of array, (seeds,)
            Each score of the problem by its name. A diverged run has the loss ``inf`` and the accuracy 0.
        """
        diverged = self.diverged
        with np.errstate(all="ignore"):
            scores = self.problem.evaluate(self.params if params is None else params, self.seeds, split)
            if params is not None:  # a run may have been right before it diverged
                diverged = ~np.isfinite(params).all(axis=1) | np.any([np.isnan(own) for own in scores.values()], axis=0)
        worst = {"accuracy": 0.0}
        return {name: np.where(diverged, worst.get(name, np.inf), score) for name, score in scores.items()}

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
    def fitted(self) -> float:
        """The peak rate where a parabola has its minimum: through the mean scores of the best rate and its neighbours.

        In the logarithm of the rate, so that it lies between the neighbours, and a coarse grid will do.

        Raises
        ------
        ValueError
            If the best rate is the first or last of the grid, a neighbour diverged, or all three are equal.
        """
        near = slice(self._index - 1, self._index + 2)
        left, score, right = self.scores.mean(axis=1)[near] if not self.at_edge else [np.inf] * 3
        if not (np.isfinite(left + right) and left + right > 2 * score):
            raise ValueError(
                f"peak_lrs must have a rate on each side of the best that ends higher, but finite, got {self!r}"
            )
        below, best, above = np.log(self.peak_lrs[near])
        fall, rise = (left - score) / (best - below), (right - score) / (above - best)
        return float(np.exp(best + ((above - best) * fall - (best - below) * rise) / 2 / (fall + rise)))

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
    seeds: int | Sequence[int] | np.ndarray | None = None,
    record: Sequence[str] = (),
    keep: Sequence[int] = (),
    after: History | None = None,
) -> History:
    """Train `problem` once for each seed.

    Parameters
    ----------
    problem : Problem
        What to minimise, such as `Digits` or `Quadratic`, or your own (`lrsched.interfaces.Problem`).
    optimizer : Optimizer
        Such as `SGD` or `Adam`, or your own (`lrsched.interfaces.Optimizer`).
    schedule : Schedule, callable of the update index, or ReduceOnPlateau
        The rate of each update. A plateau scheduler is copied for each run and gets the mean of ``every`` batch losses,
        or the score on its ``split``.
    steps : int or None
        The number of updates, 1 or more. None takes the schedule's ``total_steps``, or what is left of them.
    seeds : int or sequence of int, (seeds,), or None
        The seeds of the runs, each 0 or more and different; a number n stands for 0 to n - 1. None is 10, or the seeds
        of `after`, which no others can go on.
    record : sequence of str
        What else to record: ``"path"``, ``"effective_lr"``, ``"average"``, ``"grad_norm"`` (see `History`).
    keep : sequence of int
        Keep the parameters after so many updates in all, for ``history.at(t)``: each from the first to the last.
    after : History or None
        What to go on after, with the same problem, optimiser and seeds: weights, optimiser's state, batches, average
        and the state of a plateau scheduler go on, and the schedule is asked for the updates that follow. A run in two
        parts is the whole run to the bit. The history stays as it is, so that several runs can branch off from it.

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

    Two more updates, at a rate of their own:

    >>> train(Quadratic(1.0), SGD(), lambda t: 0.1 * t, steps=2, after=history).lr
    array([0.4, 0.5])
    """
    _check.instance("record", record, (list, tuple, set), f"a list of names from {RECORDS}")
    names = tuple(_check.option(f"record[{i}]", name, RECORDS) for i, name in enumerate(record))
    places = tuple(dict.fromkeys(_check.numbers("keep", keep, "a whole number of 0 or more")))
    seeds = _seeds(seeds, after)
    [history] = train_arms(problem, [(optimizer, schedule)], steps, seeds, record=names, keep=places, after=after)
    return History(problem, seeds, **history)


def _seeds(seeds: object, after: History | None) -> tuple[int, ...]:
    """The seeds of runs that start, or that go on after a history."""
    if after is None:
        return _check.seeds(10 if seeds is None else seeds)
    _check.instance("after", after, History, "a History, as `train` returns it, or None")
    if seeds is not None and _check.seeds(seeds) != after.seeds:
        raise ValueError(f"seeds must be those of the history to go on after, {after.seeds}, got {seeds!r}")
    return after.seeds


def compare(
    problem: Problem,
    arms: Mapping[Any, Arm],
    *,
    steps: int | None = None,
    seeds: int | Sequence[int] | np.ndarray | None = None,
    after: History | None = None,
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
    seeds, after
        As in `train`; all arms branch off from the same history.
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
    seeds = _seeds(seeds, after)
    histories = train_arms(problem, arms.values(), steps, seeds, after=after, executor=executor, progress=progress)
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
