import pickle
from dataclasses import replace

import numpy as np
import pytest

from lrsched.digits import images_and_labels
from lrsched.problems import Digits, Quadratic, Ravine
from lrsched.schedules import CosineDecay, rates


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
        steps = []

        def schedule(t):
            steps.append(t)
            return 1 / len(steps)

        assert rates(schedule, 4).tolist() == [1, 1 / 2, 1 / 3, 1 / 4]
        assert steps == [0, 1, 2, 3]


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
        with pytest.raises(ValueError, match=r"curvatures\[1\] must be a number above 0, got -1"):
            Quadratic([1.0, -1.0])
        for empty in ([], np.array([])):
            with pytest.raises(ValueError, match="curvatures must hold at least one number"):
                Quadratic(empty)
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
    def test_an_unknown_split_is_refused(self, problem):
        with pytest.raises(ValueError, match="split must be 'train' or 'test', got 'tset'"):
            problem.evaluate(problem.init([0]), [0], split="tset")

    def test_parameters_of_another_problem_are_refused(self, problem):
        with pytest.raises(ValueError, match=r"params must have the shape \(seeds, parameters\) = \(2, 2\), got"):
            problem.evaluate(np.ones((2, 3)), [0, 1])
        with pytest.raises(ValueError, match=r"params must have the shape \(\.\.\., 2\), got \(3,\)"):
            problem.loss(np.ones(3))

    def test_a_seed_fixes_the_noise_whoever_is_beside_it(self, problem):
        together = np.array(list(problem.batches([3, 5, 8], 70)))
        single = np.array(list(problem.batches([5], 70)))
        assert np.array_equal(together[:, 1:2], single)

    def test_a_longer_run_begins_like_a_shorter_one(self, problem):
        shorter, longer = (np.array(list(problem.batches([5], steps))) for steps in (100, 200))
        assert np.array_equal(longer[:100], shorter)


DIGITS = [
    Digits(),
    Digits(hidden=(7,)),
    Digits(hidden=(6, 5), activation="tanh", loss="squared"),
    Digits(hidden=(7,), label_noise=0.3, feature_decades=2),
    Digits(hidden=(7,), label_noise=0.3, fresh_noise=False),
    Digits(loss="squared", label_noise=0.3, batch_size=None, pool_size=50),
    Digits(hidden=(7, 6), label_noise=0.3, batch_size=((1, 9), (2, 5)), width_rule="mup", base_width=4),
]


