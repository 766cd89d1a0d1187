"""The names of arguments: what other libraries call ours, and a refusal that says which one was meant."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, TypeVar

FOREIGN = {  # what other libraries call an argument of ours
    "peak_lr": "lr max_lr lr_max base_lr learning_rate initial_learning_rate initial_lr init_value peak_value value",
    "min_lr": "eta_min lr_min lr_end end_lr end_value end_learning_rate final_lr min_value base_lr alpha",
    "init_lr": "warmup_lr_init warmup_lr start_lr init_value initial_learning_rate",
    "decay_rate": "gamma factor drop",
    "cycle_decay": "m_mul gamma",
    "step_size": "decay_t decay_steps transition_steps drop_every",
    "timescale": "decay_steps transition_steps",
    "decay_steps": "T_max total_iters transition_steps t_initial num_decay_steps num_training_steps total_steps",
    "total_steps": "num_training_steps max_steps transition_steps total_iters T_max",
    "first_cycle_steps": "T_0 first_decay_steps t_initial",
    "half_cycle_steps": "step_size_up step_size",
    "warmup_steps": "num_warmup_steps warmup_t warmup_iters warmup_epochs total_iters",
    "cycle_mult": "T_mult t_mul cycle_mul",
    "boundaries": "milestones decay_t",
    "schedules": "schedulers",
    "schedule": "scheduler after_scheduler",
}

Function = TypeVar("Function", bound=Callable[..., Any])


def answers_foreign_names(function: Function) -> Function:
    """Let a function refuse an argument that another library calls otherwise with the name that it has here."""
    names = list(inspect.signature(function).parameters)

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        refuse_foreign(function.__name__, names, kwargs)
        return function(*args, **kwargs)

    return wrapper  # type: ignore[return-value]


def refuse_foreign(owner: str, names: Sequence[str], given: Iterable[str]) -> None:
    unknown = [name for name in given if name not in names]
    if unknown:
        got = [f"{name!r}{_ours(name, names)}" for name in unknown]
        raise TypeError(f"{owner} takes {listed(names)}, got {listed(got)}")


def _ours(foreign: str, names: Sequence[str]) -> str:
    for name in names:
        if foreign in FOREIGN.get(name, "").split():
            return f" (did you mean {name}?)"
    return near(foreign, names)


def near(name: object, names: Iterable[str]) -> str:
    from difflib import get_close_matches  # only a refusal needs it

    closest = get_close_matches(str(name), [*names], 1)
    return f" (did you mean {closest[0]}?)" if closest else ""


def listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
