"""Schedules in torch: in the optimiser itself, or as a scheduler for who calls ``scheduler.step()``.

`attach` for a loop of your own, mixed precision, accumulation, Accelerate and Lightning: the optimiser sets its rate
and counts its updates, and its ``state_dict()`` is all there is to save::

    schedule = Warmup(CosineDecay(3e-4, decay_steps=9_000), warmup_steps=1_000)
    attach(optimizer, schedule)

`Scheduler` for code that wants a `torch.optim.lr_scheduler.LRScheduler`, such as the Trainer of transformers.
`layer_groups` makes parameter groups whose rate falls from the output to the input.

Needs torch; ``import lrsched`` does not import this module.
"""

from collections.abc import Sequence

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrsched._check import instance, number
from lrsched._schedule import part
from lrsched.interfaces import ScheduleLike
from lrsched.schedules import Schedule

__all__ = ["Attached", "Scheduler", "attach", "layer_groups"]

COUNT = "lrsched_t"  # where a parameter group keeps the number of updates made
HANDLE = "_lrsched"  # where an optimiser keeps the schedule that is attached to it; no part of its state


class Attached:
    """A schedule in an optimiser: what `attach` returns.

    Attributes
    ----------
    t : int
        How many updates were made: the index of the next one. Set it to start a schedule anew or to go on from a
        checkpoint that was saved without one.
    """

    def __init__(self, optimizer: Optimizer, schedule: Schedule, multipliers: tuple[float, ...]):
        self.optimizer, self.schedule, self.multipliers = optimizer, schedule, multipliers
        self.t = optimizer.param_groups[0].get(COUNT, 0)
        self._handles = [
            optimizer.register_step_pre_hook(self._before),
            optimizer.register_step_post_hook(self._after),
            optimizer.register_load_state_dict_pre_hook(self._check),
            optimizer.register_load_state_dict_post_hook(self._set),
        ]

    @property
    def t(self) -> int:
        return self.optimizer.param_groups[0][COUNT]

    @t.setter
    def t(self, t: int) -> None:
        t = number("t", t, "a whole number of 0 or more")
        for group in self.optimizer.param_groups:
            group[COUNT] = t
        self._set()

    def detach(self) -> None:
        """Leave the optimiser with the rates and the count that it has; `attach` then goes on from there."""
        if not self._handles:
            raise ValueError(f"the schedule must be attached to be detached, got {self.schedule}, which no longer is")
        while self._handles:
            self._handles.pop().remove()
        delattr(self.optimizer, HANDLE)

    def _set(self, *_: object) -> None:
        _set_rates(self.optimizer.param_groups, self.schedule(self.t), self.multipliers)

    def _before(self, optimizer: Optimizer, *_: object) -> None:
        if torch.compiler.is_compiling():
            return self._before_untraced(optimizer)
        return _set_rates(optimizer.param_groups, self.schedule(optimizer.param_groups[0][COUNT]), self.multipliers)

    def _after(self, optimizer: Optimizer, *_: object) -> None:
        if torch.compiler.is_compiling():
            return self._after_untraced(optimizer)
        skipped = getattr(optimizer, "found_inf", None)  # a fused optimiser is called for an update that it will skip
        if skipped is None or not skipped.item():
            groups = optimizer.param_groups
            t = groups[0][COUNT] + 1
            for group in groups:
                group[COUNT] = t
        return None

    # A compiled step would keep the rate that it was compiled with. To disable what is not compiled costs time.
    _before_untraced = torch.compiler.disable(_before)
    _after_untraced = torch.compiler.disable(_after)

    @staticmethod
    def _check(_: Optimizer, state: dict) -> None:
        if COUNT not in state["param_groups"][0]:
            raise ValueError(
                "the optimiser's state must come from one with a schedule, got one without a count of updates; "
                "load it first, then attach, and set t"
            )


