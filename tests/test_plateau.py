import json

import numpy as np
import pytest

from lrsched.plateau import ReduceOnPlateau


def rates(metrics, **arguments):
    scheduler = ReduceOnPlateau(1.0, **({"factor": 0.5, "patience": 2} | arguments))
    return [scheduler.step(metric) for metric in metrics]


FLAT = [1.0] * 7


def test_it_reduces_after_patience_plus_1_bad_metrics_as_torch_does():
    assert rates(FLAT) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_the_patience_of_keras_is_one_more_for_the_same_rates():
    """Keras with patience=2 on a flat metric: 1, 1, 0.5, 0.5, 0.25."""
    assert rates(FLAT[:5], patience=1) == [1, 1, 0.5, 0.5, 0.25]


def test_an_equal_metric_is_no_improvement():
    assert rates(FLAT[:4], patience=0) == [1, 0.5, 0.25, 0.125]


def test_an_improvement_must_exceed_the_threshold():
    falling = [1.0, 0.95, 0.91, 0.9]
    assert rates(falling, patience=0, threshold=0.1) == [1, 0.5, 0.25, 0.125]
    assert rates([1.0, 0.89], patience=0, threshold=0.1) == [1, 1]
    assert rates([1.0, 0.99, 0.98], patience=0, threshold=0) == [1, 1, 1]


def test_a_negative_metric_that_gets_worse_is_no_improvement():
    assert rates([-1.0, -0.95, -0.92], patience=0, threshold=0.1) == [1, 0.5, 0.25]
    assert rates([-1.0, -1.2, -1.5], patience=0, threshold=0.1) == [1, 1, 1]
    assert rates([-1.0] * 4, patience=0, threshold=0.1) == [1, 0.5, 0.25, 0.125]


def test_mode_max_wants_rising_metrics():
    assert rates([0.5, 0.6, 0.7], patience=0, mode="max") == [1, 1, 1]
    assert rates([0.5, 0.4, 0.3], patience=0, mode="max") == [1, 0.5, 0.25]
    assert rates([-1.0, -1.05, -0.8], patience=0, mode="max", threshold=0.1) == [1, 0.5, 0.5]


def test_cooldown_forgives_bad_metrics_after_a_reduction():
    assert rates(FLAT, patience=0, cooldown=2) == [1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_the_rate_stops_at_the_floor():
    assert rates(FLAT[:4], patience=0, min_lr=0.3) == [1, 0.5, 0.3, 0.3]


def test_a_reduction_never_raises_the_rate():
    with pytest.raises(ValueError, match=r"min_lr must be at most peak_lr = 0\.1, got 1\.0"):
        ReduceOnPlateau(0.1, min_lr=1.0, patience=0)
    scheduler = ReduceOnPlateau(1.0, min_lr=0.3, patience=0)
    scheduler.state |= {"lr": 0.01, "best": 1.0}  # of a run with a lower floor
    assert [scheduler.step(1.0), scheduler.step(1.0)] == [0.01, 0.01]


def test_rates_are_floats_whatever_the_arguments_are():
    scheduler = ReduceOnPlateau(1, factor=np.float32(0.5), patience=np.int64(0))
    assert repr(scheduler.lr) == "1.0"
    assert repr(scheduler).startswith("ReduceOnPlateau(peak_lr=1.0, factor=0.5, patience=0,")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_metric_that_is_not_finite_is_no_improvement(bad):
    assert rates([1.0, bad, bad], patience=0) == [1, 0.5, 0.25]
    assert rates([bad, 1.0, 0.5], patience=1) == [1, 1, 1]


def test_its_state_is_plain_data_and_resumes_the_run():
    metrics = [3.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    scheduler = ReduceOnPlateau(1.0, factor=0.5, patience=1, cooldown=1)
    expected = [scheduler.step(metric) for metric in metrics]
    for stop in range(len(metrics)):
        first = ReduceOnPlateau(1.0, factor=0.5, patience=1, cooldown=1)
        start = [first.step(metric) for metric in metrics[:stop]]
        second = ReduceOnPlateau(1.0, factor=0.5, patience=1, cooldown=1)
        second.state = json.loads(json.dumps(first.state))
        assert start + [second.step(metric) for metric in metrics[stop:]] == expected
    assert expected[-1] < 1


def test_lr_is_the_rate_to_use_before_and_after_a_step():
    scheduler = ReduceOnPlateau(0.4, factor=0.5, patience=0)
    assert scheduler.lr == 0.4
    scheduler.step(1.0)
    assert scheduler.step(1.0) == scheduler.lr == 0.2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"factor": 1.0}, "factor must be a number between 0 and 1"),
        ({"patience": -1}, "patience must be a whole number of 0 or more"),
        ({"threshold": -1}, "threshold must be"),
        ({"cooldown": 1.5}, "cooldown must be a whole number"),
        ({"min_lr": -1}, "min_lr must be"),
        ({"every": 0}, "every must be a whole number of 1 or more"),
        ({"split": "held-out"}, "split must be 'train' or 'test', got 'held-out'"),
        ({"mode": "low"}, "mode must be 'min' or 'max', got 'low'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        ReduceOnPlateau(0.1, **arguments)
