import pickle

import numpy as np
import pytest

from lrsched.averaging import ScheduleFreeSGD
from lrsched.optimizers import SGD, AdaGrad, Adam, AdamW
from lrsched.problems import Digits, Quadratic
from lrsched.schedules import Constant
from lrsched.training import train
from lrsched.wrappers import Clipped, Grouped

DIGITS = Digits(hidden=(8,), batch_size=8)


class Plain:
    """An optimiser with no more than the protocol asks for."""

    def init(self, params):
        return {}

    def update(self, params, grads, state, lr):
        params -= lr * grads


class TestClipped:
    def step(self, grads, optimizer=None):
        params = np.zeros_like(grads)
        clipped = Clipped(optimizer or SGD(), max_norm=2)
        state = clipped.init(params)
        clipped.update(params, grads, state, 1.0)
        return -params, clipped.clipped(state)

    def test_a_longer_gradient_is_shortened_and_keeps_its_direction(self):
        grads = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
        copy = grads.copy()
        steps, clipped = self.step(grads)
        np.testing.assert_allclose(steps, [[1.2, 1.6], [0.3, 0.4], [0, 0]], rtol=1e-6)
        assert clipped.tolist() == [True, False, False]
        assert np.array_equal(grads, copy), "the gradients are not changed"
        assert np.array_equal(steps[1:], grads[1:])

    def test_one_norm_for_all_parameters_of_a_run_and_none_across_runs(self):
        steps, _ = self.step(np.ones((5, 100)))
        np.testing.assert_allclose(np.linalg.norm(steps, axis=1), 2, rtol=1e-6)

    def test_a_gradient_that_is_not_finite_gives_nan_as_in_torch(self):
        with np.errstate(invalid="ignore"):
            steps, clipped = self.step(np.array([[np.inf, 1.0], [np.nan, 1.0], [3.0, 4.0]]))
        assert np.isnan(steps[:2, 0]).all()
        assert np.isfinite(steps[2]).all() and clipped[2]

    def test_the_history_says_which_updates_were_clipped(self):
        history = train(DIGITS, Clipped(SGD(), max_norm=0.8), Constant(0.1), steps=40, seeds=5, record=["grad_norm"])
        assert np.array_equal(history.clipped, history.grad_norm > 0.8 - 1e-6)
        assert 0 < history.clipped.mean() < 1
        plain = train(DIGITS, SGD(), Constant(0.1), steps=40, seeds=5, record=["grad_norm"])
        assert plain.clipped is None
        assert np.array_equal(plain.grad_norm[:, 0], history.grad_norm[:, 0])

    def test_a_norm_that_nothing_reaches_changes_nothing(self):
        for optimizer in (SGD(momentum=0.9), Adam()):
            plain, clipped = (
                train(DIGITS, arm, Constant(0.01), steps=20, seeds=3)
                for arm in (optimizer, Clipped(optimizer, max_norm=1e6))
            )
            assert np.array_equal(plain.params, clipped.params)
            assert not clipped.clipped.any()

    def test_it_keeps_a_run_that_would_be_lost(self):
        steep = Quadratic([1.0, 3.0], start=[1.0, 1.0])
        assert train(steep, SGD(), Constant(1.0), steps=600, seeds=1).diverged.all()
        assert not train(steep, Clipped(SGD(), max_norm=0.1), Constant(1.0), steps=600, seeds=1).diverged.any()