def attach(
    optimizer: Optimizer,
    schedule: ScheduleLike,
    *,
    multipliers: Sequence[float] | None = None,
) -> Attached:
    """Let `optimizer` use ``schedule(t)`` in update ``t``, and count ``t`` in its parameter groups.

    Updates that are skipped, by a gradient scaler or while gradients are accumulated, are not counted, nor are
    processes. To resume, load the optimiser's state, before or after `attach`; the schedule given counts, so that a run
    can go on with a longer one.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Wrapped by Accelerate or not.
    schedule : Schedule or callable of the update index
        The rates.
    multipliers : list of numbers of 0 or more, optional
        What the rate of each parameter group is multiplied with. Without it, and for groups that are added later,
        a group's own ``lr_mult``, else 1.

    Returns
    -------
    Attached
        With ``.t`` and ``.detach()``.

    Raises
    ------
    TypeError
        If `optimizer` or `schedule` is none.
    ValueError
        If there is a schedule in `optimizer` already, or the number of multipliers is wrong.

    Notes
    -----
    A fused optimiser under a gradient scaler skips inside its kernel; to know of it, its flag is read after each
    update, which waits for the device. Rates that are tensors are filled in place; a compiled step wants them, since
    a float is compiled anew whenever it changes.

    Examples
    --------
    >>> import torch
    >>> from lrsched import LinearDecay
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.SGD([weight], lr=1.0)
    >>> attached = attach(optimizer, LinearDecay(0.1, decay_steps=4))
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     weight.sum().backward()
    ...     optimizer.step()
    ...     print(attached.t, round(optimizer.param_groups[0]["lr"], 3))
    1 0.1
    2 0.075
    3 0.05
    """
    optimizer = _unwrap(optimizer)
    attached = Attached(optimizer, part("schedule", schedule), _fitting(multipliers, optimizer))
    setattr(optimizer, HANDLE, attached)
    return attached


