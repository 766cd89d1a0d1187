"""`attach`, `Scheduler` and `layer_groups` in loops of one's own."""

import copy
import io

import numpy as np
import pytest
import torch
from test_schedules import ONE_OF_EACH

from lrsched import (
    Constant,
    CosineDecay,
    CosineRestarts,
    Join,
    LinearDecay,
    Warmup,
    warmup_stable_decay,
)
from lrsched.torch import Scheduler, attach, layer_groups

SCHEDULES = [*ONE_OF_EACH, CosineRestarts(0.1, first_cycle_steps=7, cycle_mult=2, cycle_decay=0.5)]
SCHEDULE = Warmup(CosineDecay(0.1, decay_steps=30, min_lr=1e-3), warmup_steps=10)
LONGER = Warmup(CosineDecay(0.1, decay_steps=60, min_lr=1e-3), warmup_steps=10)
STEPS = 45
RATES = SCHEDULE(np.arange(STEPS)).tolist()
OPTIMIZERS = [torch.optim.SGD, torch.optim.AdamW, torch.optim.Adagrad, torch.optim.RMSprop]


def make(optimizer=torch.optim.AdamW, groups=1, **options):
    torch.manual_seed(0)
    model = torch.nn.Sequential(*(torch.nn.Linear(3, 3) for _ in range(groups)))
    return model, optimizer([{"params": layer.parameters()} for layer in model], **{"lr": 1.0} | options)


def update(model, optimizer, t=0):
    optimizer.zero_grad()
    model(torch.full((1, 3), 1.0 + t)).square().mean().backward()
    optimizer.step()


