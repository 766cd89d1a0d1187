import numpy as np
import pytest

from lrsched.lr_range import RULES, RangeTest, range_test
from lrsched.optimizers import SGD
from lrsched.problems import Digits, Quadratic


class TestOnDigits:
    TEST = range_test(Digits(hidden=(32,), label_noise=0.2), SGD(), seeds=8)

    def test_the_rate_rises_by_the_same_factor_at_every_update(self):
        lr = self.TEST.lr
        assert lr[[0, -1]] == pytest.approx([1e-4, 10])
        np.testing.assert_allclose(lr[1:] / lr[:-1], lr[1] / lr[0])

    def test_suggestions_are_in_the_order_that_their_rules_imply(self):
        minimum, steepest = self.TEST.suggest("minimum"), self.TEST.suggest()
        assert self.TEST.suggest("minimum/10") == pytest.approx(minimum / 10)
        assert 0.05 < steepest < minimum
        assert self.TEST.suggest("valley") < minimum
        assert all(self.TEST.suggestions(rule).shape == (8,) for rule in RULES)

    def test_an_unknown_rule_is_refused(self):
        with pytest.raises(ValueError, match=r"rule must be 'steepest', .* or 'valley', got 'flattest'"):
            self.TEST.suggest("flattest")


def test_it_stops_a_seed_when_its_loss_has_grown_fourfold():
    test = range_test(Quadratic([1.0, 4.0]), SGD(), min_lr=0.01, max_lr=1e3, steps=200, seeds=2)
    [stop] = set(np.argmax(np.isnan(test.smoothed), axis=1))
    assert test.lr[stop] > 0.5
    before = test.smoothed[:, :stop]
    assert np.all(before[:, -1] <= 4 * before.min(axis=1))
    assert np.isnan(test.smoothed[:, stop:]).all()
    assert test.loss[:, -1].tolist() == [np.inf, np.inf]
    assert test.suggest("minimum") < test.lr[stop]


def test_smoothing_is_the_running_average_without_its_bias_to_0():
    test = range_test(Quadratic(1.0), SGD(), max_lr=0.5, steps=5, smoothing=0.5, seeds=1)
    loss = test.loss[0]
    assert test.smoothed[0, :2] == pytest.approx([loss[0], (loss[0] + 2 * loss[1]) / 3])
    weights = 0.5 ** np.arange(4, -1, -1)
    assert test.smoothed[0, -1] == pytest.approx(weights @ loss / weights.sum())


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("steepest", 1e-2), ("minimum", 1.0), ("minimum/10", 0.1), ("valley", 1e-2)],
)
def test_each_rule_on_a_curve_made_by_hand(rule, expected):
    lr = np.geomspace(1e-4, 10, 6)  # 1e-4, 1e-3, ..., 10
    curve = np.array([[5.0, 4.9, 3.0, 1.0, 0.9, np.nan]])
    assert RangeTest(lr, curve, curve).suggest(rule) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"min_lr": 0}, "min_lr must be a number above 0"),
        ({"max_lr": 1e-5}, r"max_lr must be above min_lr = 0\.0001, got 1e-05"),
        ({"max_lr": np.inf}, "max_lr must be a number above 0, got inf"),
        ({"steps": 1.5}, "steps must be a whole number of 2 or more"),
        ({"steps": 1}, "steps must be a whole number of 2 or more"),
        ({"smoothing": 1}, "smoothing must be"),
    ],
)
def test_wrong_arguments_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        range_test(Quadratic(1.0), SGD(), **arguments)


def test_no_rate_is_suggested_where_a_run_diverges_at_once():
    for start, min_lr in ((1.0, 1e3), (1e200, 0.1)):
        test = range_test(Quadratic(1.0, start=start), SGD(), min_lr=min_lr, max_lr=1e4, seeds=2)
        for rule in RULES:
            with pytest.raises(ValueError, match="a run diverges before its second update"):
                test.suggest(rule)