class TestGrouped:
    def test_each_group_is_a_run_at_its_own_rate(self):
        optimizer = Grouped(Adam(), factors=[1, 0.1, 3], sizes=[2, 1, 4])
        random = np.random.default_rng(0)
        params, grads = random.normal(size=(3, 7)), random.normal(size=(20, 3, 7))
        expected = params.copy()
        for group, factor in [(slice(2), 1), (slice(2, 3), 0.1), (slice(3, 7), 3)]:
            part = params[:, group].copy()
            state = Adam().init(part)
            for grad in grads:
                Adam().update(part, grad[:, group], state, np.array([[0.1], [0.2], [0.3]]) * factor)
            expected[:, group] = part
        state = optimizer.init(params)
        for grad in grads:
            optimizer.update(params, grad, state, np.array([[0.1], [0.2], [0.3]]))
        np.testing.assert_allclose(params, expected, rtol=1e-13)

    def test_a_factor_of_0_freezes_and_all_1_change_nothing(self):
        same, frozen, plain = (
            train(DIGITS, optimizer, Constant(0.01), steps=20, seeds=2)
            for optimizer in (
                Grouped(AdamW(), factors=[1] * 4, sizes=DIGITS.stretches),
                Grouped(AdamW(), factors=[0, 0, 1, 1], sizes=DIGITS.stretches),
                AdamW(),
            )
        )
        assert np.array_equal(same.params, plain.params)
        first = sum(DIGITS.stretches[:2])
        assert np.array_equal(frozen.params[:, :first], DIGITS.init([0, 1])[:, :first])
        assert not np.any(frozen.params[:, first:] == plain.params[:, first:])

    def test_effective_lr_has_the_factors(self):
        optimizer = Grouped(SGD(), factors=[1, 0.5], sizes=[1, 2])
        assert optimizer.effective_lr(optimizer.init(np.zeros((2, 3))), 0.2).tolist() == [[0.2, 0.1, 0.1]]

    def test_its_arguments_are_plain_data(self):
        assert Grouped(SGD(), factors=np.ones(2), sizes=np.array([2, 1])) == Grouped(
            SGD(), factors=[1, 1], sizes=(2, 1)
        )

    @pytest.mark.parametrize(
        ("factors", "sizes", "sentence"),
        [
            ([1, -1], [1, 1], r"factors\[1\] must be a number of 0 or more, got -1"),
            ([1, float("nan")], [1, 1], r"factors\[1\] must be a number of 0 or more, got nan"),
            ([1, 1], [1, 0], r"sizes\[1\] must be a whole number of 1 or more, got 0"),
            ([1], [1, 1], "factors must be as many as sizes, 2, got 1"),
            ([1, 1], [1, 1], r"sizes must sum to the 610 parameters, got \[1, 1\]"),
        ],
    )
    def test_wrong_groups_are_refused(self, factors, sizes, sentence):
        with pytest.raises(ValueError, match=sentence):
            train(DIGITS, Grouped(SGD(), factors=factors, sizes=sizes), Constant(0.1), steps=2, seeds=1)


WRAPS = [
    lambda o: Clipped(o, max_norm=2),
    lambda o: Grouped(o, factors=[1, 0.5], sizes=[1, 1]),
    lambda o: Clipped(Grouped(o, factors=[1, 0.5], sizes=[1, 1]), max_norm=2),
]


@pytest.mark.parametrize("wrap", WRAPS)
class TestEvery:
    def test_it_has_what_the_optimiser_inside_has(self, wrap):
        inside = AdaGrad()
        history, plain = (
            train(Quadratic([1.0, 2.0]), arm, Constant(0.1), steps=5, seeds=2, record=["effective_lr"])
            for arm in (wrap(inside), inside)
        )
        assert history.effective_lr.shape == plain.effective_lr.shape
        assert not hasattr(wrap(Plain()), "effective_lr")
        assert not hasattr(wrap(inside), "solution")
        assert hasattr(wrap(ScheduleFreeSGD()), "solution")
        with pytest.raises(TypeError, match="optimizer must have a method effective_lr to record it"):
            train(Quadratic([1.0, 2.0]), wrap(Plain()), Constant(0.1), steps=3, record=["effective_lr"])

    def test_it_is_a_description_that_compares_prints_and_pickles(self, wrap):
        optimizer = wrap(Adam())
        assert optimizer == pickle.loads(pickle.dumps(optimizer)) == eval(repr(optimizer))
        assert hash(optimizer) == hash(wrap(Adam()))
        assert optimizer != wrap(SGD())


@pytest.mark.parametrize("wrong", ["sgd", None, SGD, 0.1])
def test_what_is_no_optimiser_is_refused(wrong):
    with pytest.raises(TypeError, match="optimizer must be an optimiser such as SGD"):
        Clipped(wrong, max_norm=1)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf")])
def test_a_norm_is_above_0_and_finite(wrong):
    with pytest.raises(ValueError, match=f"max_norm must be a number above 0, got {wrong}"):
        Clipped(SGD(), max_norm=wrong)
