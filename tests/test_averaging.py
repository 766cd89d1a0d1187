import numpy as np
import pytest

from lrsched.averaging import Averaged, ScheduleFreeAdamW, ScheduleFreeSGD
from lrsched.optimizers import SGD, Adam
from lrsched.problems import Digits, Quadratic
from lrsched.schedules import Constant, Warmup
from lrsched.training import train
from lrsched.wrappers import Clipped, Grouped

DIGITS = Digits(hidden=(8,), batch_size=8, label_noise=0.3)


class TestAveraged:
    @pytest.mark.parametrize("half_life", [None, 3, 12.5])
    def test_the_answer_is_the_weighted_mean_of_the_path(self, half_life):
        arms = (
            train(DIGITS, arm, Constant(0.1), steps=30, seeds=3, record=["path"], keep=[11])
            for arm in (SGD(), Averaged(SGD(), half_life=half_life))
        )
        plain, averaged = arms
        for t in (11, 30):
            shares = np.ones(t)
            if half_life is not None:
                shares = 0.5 ** (np.arange(t)[::-1] / half_life)
                shares[1:] *= 1 - 0.5 ** (1 / half_life)
            expected = np.average(plain.path[:, 1 : t + 1], axis=1, weights=shares)
            np.testing.assert_allclose(averaged.at(t), expected, rtol=1e-10, atol=1e-12)
        assert np.array_equal(averaged.params, averaged.path[:, -1])
        assert np.array_equal(averaged.loss, plain.loss), "the updates do not feel it"

    def test_without_a_half_life_it_is_the_average_that_train_records(self):
        plain = train(DIGITS, Adam(), Constant(0.01), steps=30, seeds=3, record=["average"])
        np.testing.assert_allclose(
            train(DIGITS, Averaged(Adam()), Constant(0.01), steps=30, seeds=3).params, plain.average
        )

    def test_it_averages_the_answer_of_what_is_inside(self):
        inside = train(DIGITS, ScheduleFreeSGD(), Constant(0.1), steps=30, seeds=3, record=["path"])
        outside = train(DIGITS, Averaged(ScheduleFreeSGD()), Constant(0.1), steps=30, seeds=3)
        np.testing.assert_allclose(outside.params, inside.path[:, 1:].mean(axis=1), rtol=1e-10, atol=1e-12)

    @pytest.mark.parametrize("wrap", [lambda o: o, lambda o: Clipped(o, max_norm=1)])
    def test_a_half_life_beyond_the_run_is_refused(self, wrap):
        optimizer = wrap(Averaged(SGD(), half_life=21))
        with pytest.raises(ValueError, match="half_life must be at most 20, the updates of the run, got 21"):
            train(DIGITS, optimizer, Constant(0.1), steps=20, seeds=1)

    @pytest.mark.parametrize("half_life", [0, -1, float("nan"), float("inf")])
    def test_a_wrong_half_life_is_refused(self, half_life):
        with pytest.raises(ValueError, match=f"half_life must be a number above 0, got {half_life}"):
            Averaged(SGD(), half_life=half_life)


class TestScheduleFree:
    """That each update is the authors' own is compared with their package, and here with their formulas by hand."""

    def by_hand(self, grads, lrs, beta, decay):
        x = y = z = np.ones(3)
        weights = 0.0
        for t, (grad, lr) in enumerate(zip(grads, lrs, strict=True)):
            weight = max(lrs[: t + 1]) ** 2
            weights += weight
            z = z - lr * (grad + decay * y)
            share = weight / weights if weights else 0
            x = (1 - share) * x + share * z
            y = beta * x + (1 - beta) * z
        return x, y

    @pytest.mark.parametrize("lrs", [np.full(20, 0.3), Warmup(Constant(0.3), warmup_steps=5)(np.arange(20))])
    def test_sgd(self, lrs):
        grads, optimizer = np.random.default_rng(0).normal(size=(20, 3)), ScheduleFreeSGD(beta=0.7, weight_decay=0.1)
        params = np.ones((2, 3))
        state = optimizer.init(params)
        for grad, lr in zip(grads, lrs, strict=True):
            optimizer.update(params, np.tile(grad, (2, 1)), state, lr)
        x, y = self.by_hand(grads, lrs, 0.7, 0.1)
        np.testing.assert_allclose(optimizer.solution(params, state), [x, x], rtol=1e-12)
        np.testing.assert_allclose(params, [y, y], rtol=1e-12)

    def test_with_beta_0_it_is_sgd_and_its_mean(self):
        history = train(DIGITS, ScheduleFreeSGD(beta=0), Constant(0.1), steps=30, seeds=3)
        plain = train(DIGITS, SGD(), Constant(0.1), steps=30, seeds=3, record=["average"])
        np.testing.assert_allclose(history.loss, plain.loss, rtol=1e-10)
        np.testing.assert_allclose(history.params, plain.average, rtol=1e-10, atol=1e-12)

    @pytest.mark.parametrize("optimizer", [ScheduleFreeSGD(), ScheduleFreeAdamW()], ids=repr)
    def test_what_is_evaluated_is_the_average(self, optimizer):
        history = train(Quadratic([1.0, 2.0], noise=0.5), optimizer, Constant(0.1), steps=40, seeds=3, keep=[20])
        assert np.array_equal(history.params, history.state["average"])
        assert np.array_equal(
            history.at(20), train(history.problem, optimizer, Constant(0.1), steps=20, seeds=3).params
        )
        assert not np.array_equal(history.params, history.resume[0]["params"])

    @pytest.mark.parametrize("optimizer", [ScheduleFreeSGD(), ScheduleFreeAdamW()], ids=repr)
    def test_a_rate_for_each_group(self, optimizer):
        grouped = Grouped(optimizer, factors=[1, 0], sizes=[1, 1])
        history = train(Quadratic([1.0, 2.0], noise=0.5), grouped, Constant(0.1), steps=40, seeds=3)
        assert np.all(history.params[:, 1] == 1) and not np.any(history.params[:, 0] == 1)

    def test_a_rate_of_0_changes_nothing(self):
        for optimizer in (ScheduleFreeSGD(), ScheduleFreeAdamW()):
            assert train(Quadratic(1.0), optimizer, lambda t: 0.0, steps=5, seeds=1).params.tolist() == [[1.0]]
