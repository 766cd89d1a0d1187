"""Chebyshev and silver rates: their theorems, their order, and what noise and rounding make of it."""

from math import acosh, cosh, sqrt

import numpy as np
import pytest

from lrsched import SGD, Digits, LinearDecay, Quadratic, train, tune
from lrsched.course.steps import chebyshev_rates, fractal_order, silver_rates
from lrsched.digits import images_and_labels

CURVATURES = np.geomspace(1, 100, 30)
RATES = chebyshev_rates(32, low=1, high=100)
ORDERS = {"largest first": RATES, "smallest first": RATES[::-1], "fractal": RATES[fractal_order(32)]}


def losses(lr, noise=0.0):
    schedule = lr if callable(lr) else lr.__getitem__
    return Quadratic(CURVATURES, noise=noise).expected_loss(schedule, 32)


@pytest.mark.parametrize("steps", [1, 2, 3, 8, 16, 32])
@pytest.mark.parametrize(("low", "high"), [(1, 100), (0.01, 1), (2, 3)])
def test_no_curvature_keeps_more_than_chebyshev_promises(steps, low, high):
    curvatures = np.linspace(low, high, 2001)
    left = np.abs(np.prod(1 - np.outer(chebyshev_rates(steps, low=low, high=high), curvatures), axis=0))
    assert left.max() == pytest.approx(1 / cosh(steps * acosh((high + low) / (high - low))), rel=1e-9)


def test_equal_curvatures_need_one_rate():
    assert chebyshev_rates(3, low=4, high=4).tolist() == [0.25] * 3


def test_the_fractal_order_is_a_permutation_of_large_and_small_in_turn():
    assert [fractal_order(n).tolist() for n in (1, 2, 4)] == [[0], [0, 1], [0, 3, 1, 2]]
    for n in (8, 64, 1024):
        order = fractal_order(n)
        assert sorted(order) == [*range(n)]
        assert (order[::2] + order[1::2]).tolist() == [n - 1] * (n // 2)
        assert order[::2].tolist() == fractal_order(n // 2).tolist()


def test_silver_rates_are_those_of_the_paper():
    rho = 1 + sqrt(2)
    expected = [sqrt(2), 2, sqrt(2), 1 + rho, sqrt(2), 2, sqrt(2), 1 + rho**2]
    np.testing.assert_allclose(silver_rates(8, high=10) * 10, expected, rtol=1e-15)
    pattern = silver_rates(2**12 - 1)
    assert pattern.argmax() == 2**11 - 1 and pattern.tolist() == pattern[::-1].tolist()


def test_silver_rates_beat_every_constant_rate_on_quadratics_of_any_curvature():
    """Also on the steepest slope that may bend away: the worst of both is what a rate must be judged by."""

    def worst(lr):
        curvatures = np.linspace(0, 1, 4001)
        quadratic = curvatures * np.prod(1 - np.outer(lr, curvatures), axis=0) ** 2 / 2
        bends = np.geomspace(1e-4, 1, 400)  # the loss is w**2 / 2 up to a bend, and straight from there on
        at = np.ones(len(bends))
        for rate in lr:
            at = at - rate * np.clip(at, -bends, bends)
        huber = np.where(np.abs(at) <= bends, at**2 / 2, bends * (np.abs(at) - bends / 2))
        return max(quadratic.max(), huber.max())

    gains = [
        min(worst(np.full(n, rate)) for rate in np.linspace(0.8, 2, 121)) / worst(silver_rates(n)) for n in (7, 31)
    ]
    assert gains == pytest.approx([1.04, 1.36], abs=0.02)


class TestTheOrder:
    """The end is the same, the way is not."""

    def test_without_noise_all_end_far_below_what_decreases(self):
        ends = [losses(lr)[-1] for lr in ORDERS.values()]
        assert ends == pytest.approx([0.0019414] * 3, rel=1e-4)
        constant = min(losses(lambda t, lr=lr: lr)[-1] for lr in np.linspace(0.01, 0.02, 101))
        linear = min(losses(LinearDecay(lr, decay_steps=32))[-1] for lr in np.linspace(0.01, 0.06, 101))
        assert constant / ends[0] == pytest.approx(432, rel=0.01) and 0.6 < linear < 0.7

    def test_smallest_first_never_rises_and_is_ruined_by_the_least_noise(self):
        highest = {name: losses(lr).max() / losses(lr)[0] for name, lr in ORDERS.items()}
        assert highest["smallest first"] == 1 < highest["fractal"] < 1e4 < 1e20 < highest["largest first"]
        noisy = {name: losses(lr, noise=0.01)[-1] for name, lr in ORDERS.items()}
        assert noisy["largest first"] < noisy["fractal"] < 0.003 < 1e20 < noisy["smallest first"]

    def test_much_noise_makes_decay_the_better_choice(self):
        linear = min(losses(LinearDecay(lr, decay_steps=32), noise=1)[-1] for lr in np.linspace(0.005, 0.06, 112))
        assert linear < losses(ORDERS["fractal"], noise=1)[-1] / 1.5

    def test_rounding_spares_the_fractal_order_alone(self):
        turn = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 30)))[0]
        hessian = turn * CURVATURES @ turn.T  # no coordinate is a direction of its own, so that errors spread
        lr = chebyshev_rates(64, low=1, high=100)
        ends = []
        for order in (slice(None), slice(None, None, -1), fractal_order(64)):
            at = turn.sum(axis=1)
            for rate in lr[order]:
                at = at - rate * (hessian @ at)
            ends.append(at @ hessian @ at / 2)
        assert ends[2] < 1e-8 < 1e10 < min(ends[:2])

    def test_a_little_too_high_is_much_too_high(self):
        ends = [losses(factor * ORDERS["fractal"])[-1] for factor in (0.98, 1.02)]
        assert ends[0] < 0.003 and ends[1] > 1000


