"""The error of tuning in a ratio of two tuned arms."""

import numpy as np
import pytest

from lrsched.training import Tuned
from lrsched.tuning import tuned_ratio


def tuned(scores):
    scores = np.asarray(scores, float)
    return Tuned(tuple(range(1, len(scores) + 1)), scores, (None,) * len(scores))


def test_arms_that_agree_in_each_seed_leave_no_error():
    clear = tuned([np.full(8, 3.0), np.arange(1.0, 9.0) / 10, np.full(8, 2.0)])  # one rate is the best for all
    double = tuned(clear.scores * 2)
    assert tuned_ratio(double, clear) == pytest.approx((2, 0))


def test_an_arm_is_not_flattered_by_the_seeds_that_chose_its_rate():
    equal, still = tuned(np.random.default_rng(0).normal(1, 0.3, (50, 16))), tuned([np.ones(16)])
    ratio = tuned_ratio(equal, still)
    assert equal.scores.mean(axis=1).min() < 0.85
    assert ratio.mean == pytest.approx(1, abs=0.07) and ratio.half_width > 0.1


def test_seeds_must_be_the_same_and_enough():
    eight, nine, seven = (tuned(np.ones((2, n))) for n in (8, 9, 7))
    with pytest.raises(ValueError, match="arm and to must have the same seeds, 8 or more, got 8 and 9"):
        tuned_ratio(eight, nine)
    with pytest.raises(ValueError, match="got 7 and 7"):
        tuned_ratio(seven, seven)