def stored(state):
    """A state dict as it comes back from a file, loaded as safely as can be."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


class TestAttach:
    @pytest.mark.parametrize("optimizer", OPTIMIZERS)
    def test_a_plain_loop(self, optimizer, record):
        model, optimizer = make(optimizer)
        used = record(optimizer)
        attached = attach(optimizer, SCHEDULE)
        assert optimizer.param_groups[0]["lr"] == RATES[0]
        for t in range(STEPS):
            assert attached.t == t
            update(model, optimizer, t)
        assert used.first() == RATES

    def test_a_closure(self, record):
        model, _ = make()
        lbfgs = torch.optim.LBFGS(model.parameters(), max_iter=2)
        used = record(lbfgs)
        attach(lbfgs, SCHEDULE)

        def closure():
            lbfgs.zero_grad()
            loss = model(torch.ones(1, 3)).square().mean()
            loss.backward()
            return loss

        for _ in range(STEPS):
            lbfgs.step(closure)
        assert used.first() == RATES

    def test_groups_with_multipliers_of_the_call_or_of_their_own(self, record):
        model, optimizer = make(groups=2)
        used = record(optimizer)
        attach(optimizer, SCHEDULE, multipliers=[1, 0.25])
        other_model, other = make(groups=2)
        other.param_groups[1]["lr_mult"] = 0.25
        others = record(other)
        attach(other, SCHEDULE)
        for t in range(STEPS):
            update(model, optimizer, t)
            update(other_model, other, t)
        assert used.rates == others.rates == [[rate, 0.25 * rate] for rate in RATES]
        assert all(map(torch.equal, model.parameters(), other_model.parameters()))

    def test_a_group_that_is_added_later(self, record):
        model, optimizer = make()
        used = record(optimizer)
        attach(optimizer, SCHEDULE, multipliers=[0.5])
        for t in range(STEPS):
            if t in (5, 7):
                layer = torch.nn.Linear(3, 3)
                model.append(layer)
                optimizer.add_param_group({"params": layer.parameters()} | ({"lr_mult": 0.1} if t == 7 else {}))
            update(model, optimizer, t)
        expected = [[0.5 * r, r, 0.1 * r][: 1 + (t >= 5) + (t >= 7)] for t, r in enumerate(RATES)]
        assert used.rates == expected

    def test_accumulation(self, record):
        model, optimizer = make()
        used = record(optimizer)
        attach(optimizer, SCHEDULE)
        for t in range(4 * STEPS):
            model(torch.full((1, 3), 1.0 + t)).square().mean().backward()
            if t % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
        assert used.first() == RATES

    @pytest.mark.parametrize("options", [{}, {"fused": True}, {"foreach": True}], ids=str)
    @pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.AdamW])
    def test_mixed_precision_with_skipped_updates(self, optimizer, options, record, recwarn):
        model, optimizer = make(optimizer, **options)
        used = record(optimizer)
        attached = attach(optimizer, SCHEDULE)
        scaler = torch.amp.GradScaler("cpu", init_scale=16.0, growth_interval=3)
        skips = {0, 1, 5, 6, 20}
        for t in range(STEPS + len(skips)):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = model(torch.ones(1, 3)).square().mean()
            scaler.scale(loss).backward()
            if t in skips:
                model[0].weight.grad[0, 0] = torch.inf
            before = model[0].weight.detach().clone()
            scaler.step(optimizer)
            scaler.update()
            assert torch.equal(before, model[0].weight) == (t in skips or optimizer.param_groups[0]["lr"] == 0)
        assert attached.t == STEPS
        assert used.first() == RATES
        assert not recwarn.list

    @pytest.mark.parametrize("options", [{}, {"fused": True}], ids=str)
    def test_rates_that_are_tensors_are_filled(self, options, record):
        model, optimizer = make(torch.optim.AdamW, lr=torch.tensor(1.0, dtype=torch.float64), **options)
        rate = optimizer.param_groups[0]["lr"]
        used = record(optimizer)
        attach(optimizer, SCHEDULE)
        for t in range(STEPS):
            update(model, optimizer, t)
        assert used.first() == RATES
        assert optimizer.param_groups[0]["lr"] is rate

    @pytest.mark.parametrize("whole", [False, True], ids=["optimizer.step", "training step"])
    def test_a_compiled_step(self, whole, record):
        torch._dynamo.reset()
        model, optimizer = make(lr=torch.tensor(1.0, dtype=torch.float64))
        plain_model, plain = make(lr=torch.tensor(1.0, dtype=torch.float64))
        used = record(optimizer)
        attached = attach(optimizer, SCHEDULE)
        attach(plain, SCHEDULE)

        def training_step(x):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()

        step = torch.compile(training_step if whole else optimizer.step)
        for t in range(STEPS):
            x = torch.full((1, 3), 1.0 + t)
            if whole:
                step(x)
            else:
                optimizer.zero_grad()
                model(x).square().mean().backward()
                step()
            update(plain_model, plain, t)
        assert attached.t == STEPS
        assert used.first() == RATES
        for compiled, eager in zip(model.parameters(), plain_model.parameters(), strict=True):
            torch.testing.assert_close(compiled, eager)

    @pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
    def test_a_compiled_step_is_compiled_a_few_times_only(self, schedule, record):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        model, optimizer = make(torch.optim.SGD, lr=torch.tensor(1.0, dtype=torch.float64))
        used = record(optimizer)
        attach(optimizer, schedule)
        graphs = []

        def backend(graph, inputs):
            graphs.append(graph)
            return graph.forward

        step = torch.compile(optimizer.step, backend=backend)
        for t in range(90):
            optimizer.zero_grad()
            model(torch.full((1, 3), 1.0 + t)).square().mean().backward()
            step()
        np.testing.assert_allclose(used.first(), schedule(np.arange(90)), rtol=1e-14)
        assert len([graph for graph in graphs if "sub" in graph.code or "add" in graph.code]) <= 3

    def test_a_schedule_in_compiled_code(self):
        torch._dynamo.reset()
        scaled = torch.compile(lambda x, t: x * SCHEDULE(t), backend="eager")
        one = torch.ones((), dtype=torch.float64)
        assert [float(scaled(one, t)) for t in range(STEPS)] == pytest.approx(RATES, rel=1e-14)

    def test_several_optimisers(self, record):
        (model, first), (other_model, second) = make(), make(torch.optim.SGD)
        used, others = record(first), record(second)
        attach(first, SCHEDULE)
        attach(second, LONGER)
        for t in range(STEPS):
            update(model, first, t)
            if t % 3 == 0:
                update(other_model, second, t)
        assert used.first() == RATES
        assert others.first() == LONGER(np.arange(STEPS // 3)).tolist()

    def test_a_plain_function(self, record):
        model, optimizer = make()
        used = record(optimizer)
        attach(optimizer, RATES.__getitem__)
        for t in range(STEPS):
            update(model, optimizer, t)
        assert used.first() == RATES


class TestResume:
    """The optimiser's state is all there is to save."""

    @pytest.mark.parametrize("attach_first", [True, False])
    @pytest.mark.parametrize("resumed_with", [SCHEDULE, LONGER])
    def test_attach(self, attach_first, resumed_with, record):
        model, optimizer = make(groups=2)
        used = record(optimizer)
        attach(optimizer, SCHEDULE, multipliers=[1, 0.1])
        for t in range(STEPS):
            update(model, optimizer, t)
            if t == 19:
                state, weights = stored(optimizer.state_dict()), stored(model.state_dict())
        again, fresh = make(groups=2)
        if attach_first:
            attach(fresh, resumed_with, multipliers=[1, 0.1])
        again.load_state_dict(weights)
        fresh.load_state_dict(state)
        if not attach_first:
            attach(fresh, resumed_with, multipliers=[1, 0.1])
        assert fresh.param_groups[0]["lr"] == resumed_with(20)  # before the first update too
        rest = record(fresh)
        for t in range(20, STEPS):
            update(again, fresh, t)
        assert rest.first() == resumed_with(np.arange(20, STEPS)).tolist()
        if resumed_with is SCHEDULE:
            assert all(map(torch.equal, model.parameters(), again.parameters()))
            assert rest.rates == used.rates[20:]

    def test_a_copy_goes_on_when_a_schedule_is_attached_to_it(self):
        model, optimizer = make()
        attach(optimizer, SCHEDULE)
        for t in range(7):
            update(model, optimizer, t)
        twin = copy.deepcopy(optimizer)
        assert attach(twin, SCHEDULE).t == 7

    def test_detach_and_go_on(self, record):
        model, optimizer = make()
        used = record(optimizer)
        attached = attach(optimizer, SCHEDULE)
        for t in range(12):
            update(model, optimizer, t)
        attached.detach()
        for t in range(3):
            update(model, optimizer, t)
        assert used.first()[-3:] == [RATES[11]] * 3
        assert attached.t == 12
        again = attach(optimizer, LONGER)
        update(model, optimizer)
        assert used.first()[-1] == LONGER(12)
        again.t = 0
        update(model, optimizer)
        assert used.first()[-1] == LONGER(0)
        with pytest.raises(ValueError, match=r"^the schedule must be attached to be detached, got Warmup\("):
            attached.detach()

    def test_a_state_without_a_count_is_refused_and_can_be_counted(self):
        model, optimizer = make()
        update(model, optimizer)
        old = optimizer.state_dict()
        _, fresh = make()
        attached = attach(fresh, SCHEDULE)
        with pytest.raises(
            ValueError, match=r"got one without a count of updates; load it first, then attach, and set t$"
        ):
            fresh.load_state_dict(old)
        attached.detach()
        fresh.load_state_dict(old)
        attached = attach(fresh, SCHEDULE)
        attached.t = 20
        assert fresh.param_groups[0]["lr"] == SCHEDULE(20)