class Scheduler(LRScheduler):
    """A schedule as torch's kind of scheduler: call ``step()`` after each ``optimizer.step()``.

    Its state is plain numbers, loads with ``weights_only=True`` and holds no schedule: on resuming, the one given to
    the constructor counts. In a loop of your own, `attach` is simpler, and right where updates are skipped.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        The rates that it has are not used.
    schedule : Schedule or callable of the update index
        The rates.
    multipliers : list of numbers of 0 or more, optional
        As for `attach`.
    steps_per_update : int
        How often ``step()`` is called for each update: under Accelerate, the number of processes, unless
        ``split_batches`` is set.

    Raises
    ------
    TypeError
        If `optimizer` or `schedule` is none.
    ValueError
        If the number of multipliers is wrong, or a state is loaded that no `Scheduler` has saved.

    Examples
    --------
    >>> import torch
    >>> from lrsched import LinearDecay
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = Scheduler(optimizer, LinearDecay(0.1, decay_steps=4))
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.07500000000000001]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: ScheduleLike,
        *,
        multipliers: Sequence[float] | None = None,
        steps_per_update: int = 1,
    ):
        inner = _unwrap(optimizer)
        self.schedule = part("schedule", schedule)
        self.multipliers = _fitting(multipliers, optimizer)
        self.steps_per_update = number("steps_per_update", steps_per_update, "a whole number of 1 or more")
        super().__init__(optimizer)
        inner.register_load_state_dict_post_hook(self._set)  # whichever of the two is loaded first

    @property
    def t(self) -> int:
        """The index of the next update."""
        return self.last_epoch // self.steps_per_update

    def get_lr(self) -> list[float]:
        """The rate of each parameter group in the next update."""
        _set_rates(self.optimizer.param_groups, self.schedule(self.t), self.multipliers)
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict:
        """What was counted, as plain numbers."""
        own = ("last_epoch", "_step_count", "steps_per_update")
        return {name: getattr(self, name) for name in own} | {"_last_lr": [float(lr) for lr in self._last_lr]}

    def load_state_dict(self, state_dict: dict) -> None:
        """Go on counting from `state_dict`, also with another number of processes."""
        if not isinstance(state_dict, dict) or state_dict.keys() != self.state_dict().keys():
            keys = list(state_dict) if isinstance(state_dict, dict) else state_dict
            raise ValueError(f"state_dict must be that of an lrsched Scheduler, got one with {keys}")
        self.last_epoch = state_dict["last_epoch"] // state_dict["steps_per_update"] * self.steps_per_update
        self._step_count = state_dict["_step_count"]
        self._set()

    def _set(self, *_: object) -> None:
        self._last_lr = self.get_lr()


def layer_groups(model: torch.nn.Module, *, decay: float, layers: Sequence[str] | None = None) -> list[dict]:
    """Return the parameters of `model` in groups whose rate falls from the output to the input.

    The last layer has the multiplier 1, the one before it `decay`, then ``decay ** 2`` and so on. What stands before
    the layers, such as an embedding, counts as one more layer below them, what stands behind as one more above.
    Parameters that need no gradient are left out.

    Parameters
    ----------
    model : torch.nn.Module
        The model.
    decay : number above 0 and at most 1
        From each layer to the one below.
    layers : list of str, optional
        The names of the layers, from the input to the output, as ``named_modules()`` has them; by default the items
        of the longest `ModuleList` or `Sequential` that is not part of another.

    Returns
    -------
    list of dict
        For an optimiser: each with its ``params`` and its ``lr_mult``, which `attach` and `Scheduler` read.

    Raises
    ------
    ValueError
        If `decay` is out of range, or the model has no such layers.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    >>> groups = layer_groups(model, decay=0.5)
    >>> [(len(group["params"]), group["lr_mult"]) for group in groups]
    [(2, 0.5), (2, 1.0)]
    """
    instance("model", model, torch.nn.Module, "a torch module")
    decay = number("decay", decay, "a number above 0 and at most 1")
    names = list(layers) if layers is not None else _layers(model)
    found: dict[int, list] = {}
    depth = 0
    for name, parameter in model.named_parameters():
        own = [i for i, layer in enumerate(names, 1) if f"{name}.".startswith(f"{layer}.")]
        depth = own[0] if own else len(names) + 1 if depth else 0
        found.setdefault(depth, []).append(parameter)
    if not depth:
        raise ValueError(f"layers must be names of layers of the model from the input to the output, got {names}")
    groups = []
    for height, depth in enumerate(sorted(found, reverse=True)):  # layers without parameters do not count
        params = [parameter for parameter in found[depth] if parameter.requires_grad]
        groups += [{"params": params, "lr_mult": decay**height}] if params else []
    return groups[::-1]


def _layers(model: torch.nn.Module) -> list[str]:
    lists = {
        name: [f"{name}.{i}".lstrip(".") for i in range(len(module))]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.ModuleList | torch.nn.Sequential)
    }
    outer = [
        name
        for name in lists
        if not any(name != other and f"{name}.".startswith(f"{other}.".lstrip(".")) for other in lists)
    ]
    return max((lists[name] for name in outer), key=len, default=[])


def _unwrap(optimizer: Optimizer) -> Optimizer:
    while isinstance(inner := getattr(optimizer, "optimizer", None), Optimizer):  # Accelerate's
        optimizer = inner
    instance("optimizer", optimizer, Optimizer, "a torch optimiser")
    if hasattr(optimizer, HANDLE):
        schedule = getattr(optimizer, HANDLE).schedule
        raise ValueError(f"optimizer must have no schedule yet, got one with {schedule}, which detach() takes away")
    return optimizer


def _fitting(multipliers: Sequence[float] | None, optimizer: Optimizer) -> tuple[float, ...]:
    if multipliers is None:
        return ()
    groups = len(optimizer.param_groups)
    instance("multipliers", multipliers, (list, tuple), "a list of numbers of 0 or more, one a parameter group")
    if len(multipliers) != groups:
        raise ValueError(f"multipliers must be one number a parameter group ({groups}), got {len(multipliers)}")
    return tuple(number(f"multipliers[{i}]", m, "a number of 0 or more") for i, m in enumerate(multipliers))


def _set_rates(groups: list[dict], rate: float, multipliers: tuple[float, ...]) -> None:
    """Give each group its rate: by the multiplier given for it, else its own."""
    for i, group in enumerate(groups):
        multiplier = multipliers[i] if i < len(multipliers) else group.get("lr_mult", 1.0)
        if type(group["lr"]) is not float and isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate * multiplier)
        else:
            group["lr"] = rate * multiplier
