import pickle

import numpy as np
import pytest

from lrsched.problems import Quadratic, Ravine, rates
from lrsched.schedules import CosineDecay


def simulate(problem, schedule, seeds, steps):
    """Plain SGD: the losses before each update and after the last, (steps + 1, runs)."""
    params = problem.init(seeds)
    losses = [problem.loss(params)]
    for lr, batch in zip(rates(schedule, steps), problem.batches(seeds, steps), strict=True):
        params -= lr * problem.loss_and_grads(params, batch)[1]
        losses.append(problem.loss(params))
    return np.array(losses)


def numerical_grads(loss, params, step=1e-6):
    grads = np.empty_like(params)
    for i in range(params.shape[1]):
        shift = np.zeros(params.shape[1])
        shift[i] = step
        grads[:, i] = (loss(params + shift) - loss(params - shift)) / (2 * step)
    return grads


class TestRates:
    def test_a_schedule_is_evaluated_as_its_own_array(self):
        schedule = CosineDecay(0.3, decay_steps=20)
        assert np.array_equal(rates(schedule, 25), schedule(np.arange(25)))

    def test_any_callable_is_asked_once_for_each_update_in_order(self):
        asked = []

        def schedule(t):
            asked.append(t)
            return 1 / len(asked)

        assert rates(schedule, 4).tolist() == [1, 1 / 2, 1 / 3, 1 / 4]
        assert asked == [0, 1, 2, 3]


class TestQuadratic:
    def test_without_noise_the_expected_loss_is_the_simulated_one(self):
        problem = Quadratic([0.1, 1.0, 3.0], start=[1.0, -2.0, 0.5])
        schedule = CosineDecay(0.4, decay_steps=50)
        simulated = simulate(problem, schedule, [0], 50)[:, 0]
        np.testing.assert_allclose(problem.expected_loss(schedule, 50), simulated, rtol=1e-12)

    def test_the_simulation_agrees_with_the_expected_loss(self):
        problem = Quadratic(np.geomspace(0.01, 1, 20), noise=0.1)
        schedule = CosineDecay(0.5, decay_steps=300)
        losses = simulate(problem, schedule, range(400), 300)
        error = losses.mean(axis=1) - problem.expected_loss(schedule, 300)
        standard_error = losses.std(axis=1, ddof=1) / 20
        assert np.all(np.abs(error) <= 4 * standard_error + 1e-12)
        assert standard_error[-1] < 0.05 * losses[-1].mean()

    @pytest.mark.parametrize(("lr", "variance"), [(0.5, 1 / 3), (1.0, 1.0), (1.5, 3.0)])
    def test_noise_floor_of_a_constant_rate(self, lr, variance):
        """Var(w) tends to lr * noise**2 / (c * (2 - lr * c))."""
        loss = Quadratic(1.0, noise=1.0).expected_loss(lambda t: lr, 200)
        assert loss[-1] == pytest.approx(variance / 2, rel=1e-12)

    def test_gradient_descent_diverges_above_2_over_the_curvature(self):
        problem = Quadratic([1.0, 4.0])
        assert problem.expected_loss(lambda t: 0.499, 2000)[-1] < 1e-3
        assert problem.expected_loss(lambda t: 0.501, 2000)[-1] > 10
        assert problem.expected_loss(lambda t: 1e9, 2000)[-1] == np.inf

    def test_arguments_become_plain_tuples(self):
        problem = Quadratic(np.array([1, 2]), start=3)
        assert problem == Quadratic([1.0, 2.0], start=(3.0, 3.0))
        assert hash(problem) == hash(pickle.loads(pickle.dumps(problem)))
        assert repr(problem) == "Quadratic(curvatures=(1.0, 2.0), noise=0.0, start=(3.0, 3.0))"

    def test_wrong_arguments_are_refused(self):
        with pytest.raises(ValueError, match="curvatures must be a number above 0, got -1"):
            Quadratic([1.0, -1.0])
        with pytest.raises(ValueError, match="start must be 1 or 3 numbers"):
            Quadratic([1, 2, 3], start=[1, 2])
        with pytest.raises(ValueError, match="noise must be a number of 0 or more"):
            Quadratic(1, noise=-1)
        with pytest.raises(ValueError, match="steps must be a whole number"):
            Quadratic(1).expected_loss(lambda t: 1, 1.5)


class TestRavine:
    def test_gradients_are_those_of_the_loss(self):
        problem = Ravine(steepness=30)
        params = np.random.default_rng(0).normal(size=(5, 2))
        _, grads = problem.loss_and_grads(params, 0.0)
        np.testing.assert_allclose(grads, numerical_grads(problem.loss, params), rtol=1e-7, atol=1e-7)

    def test_curvatures_at_the_minimum_are_1_and_steepness(self):
        problem = Ravine(steepness=30)
        losses = problem.loss(np.array([[1e-4, 0], [0, 1e-4], [0, 0]]))
        np.testing.assert_allclose(losses * 2e8, [1, 30, 0], rtol=1e-6)

    def test_wrong_arguments_are_refused(self):
        with pytest.raises(ValueError, match="start must be two numbers"):
            Ravine(start=(1, 2, 3))
        with pytest.raises(ValueError, match="steepness must be a number above 0, got 0"):
            Ravine(steepness=0)


@pytest.mark.parametrize("problem", [Quadratic([1, 2], noise=0.5), Ravine(noise=0.5)])
class TestNoise:
    def test_a_seed_fixes_the_noise_whoever_is_beside_it(self, problem):
        together = np.array(list(problem.batches([3, 5, 8], 70)))
        alone = np.array(list(problem.batches([5], 70)))
        assert np.array_equal(together[:, 1:2], alone)

    def test_a_longer_run_begins_like_a_shorter_one(self, problem):
        shorter, longer = (np.array(list(problem.batches([5], steps))) for steps in (100, 200))
        assert np.array_equal(longer[:100], shorter)