class TestScheduler:
    @pytest.mark.parametrize("steps_per_update", [1, 4])
    def test_a_plain_loop(self, steps_per_update, record):
        model, optimizer = make(groups=2)
        used = record(optimizer)
        scheduler = Scheduler(optimizer, SCHEDULE, multipliers=[1, 0.1], steps_per_update=steps_per_update)
        for t in range(STEPS):
            assert scheduler.get_last_lr() == [RATES[t], RATES[t] * 0.1]
            update(model, optimizer, t)
            for _ in range(steps_per_update):
                scheduler.step()
        assert used.rates == [[rate, 0.1 * rate] for rate in RATES]

    def test_tensor_rates_and_a_group_that_is_added(self, record):
        model, optimizer = make(lr=torch.tensor(1.0, dtype=torch.float64))
        rate, used = optimizer.param_groups[0]["lr"], record(optimizer)
        scheduler = Scheduler(optimizer, SCHEDULE)
        for t in range(STEPS):
            if t == 8:
                layer = torch.nn.Linear(3, 3)
                model.append(layer)
                optimizer.add_param_group({"params": layer.parameters(), "lr_mult": 0.5, "lr": RATES[8] / 2})
            update(model, optimizer, t)
            scheduler.step()
        assert used.first() == RATES
        assert [rates[1] for rates in used.rates[8:]] == [0.5 * rate for rate in RATES[8:]]
        assert optimizer.param_groups[0]["lr"] is rate

    @pytest.mark.parametrize("scheduler_first", [True, False])
    @pytest.mark.parametrize("processes", [(1, 1), (2, 2), (2, 4), (4, 1)], ids=str)
    @pytest.mark.parametrize("resumed_with", [SCHEDULE, LONGER])
    def test_resume(self, resumed_with, processes, scheduler_first, record):
        before, after = processes
        model, optimizer = make()
        scheduler = Scheduler(optimizer, SCHEDULE, steps_per_update=before)
        for t in range(20):
            update(model, optimizer, t)
            for _ in range(before):
                scheduler.step()
        states = stored([scheduler.state_dict(), optimizer.state_dict()])
        again, fresh = make()
        used = record(fresh)
        resumed = Scheduler(fresh, resumed_with, steps_per_update=after)
        pairs = list(zip([resumed, fresh], states, strict=True))
        for part, state in pairs if scheduler_first else pairs[::-1]:
            part.load_state_dict(state)
        assert resumed.get_last_lr() == [resumed_with(20)]
        for t in range(20, STEPS):
            update(again, fresh, t)
            for _ in range(after):
                resumed.step()
        assert used.first() == resumed_with(np.arange(20, STEPS)).tolist()

    def test_its_state_is_plain_numbers(self):
        _, optimizer = make(lr=torch.tensor(1.0))
        state = Scheduler(optimizer, SCHEDULE).state_dict()
        assert state == {"last_epoch": 0, "_step_count": 1, "steps_per_update": 1, "_last_lr": [0.0]}

    def test_a_state_of_another_scheduler_is_refused(self):
        _, optimizer = make()
        other = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 9).state_dict()
        scheduler = Scheduler(optimizer, SCHEDULE)
        for state in (other, {}, None):
            with pytest.raises(ValueError, match=r"^state_dict must be that of an lrsched Scheduler, got one with "):
                scheduler.load_state_dict(state)


