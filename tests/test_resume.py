"""A run that goes on: in parts it is the whole run, to the bit."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from lrsched import plotting
from lrsched.averaging import Averaged, ScheduleFreeAdamW, ScheduleFreeSGD
from lrsched.optimizers import SGD, AdaGrad, Adam, AdamW, RMSProp
from lrsched.plateau import ReduceOnPlateau
from lrsched.problems import Digits, Quadratic, Ravine
from lrsched.schedules import Constant, CosineDecay, Warmup
from lrsched.training import compare, train
from lrsched.wrappers import Clipped, Grouped

N = 90
DIGITS = Digits(hidden=(8,), batch_size=8, label_noise=0.3)
PROBLEMS = [
    DIGITS,
    Digits(hidden=(8,), batch_size=8, label_noise=0.3, fresh_noise=False),
    Digits(batch_size=((20, 4), (50, 16), (10, 32))),
    Digits(batch_size=None, pool_size=50),
    Quadratic(np.geomspace(0.1, 1, 50), noise=0.1),
    Ravine(),
]
OPTIMIZERS = [
    SGD(),
    SGD(momentum=0.9, nesterov=True),
    AdaGrad(),
    RMSProp(momentum=0.9),
    Adam(),
    AdamW(),
    Clipped(SGD(momentum=0.9), max_norm=0.5),
    Clipped(Adam(), max_norm=0.5),
    SGD(momentum=CosineDecay(0.9, decay_steps=60, min_lr=0.5)),
    ScheduleFreeSGD(beta=0.5),
    ScheduleFreeAdamW(),
    Averaged(SGD(), half_life=10),
    Clipped(Grouped(ScheduleFreeAdamW(), factors=[1, 0.5, 2, 0], sizes=DIGITS.stretches), max_norm=0.5),
]
SCHEDULES = {
    "warm-up": Warmup(CosineDecay(0.05, decay_steps=N - 10), warmup_steps=10),
    "callable": lambda t: 0.05 / (1 + t),
    "plateau": ReduceOnPlateau(0.1, every=7, patience=0, factor=0.5),
    "held-out plateau": ReduceOnPlateau(0.1, every=7, patience=0, factor=0.5, split="test"),
}
RECORD = ["path", "average", "effective_lr", "grad_norm"]


def in_parts(lengths, *arm, seeds=3, **arguments):
    parts = [train(*arm, steps=lengths[0], seeds=seeds, **arguments)]
    for steps in lengths[1:]:
        parts.append(train(*arm, steps=steps, after=parts[-1], **arguments))
    return parts


def assert_same(whole, parts):
    """The parts, one after another, are the whole."""
    for name in ("loss", "lr", "clipped", "grad_norm", "effective_lr"):
        if getattr(whole, name) is not None:
            joined = np.concatenate([getattr(part, name) for part in parts], axis=-1)
            assert np.array_equal(joined, getattr(whole, name)), name
    if whole.path is not None:
        path = [part.path[:, bool(i) :] for i, part in enumerate(parts)]
        assert np.array_equal(np.concatenate(path, axis=1), whole.path)
    for name in ("params", "average"):
        if getattr(whole, name) is not None:
            assert np.array_equal(getattr(parts[-1], name), getattr(whole, name)), name
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == whole.stop


class TestAfter:
    @pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
    @pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
    def test_two_parts_of_any_problem_are_the_whole(self, problem, schedule):
        arm = (problem, Adam(), schedule)
        whole = train(*arm, steps=N, seeds=3, record=RECORD)
        for first in (1, 66):
            assert_same(whole, in_parts([first, N - first], *arm, record=RECORD))

    @pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
    def test_the_state_of_every_optimiser_goes_on(self, optimizer):
        for schedule in SCHEDULES.values():
            arm = (DIGITS, optimizer, schedule)
            whole = train(*arm, steps=N, seeds=3, record=RECORD)
            assert_same(whole, in_parts([25, 1, 40, 24], *arm, record=RECORD))

    def test_whatever_the_chunks_and_on_an_executor(self):
        arms = {
            "constant": (Clipped(Adam(), max_norm=0.5), Constant(0.01)),
            "plateau": (Clipped(Adam(), max_norm=0.5), ReduceOnPlateau(0.1, every=7, patience=0)),
        }
        whole = compare(DIGITS, arms, steps=30, seeds=70)
        with ProcessPoolExecutor(2, get_context("spawn")) as executor:
            first = compare(DIGITS, arms, steps=17, seeds=70, executor=executor)
            for name in arms:
                last = compare(DIGITS, {name: arms[name]}, steps=13, after=first[name], executor=executor)
                assert_same(whole[name], [first[name], last[name]])
                assert_same(whole[name], [first[name], train(DIGITS, *arms[name], steps=13, after=first[name])])

    def test_several_runs_branch_off_and_leave_the_history_as_it_is(self):
        history = train(DIGITS, Adam(), Constant(0.01), steps=20, seeds=3)
        params, state = history.params.copy(), pickle.dumps(history.state)
        arms = {"drop": (Adam(), Constant(0.001)), "same": (Adam(), Constant(0.01))}
        branches = compare(DIGITS, arms, steps=20, after=history)
        assert np.array_equal(history.params, params) and pickle.dumps(history.state) == state
        assert_same(train(DIGITS, Adam(), Constant(0.01), steps=40, seeds=3), [history, branches["same"]])

    def test_a_history_that_was_saved_goes_on(self):
        history = pickle.loads(pickle.dumps(train(DIGITS, Adam(), Constant(0.01), steps=20, seeds=3)))
        last = train(DIGITS, Adam(), Constant(0.01), steps=20, after=history)
        assert_same(train(DIGITS, Adam(), Constant(0.01), steps=40, seeds=3), [history, last])

    def test_a_schedule_is_asked_for_the_updates_that_follow(self):
        asked = []
        first = train(Quadratic(1.0), SGD(), Constant(0.1), steps=5, seeds=1)
        train(Quadratic(1.0), SGD(), lambda t: asked.append(t) or 0.1, steps=3, after=first)
        assert asked == [5, 6, 7]

    def test_without_steps_it_goes_on_to_the_end_of_the_schedule(self):
        schedule = CosineDecay(0.1, decay_steps=9)
        first = train(Quadratic(1.0), SGD(), schedule, steps=4, seeds=1)
        assert train(Quadratic(1.0), SGD(), schedule, after=first).stop == 9
        with pytest.raises(ValueError, match=r"steps must be given, because CosineDecay.* ends before update 10"):
            train(Quadratic(1.0), SGD(), schedule, after=train(Quadratic(1.0), SGD(), schedule, seeds=1))

    def test_an_average_begins_where_it_is_first_asked_for(self):
        first = train(DIGITS, SGD(), Constant(0.1), steps=10, seeds=2)
        tail = train(DIGITS, SGD(), Constant(0.1), steps=10, after=first, record=["average", "path"])
        np.testing.assert_allclose(tail.average, tail.path[:, 1:].mean(axis=1), rtol=1e-12)

    def test_a_lost_run_stays_lost(self):
        problem, blow_up = Quadratic(4.0), lambda t: 1e200 if t == 1 else 0.1
        assert_same(train(problem, SGD(), blow_up, steps=30), in_parts([5, 25], problem, SGD(), blow_up, seeds=10))

    def test_a_problem_that_can_only_begin_at_0_goes_on_too(self):
        class Parabola(Quadratic):
            def batches(self, seeds, steps):
                return super().batches(seeds, steps)

        arm = (Parabola([1.0, 2.0], noise=0.5), SGD(), Constant(0.1))
        assert_same(train(*arm, steps=N, seeds=3), in_parts([30, 60], *arm))

    def test_figures_place_it_where_it_is(self):
        first = train(Quadratic(1.0, noise=0.1), SGD(), Constant(0.1), steps=5, seeds=2)
        after = train(Quadratic(1.0, noise=0.1), SGD(), Constant(0.1), steps=5, after=first)
        _, (top, bottom) = plotting.figure(panels=2)
        assert plotting.plot_lr(top, after).lines[0].get_xdata().tolist() == [5, 6, 7, 8, 9]
        assert plotting.plot_loss(bottom, after).lines[0].get_xdata().tolist() == [5, 6, 7, 8, 9]


class TestKeep:
    @pytest.mark.parametrize("start", [0, 30])
    def test_what_is_kept_is_the_path(self, start):
        arm = (DIGITS, Adam(), Constant(0.01))
        first = train(*arm, steps=start, seeds=3) if start else None
        seeds = None if start else 3
        history = train(*arm, steps=40, after=first, seeds=seeds, keep=[start + 40, start, start + 7, start])
        path = train(*arm, steps=40, after=first, seeds=seeds, record=["path"])
        assert history.kept.shape[1] == len(history.keep) == 3
        for t in history.keep:
            assert np.array_equal(history.at(t), path.path[:, t - start])
            assert np.array_equal(history.at(t), path.at(t))
        assert np.array_equal(history.at(start + 40), history.params)

    def test_after_t_updates_the_parameters_are_those_of_a_run_of_t(self):
        history = train(DIGITS, SGD(), Constant(0.1), steps=20, seeds=3, keep=[12])
        assert np.array_equal(history.at(12), train(DIGITS, SGD(), Constant(0.1), steps=12, seeds=3).params)

    def test_a_run_is_scored_as_it_was_before_it_was_lost(self):
        history = train(Quadratic(4.0), SGD(), lambda t: 0.1 if t < 10 else 1e200, steps=30, seeds=2, keep=[10])
        assert np.all(history.evaluate()["loss"] == np.inf)
        assert np.all(history.evaluate(params=history.at(10))["loss"] < 1)

    def test_what_was_not_kept_is_refused(self):
        history = train(DIGITS, SGD(), Constant(0.1), steps=20, seeds=3, keep=[12])
        with pytest.raises(ValueError, match=r"t must be one of \[12, 20\], which were kept, got 13"):
            history.at(13)

    @pytest.mark.parametrize(
        ("keep", "sentence"), [([5, 31], r"keep\[1\] must be from 0 to 30, .*, got 31"), ([-1], "keep")]
    )
    def test_places_outside_the_run_are_refused(self, keep, sentence):
        with pytest.raises(ValueError, match=sentence):
            train(DIGITS, SGD(), Constant(0.1), steps=30, seeds=2, keep=keep)
        history = train(DIGITS, SGD(), Constant(0.1), steps=10, seeds=2)
        with pytest.raises(ValueError, match=r"keep\[0\] must be from 10 to 15, .*, got 9"):
            train(DIGITS, SGD(), Constant(0.1), steps=5, after=history, keep=[9])


class TestWrongArguments:
    HISTORY = train(DIGITS, SGD(), Constant(0.1), steps=5, seeds=[3, 4])

    def go_on(self, **changes):
        right = {"problem": DIGITS, "optimizer": SGD(), "schedule": Constant(0.1), "steps": 5, "after": self.HISTORY}
        return train(**right | changes)

    def test_another_problem_or_optimiser(self):
        with pytest.raises(
            ValueError, match=r"problem must be that of the history to go on after, Digits.*got Quadratic"
        ):
            self.go_on(problem=Quadratic(1.0))
        with pytest.raises(ValueError, match=r"optimizer must be that of the history to go on after, SGD.*, got Adam"):
            self.go_on(optimizer=Adam())

    def test_other_seeds(self):
        assert self.go_on().seeds == self.go_on(seeds=[3, 4]).seeds == (3, 4)
        for seeds in (2, [4, 3]):
            with pytest.raises(ValueError, match=r"seeds must be those of the history to go on after, \(3, 4\), got"):
                self.go_on(seeds=seeds)

    def test_what_is_no_history(self):
        for wrong in (self.HISTORY.params, "text", 3):
            with pytest.raises(TypeError, match="after must be a History, as `train` returns it, or None"):
                self.go_on(after=wrong)

    @pytest.mark.parametrize("state", [None, {"of all runs": np.zeros(5)}, {"of some kind": object()}])
    def test_an_optimiser_that_keeps_no_state_to_go_on_with(self, state):
        class Own(SGD):
            def init(self, params):
                return state

        history = train(DIGITS, Own(), Constant(0.1), steps=5, seeds=2)
        with pytest.raises(
            TypeError, match="after must come from an optimiser whose state is a dict of arrays with one row"
        ):
            train(DIGITS, Own(), Constant(0.1), steps=5, after=history)