@pytest.mark.parametrize("batch_size", [None, 32])
def test_on_digits_they_gain_without_noise_and_lose_with_it(batch_size):
    """Least squares on 300 digits: what is left over the least, each shape at its own tuned scale."""
    problem = Digits(loss="squared", pool_size=300, batch_size=batch_size)
    inputs, labels = (part[:300] for part in images_and_labels())
    ones = np.eye(10)[labels]
    least = np.sum((inputs @ np.linalg.lstsq(inputs, ones, rcond=None)[0] - ones) ** 2) / 600
    shapes = {
        "constant": np.ones(63),
        "linear": 1 - np.arange(63) / 63,
        "silver": silver_rates(63),
        "chebyshev": chebyshev_rates(64, low=0.01, high=1)[fractal_order(64)],
    }
    scales, excess = np.geomspace(0.05, 6, 25), {}
    for name, shape in shapes.items():

        def make(scale, shape=shape):
            return (scale * shape).__getitem__

        tuned = tune(problem, SGD(), make, scales, steps=len(shape), seeds=range(200, 202))
        history = train(problem, SGD(), tuned.schedule, steps=len(shape), seeds=range(300, 306))
        excess[name] = history.evaluate()["loss"] - least
    ratio = {name: np.mean(excess[name] / excess["constant"]) for name in shapes}
    if batch_size is None:
        assert ratio["chebyshev"] < 0.6 < ratio["silver"] < 0.8 < ratio["linear"] < 0.95
    else:
        assert ratio["linear"] < 0.8 < ratio["silver"] < 1.1 and ratio["chebyshev"] > 1.3


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: chebyshev_rates(0, low=1, high=2), ValueError, "steps must be a whole number of 1 or more, got 0"),
        (lambda: chebyshev_rates(4, low=0, high=2), ValueError, "low must be a number above 0, got 0"),
        (lambda: chebyshev_rates(4, low=3, high=2), ValueError, "low must be at most high = 2, got 3"),
        (lambda: chebyshev_rates(4, low=1, high=np.nan), ValueError, "high must be a number above 0, got nan"),
        (lambda: fractal_order(12), ValueError, "steps must be a power of two such as 1, 2, 4 or 32, got 12"),
        (lambda: fractal_order("8"), TypeError, "steps must be a whole number of 1 or more, got '8' (str)"),
        (lambda: silver_rates(2.5), ValueError, "steps must be a whole number of 1 or more, got 2.5"),
        (lambda: silver_rates(3, high=-1), ValueError, "high must be a number above 0, got -1"),
    ],
)  # fmt: skip
def test_wrong_numbers_are_refused(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message == str(caught.value)