class TestNoStateChangesASchedule:
    @pytest.mark.parametrize("scheduler", ["LambdaLR", "MultiplicativeLR"])
    def test_neither_stored_nor_written_into(self, scheduler):
        """LambdaLR stores the `__dict__` of a callable, and updates that of the new one in place."""
        kind = getattr(torch.optim.lr_scheduler, scheduler)
        model, optimizer = make()
        old = kind(optimizer, SCHEDULE)
        update(model, optimizer)
        old.step()
        state = stored(old.state_dict())
        for other in (LONGER, warmup_stable_decay(0.1, total_steps=90, warmup_steps=5, decay_steps=30), Constant(0.1)):
            expected, text = other(np.arange(100)), repr(other)
            kind(make()[1], other).load_state_dict(copy.deepcopy(state))
            kind(make()[1], other).load_state_dict(
                {**state, "lr_lambdas": [{"total_steps": 3, "warmup_steps": 2, "_starts": (0, 1), "peak_lr": 7.0}]}
            )
            assert repr(other) == text
            assert (other(np.arange(100)) == expected).all()

    def test_resuming_with_a_longer_schedule_takes_the_new_one(self):
        model, optimizer = make(lr=1.0)
        old = torch.optim.lr_scheduler.LambdaLR(optimizer, SCHEDULE)
        for _ in range(20):
            update(model, optimizer)
            old.step()
        _, fresh = make(lr=1.0)
        new = torch.optim.lr_scheduler.LambdaLR(fresh, LONGER)
        fresh.load_state_dict(stored(optimizer.state_dict()))
        new.load_state_dict(stored(old.state_dict()))
        update(model, fresh)
        new.step()
        assert new.get_last_lr() == [LONGER(21)]


