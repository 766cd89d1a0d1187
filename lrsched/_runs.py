"""The training loop: many runs at once, cut into tasks that stay in the cache and can go to other processes.

Nothing here depends on the cut: each run has its own random numbers and its own row in every array.
"""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import chain, groupby, islice, starmap
from typing import TYPE_CHECKING, Any

import numpy as np

from lrsched import _check
from lrsched.interfaces import Optimizer, Problem, ScheduleLike
from lrsched.plateau import ReduceOnPlateau
from lrsched.schedules import rates
from lrsched.wrappers import gradient_norms

if TYPE_CHECKING:  # at run time it is the executor's own affair, and would make the import slower
    from concurrent.futures import Executor, Future

    from lrsched.training import History

Arm = tuple[Optimizer, ScheduleLike | ReduceOnPlateau]
Arrays = dict[str, Any]
Before = tuple[Any, dict[str, Any]] | None  # the optimiser's state of a run, and what else it needs to go on

RECORDS = ("path", "effective_lr", "average", "grad_norm")
# Above this number of parameters a task holds 16 runs, the fewest that are worth sending to another process; below,
# so many more that its arrays fill about the same share of the cache.
PARAMETERS_PER_TASK = 2**15


def train_arms(
    problem: Problem,
    arms: Iterable[Arm],
    steps: int | None,
    seeds: Sequence[int],
    record: tuple[str, ...] = (),
    keep: tuple[int, ...] = (),
    after: "History | None" = None,
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
    start = 0 if after is None else after.stop
    plans = []
    for optimizer, schedule in arms:
        check_optimizer(optimizer, record)
        if after is not None:
            check_after(after, problem, optimizer)
        length = number_of_updates(steps, schedule, start)
        check_half_life(optimizer, start + length)
        for i, t in enumerate(keep):
            if not start <= t <= start + length:
                raise ValueError(f"keep[{i}] must be from {start} to {start + length}, where the run ends, got {t}")
        plans.append((optimizer, length, schedule))
    least = max(16, PARAMETERS_PER_TASK // problem.init(seeds[:1]).size)
    tasks = []
    for (optimizer, length), group in groupby(plans, key=lambda arm: arm[:2]):
        runs: list[tuple[int, np.ndarray, ReduceOnPlateau | None, Before]] = []
        for *_, schedule in group:
            lr = np.empty(0) if isinstance(schedule, ReduceOnPlateau) else rates(schedule, length, start)
            for i, seed in enumerate(seeds):
                before = None if after is None else (row(after.state, i, len(seeds)), after.resume[i])
                if isinstance(schedule, ReduceOnPlateau):
                    scheduler = deepcopy(schedule)
                    scheduler.state |= (before and before[1]["plateau"]) or {}
                    runs.append((seed, np.full(length, scheduler.lr), scheduler, before))
                else:
                    runs.append((seed, lr, None, before))
        for part in np.array_split(np.arange(len(runs)), max(1, len(runs) // least)):
            tasks.append((problem, optimizer, *zip(*(runs[i] for i in part), strict=True), start, record, keep))
    arrays = list(chain.from_iterable(results(tasks, executor, progress)))
    histories = []
    for i, (optimizer, _, schedule) in enumerate(plans):
        own = arrays[i * len(seeds) : (i + 1) * len(seeds)]
        states, resume = ([run.pop(name) for run in own] for name in ("state", "resume"))
        history: Arrays = {name: np.stack([run[name] for run in own]) for name in own[0]}
        if not isinstance(schedule, ReduceOnPlateau):
            history["lr"] = history["lr"][0]
        history |= {"keep": keep, "start": start, "optimizer": optimizer, "resume": tuple(resume)}
        histories.append(history | {"state": None if states[0] is None else join(states)})
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
    befores: Sequence[Before],
    start: int,
    record: tuple[str, ...],
    keep: tuple[int, ...],
) -> list[Arrays]:
    """Train one run for each seed at its rates, which its plateau scheduler, if any, changes on the way.

    Each goes on from what was before, or starts where that is None.
    """
    lr = np.stack(rates_of_runs, axis=1)
    steps, runs = lr.shape
    earlier, lost, average, averaged = np.empty((0, runs)), np.zeros((1, runs), bool), None, 0
    if befores[0] is None:
        params = problem.init(seeds)
        state = optimizer.init(params)
    else:
        states, resumes = zip(*befores, strict=True)
        state, params = join(states), np.stack([run["params"] for run in resumes])
        earlier = np.stack([run["losses"] for run in resumes], axis=1)
        lost = np.array([[run["lost"] for run in resumes]])
        averaged = resumes[0]["averaged"] if "average" in record else 0
        average = np.stack([run["average"] for run in resumes]) if averaged else None
    solution = getattr(optimizer, "solution", lambda params, state: params)
    waiting = len(earlier)  # losses since the last metric of the plateau schedulers
    losses = np.concatenate([earlier, np.empty((steps, runs))])
    loss = losses[waiting:]
    arrays = {"lr": lr.T}
    if "path" in record:
        arrays["path"] = path = np.empty((runs, steps + 1, params.shape[1]))
        path[:, 0] = solution(params, state)
    if keep:
        arrays["kept"] = kept = np.empty((runs, len(keep), params.shape[1]))
    if "effective_lr" in record:
        arrays["effective_lr"] = effective_lr = np.empty((runs, steps))
    if "grad_norm" in record:
        arrays["grad_norm"] = grad_norm = np.empty((runs, steps))
    if hasattr(optimizer, "clipped"):
        arrays["clipped"] = clipped = np.empty((runs, steps), bool)
    if "average" in record:
        arrays["average"] = average = np.zeros_like(params) if average is None else average
    with np.errstate(all="ignore"):  # a run that diverges is recorded, not reported
        for t, batch in enumerate(batches_from(problem, seeds, start, steps)):
            if start + t in keep:
                kept[:, keep.index(start + t)] = solution(params, state)
            loss[t], grads = problem.loss_and_grads(params, batch)
            if "grad_norm" in record:
                grad_norm[:, t] = gradient_norms(grads)
            optimizer.update(params, grads, state, lr[t, :, None])
            for run, scheduler in enumerate(plateaus):
                if scheduler and (waiting + t + 1) % scheduler.every == 0:
                    if scheduler.split is None:
                        metric = losses[max(0, waiting + t + 1 - scheduler.every) : waiting + t + 1, run].mean()
                    else:
                        own = solution(params, state)[run : run + 1]
                        metric = problem.evaluate(own, seeds[run : run + 1], scheduler.split)[problem.metric][0]
                    lr[t + 1 :, run] = scheduler.step(metric)
            if "path" in record:
                path[:, t + 1] = solution(params, state)
            if "effective_lr" in record:
                rate = optimizer.effective_lr(state, lr[t, :, None])
                effective_lr[:, t] = np.median(np.broadcast_to(rate, params.shape), axis=1)
            if "average" in record:
                average += (solution(params, state) - average) / (averaged + t + 1)
            if "clipped" in arrays:
                clipped[:, t] = optimizer.clipped(state)
        arrays["params"] = solution(params, state).copy()
    if start + steps in keep:
        kept[:, keep.index(start + steps)] = arrays["params"]
    lost = np.logical_or.accumulate(np.concatenate([lost, ~np.isfinite(loss)]), axis=0)
    arrays["loss"] = np.where(lost[1:], np.inf, loss).T
    ends = []
    for run, scheduler in enumerate(plateaus):
        end: Arrays = {name: array[run] for name, array in arrays.items()}
        since = len(losses) % scheduler.every if scheduler else 0
        resume = {"params": params[run], "losses": losses[len(losses) - since :, run], "lost": lost[-1, run]}
        resume |= {"average": end.get("average"), "averaged": averaged + steps if "average" in record else 0}
        resume |= {"plateau": scheduler.state if scheduler else None}
        ends.append(end | {"state": row(state, run, runs), "resume": resume})
    return ends


def batches_from(problem: Problem, seeds: Sequence[int], start: int, steps: int) -> Iterable[Any]:
    """What the runs see at the `steps` updates from `start` on, also of a problem that can only begin at 0."""
    if start and "start" in inspect.signature(problem.batches).parameters:
        ours: Any = problem
        return ours.batches(seeds, steps, start=start)
    return islice(problem.batches(seeds, start + steps), start, None)


def row(state: Any, run: int, runs: int) -> Any:
    """What of an optimiser's state is that of one run, or None if that cannot be known."""
    if isinstance(state, np.ndarray) and state.ndim:
        return state[run : run + 1].copy() if len(state) == runs else None
    if isinstance(state, dict):
        parts = {name: row(value, run, runs) for name, value in state.items()}
        return None if any(part is None for part in parts.values()) else parts
    return state if isinstance(state, (bool, int, float, np.generic)) else None


def join(rows: Sequence[Any]) -> Any:
    """The optimiser's state of all runs."""
    first = rows[0]
    if isinstance(first, dict):
        return {name: join([other[name] for other in rows]) for name in first}
    return np.concatenate(rows) if isinstance(first, np.ndarray) else first


def check_optimizer(optimizer: Optimizer, record: tuple[str, ...]) -> None:
    _check.instance("optimizer", optimizer, Optimizer, "an optimiser such as SGD(), with what Optimizer names")
    if "effective_lr" in record and not hasattr(optimizer, "effective_lr"):
        raise TypeError(f"optimizer must have a method effective_lr to record it, got {optimizer!r}")


def check_schedule(name: str, schedule: object) -> None:
    if isinstance(schedule, type) or (not callable(schedule) and not isinstance(schedule, ReduceOnPlateau)):
        raise TypeError(f"{name} must be a callable of the update index or a ReduceOnPlateau, got {schedule!r}")


def check_half_life(optimizer: Any, updates: int) -> None:
    """Refuse an average that would still be near its start at the end, in whatever wrappers it is."""
    while optimizer is not None:
        if (getattr(optimizer, "half_life", None) or 0) > updates:
            raise ValueError(f"half_life must be at most {updates}, the updates of the run, got {optimizer.half_life}")
        optimizer = getattr(optimizer, "optimizer", None)


def check_after(after: "History", problem: Problem, optimizer: Optimizer) -> None:
    for name, ours, theirs in [("problem", problem, after.problem), ("optimizer", optimizer, after.optimizer)]:
        if ours is not theirs and ours != theirs:
            raise ValueError(f"{name} must be that of the history to go on after, {theirs!r}, got {ours!r}")
    if after.state is None:
        raise TypeError(
            f"after must come from an optimiser whose state is a dict of arrays with one row a run, got {optimizer!r}"
        )


def number_of_updates(steps: int | None, schedule: ScheduleLike | ReduceOnPlateau, start: int) -> int:
    check_schedule("schedule", schedule)
    if steps is None:
        end = getattr(schedule, "total_steps", None)
        if end is None:
            raise ValueError(f"steps must be given, because {schedule!r} has no end")
        if end <= start:
            raise ValueError(f"steps must be given, because {schedule!r} ends before update {start + 1}")
        steps = end - start
    length: int = _check.argument("steps", steps)
    return length
