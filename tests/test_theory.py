"""The bound of convex theory: against its theorem, others' numbers, our own, and runs that it must not be beaten by."""

from math import fsum, sqrt

import numpy as np
import pytest

from lrsched import (
    SGD,
    Constant,
    CosineDecay,
    Digits,
    InverseSqrt,
    LinearDecay,
    SqrtCooldown,
    best_scale,
    compare,
    convex_bound,
    rates,
    tune,
    warmup_stable_decay,
)


def theorem(lr, distance=1.0, gradient=1.0):
    """Theorem 10 of Defazio et al. for gradients of one length, as printed: sums from k on within a sum over k."""
    squares = [(rate * gradient) ** 2 for rate in lr]
    first = (distance**2 + fsum(squares)) / (2 * fsum(lr))
    rest = [lr[k] / fsum(lr[k + 1 :]) * fsum(squares[k:]) / fsum(lr[k:]) for k in range(len(lr) - 1)]
    return first + fsum(rest) / 2


def random_rates(length, decades=2.0):
    return 10 ** np.random.default_rng(length).uniform(-decades, 0, length)


def schedule(name, n):
    share = name.removeprefix("stable ")
    if share != name:
        return warmup_stable_decay(
            1, total_steps=n, warmup_steps=0, decay_steps=round(float(share) * n), shape="linear"
        )
    return {
        "constant": Constant(1),
        "linear": LinearDecay(1, decay_steps=n),
        "cosine": CosineDecay(1, decay_steps=n),
        "1 - sqrt": SqrtCooldown(1, decay_steps=n),
        "1/sqrt": InverseSqrt(1, timescale=1),
    }[name]


@pytest.mark.parametrize("length", [1, 2, 3, 10, 57, 300, 1001])
def test_the_bound_is_that_of_the_theorem(length):
    for decades in (0.1, 2, 8):
        lr = random_rates(length, decades)
        assert convex_bound(lr) == pytest.approx(theorem(lr), rel=1e-12)
        assert convex_bound(lr, distance=3, gradient=0.2) == pytest.approx(theorem(lr, 3, 0.2), rel=1e-12)


@pytest.mark.parametrize("every", [1, 7, 40, 41])
def test_a_stop_is_bounded_as_if_the_run_ended_there(every):
    lr = random_rates(123)
    at_stops = convex_bound(lr, distance=2, every=every)
    alone = [convex_bound(lr[:stop], distance=2) for stop in range(every, len(lr) + 1, every)]
    np.testing.assert_allclose(at_stops, alone, rtol=1e-13)


# By the authors' package (github.com/fabian-sp/lr-scheduling) for 400 updates: best peak, and the bound at it. It adds
# 1e-10 to the last sum, so that its cosine is right to nine digits alone.
THEIRS = {
    "linear": (0.0495631307, 0.1006298654),
    "1 - sqrt": (0.0737970562, 0.1012425969),
    "cosine": (0.0482418869, 0.1033859057),
    "stable 0.2": (0.0253736614, 0.1093230125),
    "1/sqrt": (0.2120855816, 0.1222642733),
    "constant": (0.0181758951, 0.1375448081),
}


# Ours, from the theorem as printed, in 40 digits: another way to add up must not move them.
OURS = {
    ("linear", 20): (0.2032783751624, 0.468510706867),
    ("cosine", 20): (0.1923256256347, 0.4951919169576),
    ("1 - sqrt", 20): (0.2931334083906, 0.4730805368256),
    ("stable 0.2", 20): (0.1055270477382, 0.5122293782742),
    ("stable 0.05", 20): (0.1048545316539, 0.4768511118339),
    ("1/sqrt", 20): (0.2902806198464, 0.4535650661027),
    ("constant", 20): (0.1048545316539, 0.4768511118339),
    ("linear", 100): (0.09725521454565, 0.2036084161711),
    ("cosine", 100): (0.09469450586288, 0.2091143516467),
    ("1 - sqrt", 100): (0.144315665935, 0.2046823116086),
    ("stable 0.2", 100): (0.0495442034546, 0.2230275791401),
    ("stable 0.05", 100): (0.04027612054488, 0.2533531406353),
    ("1/sqrt", 100): (0.2387495046873, 0.2253135894852),
    ("constant", 100): (0.04023443698087, 0.2485433064405),
    ("linear", 1000): (0.03149717291618, 0.06343432800521),
    ("cosine", 1000): (0.03062408316464, 0.06524283477354),
    ("1 - sqrt", 1000): (0.04691564214083, 0.06384753548857),
    ("stable 0.2", 1000): (0.01616274434859, 0.06870703056084),
    ("stable 0.05", 1000): (0.01326861296009, 0.07725866513386),
    ("1/sqrt", 1000): (0.1990889338119, 0.08127506306222),
    ("constant", 1000): (0.01085644455647, 0.09211118748855),
}


@pytest.mark.parametrize(("name", "n"), OURS)
def test_the_golden_table_stands(name, n):
    lr = rates(schedule(name, n), n)
    best = best_scale(lr)
    assert (best, convex_bound(best * lr)) == pytest.approx(OURS[name, n], rel=1e-12)