class Blocks(torch.nn.Module):
    """Shaped like a transformer: an embedding, blocks, a head."""

    def __init__(self):
        super().__init__()
        self.token = torch.nn.Parameter(torch.ones(3))
        self.embedding = torch.nn.Embedding(5, 3)
        self.blocks = torch.nn.ModuleList(torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.ReLU()) for _ in range(3))
        self.norm, self.head = torch.nn.LayerNorm(3), torch.nn.Linear(3, 2)


class TestLayerGroups:
    def test_embedding_blocks_and_head(self):
        groups = layer_groups(Blocks(), decay=0.5)
        assert [(len(group["params"]), group["lr_mult"]) for group in groups] == [
            (2, 0.0625),
            (2, 0.125),
            (2, 0.25),
            (2, 0.5),
            (4, 1.0),
        ]

    def test_frozen_layers_are_left_out_and_change_no_other(self):
        model = Blocks()
        model.blocks[1].requires_grad_(False)
        assert [group["lr_mult"] for group in layer_groups(model, decay=0.5)] == [0.0625, 0.125, 0.5, 1.0]

    def test_layers_by_name(self):
        groups = layer_groups(Blocks(), decay=0.1, layers=["embedding", "blocks", "norm", "head"])
        assert [round(group["lr_mult"], 9) for group in groups] == [1e-4, 1e-3, 0.01, 0.1, 1.0]

    def test_the_same_as_timm(self):
        timm = pytest.importorskip("timm")
        from timm.optim import param_groups_layer_decay

        model = timm.create_model("vit_tiny_patch16_224", depth=4)
        norm = set(model.norm.parameters())  # which timm counts to the last block, and we to the head
        theirs = {p: g["lr_scale"] for g in param_groups_layer_decay(model, layer_decay=0.75) for p in g["params"]}
        ours = {p: g["lr_mult"] for g in layer_groups(model, decay=0.75) for p in g["params"]}
        assert {p for p in ours if ours[p] != pytest.approx(theirs[p])} == norm
        assert ours.keys() == theirs.keys()

    def test_rates(self, record):
        model = torch.nn.Sequential(*(torch.nn.Linear(3, 3) for _ in range(3)))
        optimizer = torch.optim.AdamW(layer_groups(model, decay=0.5))
        used = record(optimizer)
        attach(optimizer, SCHEDULE)
        for t in range(STEPS):
            update(model, optimizer, t)
        assert used.rates == [[0.25 * rate, 0.5 * rate, rate] for rate in RATES]


