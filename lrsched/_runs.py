"""The training loop: many runs at once, cut into tasks that stay in the cache and can go to other processes.

Nothing here depends on the cut: each run has its own random numbers and its own row in every array.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import chain, groupby, starmap
from typing import TYPE_CHECKING, Any

import numpy as np

from lrsched import _check
from lrsched.interfaces import Optimizer, Problem, ScheduleLike
from lrsched.plateau import ReduceOnPlateau
from lrsched.schedules import rates

if TYPE_CHECKING:  # at run time it is the executor's own affair, and would make the import slower
    from concurrent.futures import Executor, Future

Arm = tuple[Optimizer, ScheduleLike | ReduceOnPlateau]
Arrays = dict[str, np.ndarray]

RECORDS = ("path", "effective_lr", "average")
# Above this number of parameters a task holds 16 runs, the fewest that are worth sending to another process; below,
# so many more that its arrays fill about the same share of the cache.
PARAMETERS_PER_TASK = 2**15


def train_arms(
    problem: Problem,
    arms: Iterable[Arm],
    steps: int | None,
    seeds: Sequence[int],
    record: tuple[str, ...] = (),
    executor: "Executor | None" = None,
    progress: bool = False,
) -> list[Arrays]:
    """The arrays of each arm ``(optimizer, schedule)``, keyed as the fields of `History`, one row a seed.

    Neighbouring arms with equal optimisers and plans are trained as one batch.
    """
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor must have a method submit, as those of concurrent.futures, got {executor!r}")
    progress = _check.argument("progress", progress)
    _check.instance("problem", problem, Problem, "a problem such as Digits(), with what Problem names")
    plans = []
    for optimizer, schedule in arms:
        check_optimizer(optimizer, record)
        plans.append((optimizer, number_of_updates(steps, schedule), schedule))
    least = max(16, PARAMETERS_PER_TASK // problem.init(seeds[:1]).size)
    tasks = []
    for (optimizer, length), group in groupby(plans, key=lambda arm: arm[:2]):
        runs: list[tuple[int, np.ndarray, ReduceOnPlateau | None]] = []
        for *_, schedule in group:
            if isinstance(schedule, ReduceOnPlateau):
                runs += [(seed, np.full(length, schedule.lr), deepcopy(schedule)) for seed in seeds]
            else:
                lr = rates(schedule, length)
                runs += [(seed, lr, None) for seed in seeds]
        for part in np.array_split(np.arange(len(runs)), max(1, len(runs) // least)):
            tasks.append((problem, optimizer, *zip(*(runs[i] for i in part), strict=True), record))
    arrays = list(chain.from_iterable(results(tasks, executor, progress)))
    histories = []
    for i, (*_, schedule) in enumerate(plans):
        own = arrays[i * len(seeds) : (i + 1) * len(seeds)]
        history = {name: np.stack([run[name] for run in own]) for name in own[0]}
        if not isinstance(schedule, ReduceOnPlateau):
            history["lr"] = history["lr"][0]
        histories.append(history)
    return histories


def results(tasks: Sequence[tuple], executor: "Executor | None", progress: bool) -> Iterator[list[Arrays]]:
    """What `train_runs` returns for each task, in order."""
    futures: list[Future[list[Arrays]]] = []
    if executor is not None:
        futures = [executor.submit(train_runs, *task) for task in tasks]
    batches = starmap(train_runs, tasks) if executor is None else (future.result() for future in futures)
    try:
        yield from bar(batches, len(tasks)) if progress else batches
    finally:
        for future in futures:  # what is left when something was raised, Ctrl-C included
            future.cancel()


def bar(batches: Iterable[list[Arrays]], total: int) -> Iterable[list[Arrays]]:
    try:
        from tqdm import tqdm
    except ImportError:
        raise ImportError("progress=True needs tqdm: python -m pip install tqdm") from None
    bars: Iterable[list[Arrays]] = tqdm(batches, total=total, unit="task")
    return bars


def train_runs(
    problem: Problem,
    optimizer: Any,
    seeds: Sequence[int],
    rates_of_runs: Sequence[np.ndarray],
    plateaus: Sequence[ReduceOnPlateau | None],
    record: tuple[str, ...],
) -> list[Arrays]:
    """Train one run for each seed at its rates, which its plateau scheduler, if any, changes on the way."""
    lr = np.stack(rates_of_runs, axis=1)
    steps, runs = lr.shape
    loss = np.empty((steps, runs))
    params = problem.init(seeds)
    state = optimizer.init(params)
    arrays = {"lr": lr.T, "loss": loss.T, "params": params}
    if "path" in record:
        arrays["path"] = path = np.empty((runs, steps + 1, params.shape[1]))
        path[:, 0] = params
    if "effective_lr" in record:
        arrays["effective_lr"] = effective_lr = np.empty((runs, steps))
    if "average" in record:
        arrays["average"] = average = np.zeros_like(params)
    with np.errstate(all="ignore"):  # a run that diverges is recorded, not reported
        for t, batch in enumerate(problem.batches(seeds, steps)):
            loss[t], grads = problem.loss_and_grads(params, batch)
            optimizer.update(params, grads, state, lr[t, :, None])
            for run, scheduler in enumerate(plateaus):
                if scheduler and (t + 1) % scheduler.every == 0:
                    lr[t + 1 :, run] = scheduler.step(loss[t + 1 - scheduler.every : t + 1, run].mean())
            if "path" in record:
                path[:, t + 1] = params
            if "effective_lr" in record:
                rate = optimizer.effective_lr(state, lr[t, :, None])
                effective_lr[:, t] = np.median(np.broadcast_to(rate, params.shape), axis=1)
            if "average" in record:
                average += (params - average) / (t + 1)
    loss[np.logical_or.accumulate(~np.isfinite(loss), axis=0)] = np.inf
    return [{name: array[run] for name, array in arrays.items()} for run in range(runs)]


def check_optimizer(optimizer: Optimizer, record: tuple[str, ...]) -> None:
    _check.instance("optimizer", optimizer, Optimizer, "an optimiser such as SGD(), with what Optimizer names")
    if "effective_lr" in record and not hasattr(optimizer, "effective_lr"):
        raise TypeError(f"optimizer must have a method effective_lr to record it, got {optimizer!r}")


def check_schedule(name: str, schedule: object) -> None:
    if isinstance(schedule, type) or (not callable(schedule) and not isinstance(schedule, ReduceOnPlateau)):
        raise TypeError(f"{name} must be a callable of the update index or a ReduceOnPlateau, got {schedule!r}")


def number_of_updates(steps: int | None, schedule: ScheduleLike | ReduceOnPlateau) -> int:
    check_schedule("schedule", schedule)
    if steps is None:
        steps = getattr(schedule, "total_steps", None)
        if steps is None:
            raise ValueError(f"steps must be given, because {schedule!r} has no end")
    length: int = _check.argument("steps", steps)
    return length
