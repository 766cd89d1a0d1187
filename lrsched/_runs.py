"""The training loop: many runs at once, cut into tasks that stay in the cache and can go to other processes.

Nothing here depends on the cut: each run has its own random numbers and its own row in every array.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import chain, groupby, starmap

import numpy as np

from lrsched import _check
from lrsched.plateau import ReduceOnPlateau
from lrsched.problems import rates

RECORDS = ("path", "effective_lr", "average")
# Above this number of parameters a task holds 16 runs, the fewest that are worth sending to another process; below,
# so many more that its arrays fill about the same share of the cache.
PARAMETERS_PER_TASK = 2**15


def train_arms(problem, arms, steps, seeds, record=(), executor=None, progress=False) -> list[dict]:
    """The arrays of each arm ``(optimizer, schedule)``, keyed as the fields of `History`, one row a seed.

    Neighbouring arms with equal optimisers and lengths are trained as one batch.
    """
    arms = [(optimizer, number_of_updates(steps, schedule), schedule) for optimizer, schedule in arms]
    least = max(16, PARAMETERS_PER_TASK // problem.init(seeds[:1]).size)
    tasks = []
    for (optimizer, length), group in groupby(arms, key=lambda arm: arm[:2]):
        runs = []
        for *_, schedule in group:
            plateau = isinstance(schedule, ReduceOnPlateau)
            lr = np.full(length, schedule.lr) if plateau else rates(schedule, length)
            runs += [(seed, lr, deepcopy(schedule) if plateau else None) for seed in seeds]
        for part in np.array_split(np.arange(len(runs)), max(1, len(runs) // least)):
            tasks.append((problem, optimizer, *zip(*(runs[i] for i in part), strict=True), record))
    finished = list(chain.from_iterable(results(tasks, executor, progress)))
    histories = []
    for i, (*_, schedule) in enumerate(arms):
        runs = finished[i * len(seeds) : (i + 1) * len(seeds)]
        history = {name: np.stack([run[name] for run in runs]) for name in runs[0]}
        if not isinstance(schedule, ReduceOnPlateau):
            history["lr"] = history["lr"][0]
        histories.append(history)
    return histories


def results(tasks, executor, progress) -> Iterator[list[dict]]:
    """What `train_runs` returns for each task, in order."""
    futures = [executor.submit(train_runs, *task) for task in tasks] if executor else []
    done = (future.result() for future in futures) if executor else starmap(train_runs, tasks)
    try:
        yield from bar(done, len(tasks)) if progress else done
    finally:
        for future in futures:  # what is left when something was raised, Ctrl-C included
            future.cancel()


def bar(done, total):
    try:
        from tqdm import tqdm
    except ImportError:
        raise ImportError("progress=True needs tqdm: python -m pip install tqdm") from None
    return tqdm(done, total=total, unit="task")


def train_runs(problem, optimizer, seeds, lr, plateaus, record) -> list[dict]:
    """Train one run for each seed; `lr` holds its rates, which its plateau scheduler, if any, changes on the way."""
    lr = np.stack(lr, axis=1)
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


def number_of_updates(steps, schedule) -> int:
    if not callable(schedule) and not isinstance(schedule, ReduceOnPlateau):
        raise TypeError(f"schedule must be a callable of the step or a ReduceOnPlateau, got {schedule!r}")
    if steps is None:
        steps = getattr(schedule, "total_steps", None)
        if steps is None:
            raise ValueError(f"steps must be given, because {schedule!r} has no end")
    return _check.number("steps", steps, "a whole number of 1 or more")


def checked_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    if not isinstance(seeds, Sequence | np.ndarray | range):
        seeds = range(_check.number("seeds", seeds, "a whole number of 1 or more"))
    seeds = tuple(_check.number("seeds", seed, "a whole number of 0 or more") for seed in seeds)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must be different from each other, and at least one, got {list(seeds)}")
    return seeds