@pytest.mark.parametrize("use", [attach, Scheduler])
class TestRefusals:
    def test_no_optimiser(self, use):
        for value in (None, [], torch.nn.Linear(2, 2), torch.optim.SGD):
            with pytest.raises(TypeError, match=r"^optimizer must be a torch optimiser, got "):
                use(value, SCHEDULE)

    def test_no_schedule(self, use):
        for value in (None, 0.1, CosineDecay):
            with pytest.raises(TypeError, match=r"^schedule must be a schedule such as CosineDecay\(0\.1, .*got "):
                use(make()[1], value)
        with pytest.raises(TypeError, match=r"a class: call it$"):
            use(make()[1], CosineDecay)

    def test_multipliers_of_the_wrong_number_or_kind(self, use):
        with pytest.raises(ValueError, match=r"^multipliers must be one number a parameter group \(2\), got 1$"):
            use(make(groups=2)[1], SCHEDULE, multipliers=[1])
        with pytest.raises(
            TypeError, match=r"^multipliers must be a list of numbers of 0 or more, .*got 0\.5 \(float\)$"
        ):
            use(make()[1], SCHEDULE, multipliers=0.5)
        with pytest.raises(ValueError, match=r"^multipliers\[0\] must be a number of 0 or more, got -1$"):
            use(make()[1], SCHEDULE, multipliers=[-1])

    def test_a_second_schedule(self, use):
        _, optimizer = make()
        attach(optimizer, SCHEDULE)
        with pytest.raises(
            ValueError, match=r"^optimizer must have no schedule yet, got one with Warmup\(.*detach\(\)"
        ):
            use(optimizer, LONGER)


def test_other_refusals():
    _, optimizer = make()
    attached = attach(optimizer, SCHEDULE)
    for t in (-1, 1.5, None):
        with pytest.raises((ValueError, TypeError), match=r"^t must be a whole number of 0 or more, got "):
            attached.t = t
    with pytest.raises(ValueError, match=r"^steps_per_update must be a whole number of 1 or more, got 0$"):
        Scheduler(make()[1], SCHEDULE, steps_per_update=0)
    with pytest.raises(ValueError, match=r"^decay must be a number above 0 and at most 1, got 2$"):
        layer_groups(Blocks(), decay=2)
    with pytest.raises(TypeError, match=r"^model must be a torch module, got "):
        layer_groups([Blocks()], decay=0.5)
    with pytest.raises(ValueError, match=r"^layers must be names of layers of the model .*got \['encoder'\]$"):
        layer_groups(Blocks(), decay=0.5, layers=["encoder"])
    with pytest.raises(ValueError, match=r"^layers must be names of layers of the model .*got \[\]$"):
        layer_groups(torch.nn.Linear(2, 2), decay=0.5)


KINDS = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int8, torch.uint8]


@pytest.mark.parametrize("dtype", KINDS, ids=str)
def test_scalars_and_arrays_of_torch(dtype):
    schedule = Join([SCHEDULE, LinearDecay(0.1, decay_steps=50)], boundaries=[30])
    assert schedule(torch.tensor(7, dtype=dtype)) == schedule(7)
    assert schedule(torch.tensor([7, 8], dtype=dtype)).tolist() == schedule([7, 8]).tolist()
    assert Constant(torch.tensor(2, dtype=dtype)) == Constant(2)
    if dtype.is_floating_point:
        assert schedule(torch.tensor([7, 8], dtype=dtype, requires_grad=True)).tolist() == schedule([7, 8]).tolist()
        assert schedule(torch.tensor(7, dtype=dtype, requires_grad=True)) == schedule(7)


@pytest.mark.parametrize(
    "value", [torch.tensor(True), torch.tensor([True]), torch.tensor(1j), torch.tensor([])[:0].to(torch.complex64)]
)
def test_tensors_that_are_no_numbers(value):
    with pytest.raises(TypeError, match=r"^step must be a number or an array of them, got tensor\("):
        SCHEDULE(value)


def test_a_tensor_times_a_schedule():
    assert SCHEDULE * torch.tensor(0.5) == 0.5 * SCHEDULE == np.float64(0.5) * SCHEDULE == SCHEDULE * np.float32(0.5)