@pytest.mark.parametrize("name", THEIRS)
def test_the_authors_find_the_same(name):
    lr = rates(schedule(name, 400), 400)
    best = best_scale(lr)
    assert (best, convex_bound(best * lr)) == pytest.approx(THEIRS[name], rel=3e-9)


def test_theory_orders_the_schedules():
    lengths = [convex_bound(best_scale(lr) * lr) for lr in (rates(schedule(name, 400), 400) for name in THEIRS)]
    assert lengths == sorted(lengths)


def test_a_constant_rate_has_a_closed_form():
    for n in (1, 10, 1000):
        harmonic = fsum(1 / k for k in range(1, n))
        assert best_scale(np.ones(n), distance=3, gradient=2) == pytest.approx(1.5 / sqrt(n * (1 + harmonic)))
        assert convex_bound(best_scale(np.ones(n)) * np.ones(n)) == pytest.approx(sqrt((1 + harmonic) / n))


def test_networks_rank_cooldowns_as_the_bound_does():
    """And pay at least half of what it says; each share at its own tuned rate, and other seeds for the race."""
    problem, n = Digits(hidden=(32,), batch_size=16, label_noise=0.3), 800

    def tuned(name):
        grid = np.geomspace(0.125, 2, 9)
        return tune(problem, SGD(), lambda lr: schedule(name, n) * lr, grid, steps=n, seeds=range(200, 203)).schedule

    shares = {name: rates(schedule(name, n), n) for name in ("linear", "stable 0.4", "stable 0.1", "constant")}
    bounds = [convex_bound(best_scale(lr) * lr) for lr in shares.values()]
    race = compare(problem, {name: (SGD(), tuned(name)) for name in shares}, steps=n, seeds=range(300, 310))
    measured = [race.ratio(name).mean for name in shares]
    assert measured == sorted(measured)
    for ours, bound in zip(measured[1:], bounds[1:], strict=True):
        assert ours - 1 > (bound / bounds[0] - 1) / 2
    assert np.corrcoef(measured, bounds)[0, 1] > 0.95


@pytest.mark.parametrize("x", [0.1, 0.5, 1.0, 2.0, 30.0])
def test_what_a_factor_costs_does_not_depend_on_the_shape(x):
    for length in (1, 5, 200):
        lr = random_rates(length)
        best = best_scale(lr, distance=3, gradient=2)
        low, off = (convex_bound(factor * best * lr, distance=3, gradient=2) for factor in (1, x))
        assert off / low == pytest.approx(x / 2 + 1 / (2 * x), rel=1e-12)


def test_no_run_on_a_convex_problem_ends_above_the_bound():
    """Subgradient descent on the largest of random slopes; in one dimension with one rate the bound is reached."""
    random = np.random.default_rng(0)
    closest = 0.0
    for length in (1, 2, 5, 30, 200):
        slopes = random.standard_normal((3, 2))
        slopes = np.vstack([slopes, -slopes])  # the minimum is 0, at the origin
        start = random.standard_normal(2)
        sizes = {"distance": np.linalg.norm(start), "gradient": np.linalg.norm(slopes, axis=1).max()}
        for shape in (np.ones(length), random_rates(length), np.arange(length, 0, -1.0)):
            lr = best_scale(shape, **sizes) * shape
            for factor in (0.2, 1, 5):
                at, losses = start.copy(), []
                for rate in factor * lr:
                    losses.append((slopes @ at).max())
                    at -= rate * slopes[(slopes @ at).argmax()]
                share = losses / convex_bound(factor * lr, every=1, **sizes)
                assert share.max() <= 1
                closest = max(closest, share.max())
    assert closest > 0.5
    assert convex_bound([0.5], distance=2, gradient=4) == 2 * 4  # |4 w| at 2


@pytest.mark.parametrize(
    ("lr", "error", "message"),
    [
        ([0.1, 0.0], ValueError, "rates[1] must be a number above 0, got 0.0"),
        ([0.1, -1], ValueError, "rates[1] must be a number above 0, got -1.0"),
        ([np.nan, 0.1], ValueError, "rates[0] must be a number above 0, got nan"),
        ([0.1, np.inf], ValueError, "rates[1] must be a number above 0, got inf"),
        ([], ValueError, "rates must have the shape (updates,), with one update or more, got (0,)"),
        (0.1, ValueError, "rates must have the shape (updates,), with one update or more, got ()"),
        ([[0.1]], ValueError, "rates must have the shape (updates,), with one update or more, got (1, 1)"),
        ("0.1", TypeError, "rates must be a list of numbers above 0, as `lrsched.rates` returns it, got '0.1' (str)"),
        (Constant(0.1), TypeError, "as `lrsched.rates` returns it, got Constant(peak_lr=0.1) (Constant)"),
    ],
    ids=repr,
)
def test_rates_that_no_run_has_are_refused(lr, error, message):
    for function in (convex_bound, best_scale):
        with pytest.raises(error) as caught:
            function(lr)
        assert message in str(caught.value)


def test_a_stop_lies_within_the_rates():
    with pytest.raises(ValueError, match="every must be at most 2, the number of rates, got 3"):
        convex_bound([0.1, 0.1], every=3)