class TestDigits:
    @pytest.mark.parametrize("problem", DIGITS, ids=repr)
    def test_gradients_are_those_of_the_loss(self, problem):
        params = problem.init([0, 1])
        params += 0.1 * np.random.default_rng(2).normal(size=params.shape)
        batch = next(problem.batches([0, 1], 1))
        _, grads = problem.loss_and_grads(params, batch)
        numerical = numerical_grads(lambda at: problem.loss_and_grads(at, batch)[0], params, step=1e-5)
        np.testing.assert_allclose(grads, numerical, atol=2e-8 * np.abs(grads).max(), rtol=1e-5)

    def test_the_data_are_the_1797_digits_credited_in_the_module(self):
        images, labels = images_and_labels()
        assert images.shape == (1797, 65)
        assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
        np.testing.assert_allclose(images[:1397, :64].mean(axis=0), 0, atol=1e-14)
        assert np.all(images[:, 64] == 1)

    def test_a_longer_run_begins_like_a_shorter_one(self):
        problem = Digits(batch_size=5, label_noise=0.5)
        shorter, longer = (list(problem.batches([3, 4], steps)) for steps in (70, 140))
        for (inputs, targets), (same_inputs, same_targets) in zip(shorter, longer[:70], strict=True):
            assert np.array_equal(inputs, same_inputs)
            assert np.array_equal(targets, same_targets)

    @pytest.mark.parametrize("problem", DIGITS, ids=repr)
    def test_batches_can_begin_at_any_update(self, problem):
        whole = list(problem.batches([3, 4], 140))
        for start, steps in ((1, 139), (64, 3), (100, 40)):
            part = list(problem.batches([3, 4], steps, start))
            assert len(part) == steps
            for (inputs, targets), (same_inputs, same_targets) in zip(part, whole[start:], strict=False):
                assert np.array_equal(inputs, same_inputs) and np.array_equal(targets, same_targets)

    def test_batch_sizes_change_at_the_updates_asked_for_and_the_last_one_stays(self):
        problem = Digits(batch_size=((3, 4), (100, 16), (2, 8)), label_noise=0.3)
        sizes = [inputs.shape[2] for inputs, _ in problem.batches([0], 110)]
        assert sizes == [4] * 3 + [16] * 100 + [8] * 7
        first = next(Digits(batch_size=4, label_noise=0.3).batches([0], 1))
        assert np.array_equal(first[0], next(problem.batches([0], 1))[0])
        assert Digits(batch_size=[[3, 4.0]]) == Digits(batch_size=np.array([[3, 4]])) == Digits(batch_size=((3, 4),))

    def test_the_width_rule_changes_nothing_at_its_base_and_the_output_weights_elsewhere(self):
        for width, factor in [(32, 1), (128, 0.5), (8, 2)]:
            standard, mup = (Digits(hidden=(width, width), width_rule=rule) for rule in ("standard", "mup"))
            first, second, last = zip(*(problem._layers(problem.init([0])) for problem in (standard, mup)), strict=True)
            assert np.array_equal(*first) and np.array_equal(*second)
            np.testing.assert_allclose(last[1], factor * last[0], rtol=1e-12)
            assert standard.lr_factors == (1,) * 6
            assert mup.lr_factors == (1, 1, 32 / width, 1, 32 / width, 1)
        assert Digits(width_rule="mup").lr_factors == (1, 1)
        assert Digits(width_rule="mup").init([0]).tolist() == Digits().init([0]).tolist()

    def test_stretches_are_the_weights_and_biases_of_each_layer(self):
        problem = Digits(hidden=(7, 5))
        assert problem.stretches == (64 * 7, 7, 7 * 5, 5, 5 * 10, 10)
        [row] = problem.init([0])
        biases = np.split(row, np.cumsum(problem.stretches)[:-1])[1::2]
        assert not np.concatenate(biases).any() and len(np.concatenate(biases)) == 22

    def test_it_starts_from_the_parameters_given(self):
        trained = Digits(hidden=(8,)).init([5])[0]
        problem = Digits(hidden=(8,), start=trained)
        assert np.array_equal(problem.init([0, 1]), [trained, trained])
        assert problem == pickle.loads(pickle.dumps(problem)) and hash(problem) != hash(Digits(hidden=(8,)))
        assert "start" not in repr(problem)
        problem.init([0])[:] = 7
        assert np.array_equal(problem.init([0])[0], trained)

    def test_a_label_seed_gives_all_runs_the_same_wrong_labels(self):
        noisy = {"label_noise": 0.4, "fresh_noise": False, "batch_size": None}
        own, shared = (next(Digits(**noisy, label_seed=seed).batches([2, 7], 1))[1] for seed in (None, 7))
        assert np.array_equal(shared[0], shared[1]) and np.array_equal(shared[1], own[1])
        assert not np.array_equal(own[0], own[1])

    def test_predictions_are_chances_whose_score_is_that_of_evaluate(self):
        problem = Digits(hidden=(8,), pool_size=50)
        params = problem.init([0, 1])
        for split in ("train", "test"):
            chances, labels = problem.predict(params, split), problem.labels(split)
            assert np.array_equal(labels, images_and_labels()[1][: 50 if split == "train" else None][-len(labels) :])
            np.testing.assert_allclose(chances.sum(axis=-1), 1)
            losses = -np.log(chances[:, np.arange(len(labels)), labels]).mean(axis=1)
            scores = problem.evaluate(params, [0, 1], split)
            np.testing.assert_allclose(losses, scores["loss"], rtol=1e-12)
            assert np.array_equal((chances.argmax(axis=-1) == labels).mean(axis=1), scores["accuracy"])
        squared = Digits(loss="squared")
        images = images_and_labels()[0][1397:]
        params = squared.init([0])
        np.testing.assert_allclose(squared.predict(params, "test")[0], images @ params.reshape(65, 10), rtol=1e-12)

    @pytest.mark.parametrize("problem", [replace(problem, pool_size=40) for problem in DIGITS], ids=repr)
    def test_the_noise_scale_is_that_of_the_gradients_of_single_examples(self, problem):
        """Each example by itself, with each label that it may get."""
        params = problem.init([0, 1]) + 0.1 * np.random.default_rng(2).normal(size=(2, problem._size))
        images, labels = problem._labels_of("train", [0, 1])
        expected = []
        for row, own in zip(params[:, None], labels, strict=True):
            chances = problem._expected(own)
            grads = np.array(
                [
                    [
                        problem.loss_and_grads(row, (image[None, :, None], one[None, :, None]))[1][0]
                        for one in np.eye(10)
                    ]
                    for image in images
                ]
            )
            mean = np.einsum("ec,ecp->p", chances, grads) / len(images)
            square = np.sum(chances[:, :, None] * grads**2) / len(images)
            expected.append(square / np.sum(mean**2) - 1)
        np.testing.assert_allclose(problem.noise_scale(params, [0, 1]), expected, rtol=1e-9)

    def test_initial_weights_have_the_scale_asked_for_and_biases_are_0(self):
        problem = Digits(hidden=(32,), init_scale=2.0)
        first, second = problem._layers(problem.init(range(20)))
        assert first[:, :-1].std() == pytest.approx(2 * np.sqrt(2 / 64), rel=0.02)
        assert second[:, :-1].std() == pytest.approx(2 * np.sqrt(2 / 32), rel=0.02)
        assert not first[:, -1].any()

    def test_the_loss_of_equal_chances_is_log_10(self):
        problem = Digits(hidden=(8,), init_scale=0)
        scores = problem.evaluate(problem.init([0]), [0])
        assert scores["loss"][0] == pytest.approx(np.log(10))
        assert scores["excess"][0] == scores["loss"][0]

    @pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
    def test_with_fresh_noise_the_loss_is_the_mean_over_redrawn_labels(self, loss):
        problem = Digits(loss=loss, label_noise=0.4, pool_size=20, batch_size=4000, init_scale=0.3)
        params = problem.init([0])
        sampled = [problem.loss_and_grads(params, batch)[0][0] for batch in problem.batches([0], 50)]
        expected = problem.evaluate(params, [0])["loss"][0]
        assert abs(np.mean(sampled) - expected) < 4 * np.std(sampled) / np.sqrt(50)

    def test_the_floor_is_the_entropy_of_the_noisy_label(self):
        assert Digits(label_noise=0.3).floor == pytest.approx(-0.73 * np.log(0.73) - 9 * 0.03 * np.log(0.03))
        assert Digits(label_noise=0.3, loss="squared").floor == pytest.approx((0.73 * 0.27 + 9 * 0.03 * 0.97) / 2)
        assert Digits(label_noise=0.3, fresh_noise=False).floor == Digits().floor == 0

    def test_the_metric_is_the_excess_where_there_is_a_floor(self):
        assert Digits(label_noise=0.3).metric == "excess"
        assert Digits().metric == Digits(label_noise=0.3, fresh_noise=False).metric == "loss"

    def test_fixed_noise_is_in_the_pool_only_and_the_same_at_every_visit(self):
        problem = Digits(label_noise=0.4, fresh_noise=False, batch_size=None)
        truth = images_and_labels()[1][:1397]
        (_, targets), (_, again) = problem.batches([0, 1], 2)
        assert np.array_equal(targets, again)
        noisy = targets.argmax(axis=1)
        assert (noisy != truth).mean(axis=1) == pytest.approx([0.36, 0.36], abs=0.04)
        assert not np.array_equal(noisy[0], noisy[1])
        params = problem.init([0])
        assert problem.evaluate(params, [0], "test") == Digits().evaluate(params, [0], "test")
        assert problem.evaluate(params, [0])["loss"] != Digits().evaluate(params, [0])["loss"]

    def test_a_full_batch_sees_the_whole_pool_at_every_update(self):
        problem = Digits(batch_size=None, label_noise=0.3)
        params = problem.init([0, 1])
        for batch in problem.batches([0, 1], 2):
            losses, _ = problem.loss_and_grads(params, batch)
            np.testing.assert_allclose(losses, problem.evaluate(params, [0, 1])["loss"], rtol=1e-12)

    def test_feature_scales_span_the_decades_asked_for(self):
        plain, scaled = (Digits(batch_size=None, feature_decades=decades) for decades in (0, 3))
        (inputs, _), (other, _) = next(plain.batches([0], 1)), next(scaled.batches([0], 1))
        used = inputs[0, :64].any(axis=1)
        scales = other[0, :64][used].std(axis=1) / inputs[0, :64][used].std(axis=1)
        assert 1e-3 <= scales.min() < 2e-3
        assert 0.5 < scales.max() <= 1
        assert np.all(other[0, 64] == 1)

    def test_sharpness_of_least_squares_is_the_largest_eigenvalue(self):
        problem = Digits(loss="squared")
        inputs = images_and_labels()[0][:1397]
        largest = np.linalg.eigvalsh(inputs.T @ inputs / 1397)[-1]
        sharpness = problem.sharpness(problem.init([0, 1]), tolerance=1e-8)
        np.testing.assert_allclose(sharpness, largest, rtol=1e-5)

    def test_gradient_descent_diverges_just_above_2_over_the_sharpness(self):
        problem = Digits(loss="squared", batch_size=None, pool_size=200)
        [sharpness] = problem.sharpness(problem.init([0]))
        below, above = (simulate_last_loss(problem, lr=share * 2 / sharpness, steps=2000) for share in (0.99, 1.02))
        assert below < 0.5
        assert above > 1e3

    def test_sharpness_knows_the_fixed_label_noise_of_each_seed(self):
        problem = Digits(hidden=(4,), label_noise=0.9, fresh_noise=False, pool_size=100)
        params = np.repeat(problem.init([0]), 2, axis=0)
        first, second = problem.sharpness(params, seeds=[0, 1], tolerance=1e-5)
        single = problem.sharpness(params[:1], seeds=[0], tolerance=1e-5)[0]
        assert first == pytest.approx(single, rel=1e-3)
        assert first != pytest.approx(second, rel=5e-3)

    def test_it_pickles_compares_and_hashes(self):
        problem = Digits(hidden=[8])
        assert problem == pickle.loads(pickle.dumps(problem)) == Digits(hidden=(8,))
        assert hash(problem) == hash(Digits(hidden=(8,)))

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            ({"hidden": (0,)}, r"hidden\[0\] must be a whole number of 1 or more"),
            ({"activation": "gelu"}, "activation must be 'relu' or 'tanh', got 'gelu'"),
            ({"loss": "hinge"}, "loss must be 'cross_entropy' or 'squared'"),
            ({"batch_size": 0}, "batch_size must be a whole number of 1 or more"),
            ({"label_noise": 1.0}, "label_noise must be"),
            ({"init_scale": -1}, "init_scale must be"),
            ({"feature_decades": -1}, "feature_decades must be"),
            ({"pool_size": 1398}, "pool_size must be at most 1397"),
            ({"batch_size": []}, r"batch_size must be pairs \(updates, batch size\), one or more, got \[\]"),
            ({"batch_size": ((3, 4, 5),)}, r"batch_size must be pairs"),
            ({"batch_size": ((3, 0),)}, r"batch_size\[0\]\[1\] must be a whole number of 1 or more, got 0"),
            ({"width_rule": "wide"}, "width_rule must be 'standard' or 'mup', got 'wide'"),
            ({"base_width": 0}, "base_width must be"),
            ({"label_seed": 3}, "label_seed must be None with fresh_noise=True, got 3"),
            ({"start": [1.0]}, "start must be 650 numbers, one a parameter, got 1"),
            ({"start": np.full(650, np.nan)}, r"start\[0\] must be a finite number, got nan"),
        ],
    )
    def test_wrong_arguments_are_refused(self, arguments, sentence):
        with pytest.raises(ValueError, match=sentence):
            Digits(**arguments)

    def test_hidden_is_a_list(self):
        with pytest.raises(TypeError, match=r"hidden must be a list in which each is .*, got 32 \(int\)"):
            Digits(hidden=32)
        assert Digits(hidden=np.array([8])) == Digits(hidden=[8.0]) == Digits(hidden=(8,))

    def test_sharpness_takes_an_array_of_seeds_and_wants_one_a_run(self):
        problem = Digits(pool_size=20)
        params = problem.init(np.arange(2))
        assert np.array_equal(problem.sharpness(params, seeds=np.arange(2)), problem.sharpness(params))
        with pytest.raises(ValueError, match="seeds must be one for each of 2 runs, got 1"):
            problem.sharpness(params, seeds=[0])
        with pytest.raises(ValueError, match="seeds must be one for each of 2 runs, got 0"):
            Digits(pool_size=20, label_noise=0.5, fresh_noise=False).sharpness(params)
        with pytest.raises(ValueError, match=r"params must have the shape \(runs, 650\), got \(650,\)"):
            problem.sharpness(params[0])

    def test_whole_numbers_become_ints(self):
        assert Digits(batch_size=8.0) == Digits(batch_size=np.int64(8)) == Digits(batch_size=8)
        assert next(Digits(batch_size=8.0).batches([0], 1))[0].shape == (1, 65, 8)

    def test_an_unknown_split_is_refused(self):
        with pytest.raises(ValueError, match="split must be 'train' or 'test', got 'valid'"):
            Digits().evaluate(Digits().init([0]), [0], "valid")


def simulate_last_loss(problem, lr, steps):
    params = problem.init([0])
    for batch in problem.batches([0], steps):
        losses, grads = problem.loss_and_grads(params, batch)
        params -= lr * grads
    return losses[0]
