import numpy as np
import pytest

from lrsched.intervals import Interval, interval, t_quantile


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [
        (1, 12.7062047),
        (2, 4.3026527),
        (3, 3.1824463),
        (4, 2.7764451),
        (9, 2.2621572),
        (15, 2.1314495),
        (30, 2.0422725),
        (99, 1.9842170),
        (1000, 1.9623391),
    ],
)
def test_quantiles_are_those_of_the_tables(freedom, quantile):
    assert t_quantile(freedom) == pytest.approx(quantile, abs=1e-7)


def test_an_interval_covers_the_true_mean_95_times_in_100():
    samples = np.random.default_rng(0).normal(3, 2, size=(4000, 5))
    covered = [abs(result.mean - 3) <= result.half_width for result in map(interval, samples)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)


def test_half_width_is_unknown_for_one_value_or_an_infinite_one():
    assert np.isnan(interval([2.0]).half_width)
    assert interval([1.0, np.inf]).mean == np.inf
    assert np.isnan(interval([1.0, np.inf]).half_width)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (np.ones((2, 3)), ValueError),
        (3.0, ValueError),
        ([], ValueError),
        (["1", "2"], TypeError),
        ([1.0, None], TypeError),
        ([[1.0], [1.0, 2.0]], TypeError),
        ([True, False], TypeError),
    ],
)
def test_only_a_row_of_numbers_has_an_interval(values, error):
    with pytest.raises(error, match="values must be "):
        interval(values)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (Interval(0.69412, 0.0312), "0.694 ± 0.031"),
        (Interval(1234.6, 56.4), "1235 ± 56"),
        (Interval(-0.5, 1.25), "-0.5 ± 1.2"),
        (Interval(0.5, float("nan")), "0.5"),
        (Interval(float("inf"), float("nan")), "inf"),
        (Interval(1.0, 0.0), "1"),
    ],
)
def test_it_prints_two_digits_of_the_half_width(result, text):
    assert str(result) == text
