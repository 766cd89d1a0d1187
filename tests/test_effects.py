"""What the chapters on today's practice rest on, at other seeds than theirs: at least half of each effect is there."""

from dataclasses import replace

import numpy as np
import pytest

from lrsched.averaging import Averaged, ScheduleFreeAdamW, ScheduleFreeSGD
from lrsched.intervals import interval
from lrsched.optimizers import SGD, Adam
from lrsched.problems import Digits
from lrsched.schedules import Constant, CosineDecay, CosineRestarts, LinearDecay, PiecewiseConstant
from lrsched.training import compare, train, tune
from lrsched.wrappers import Clipped, Grouped

NOISY = Digits(hidden=(32,), batch_size=16, label_noise=0.3)
STEEP = Digits(hidden=(32, 32, 32), activation="tanh", batch_size=32, loss="squared", init_scale=1.5)


def grid(first, rates):
    return [first * 2 ** (i / 2) for i in range(rates)]


def linear(peak_lr, steps=150):
    return LinearDecay(peak_lr, decay_steps=steps)


def low(values):
    """The lower end of the interval of a mean."""
    mean, half_width = interval(values)
    return mean - half_width


def high(values):
    mean, half_width = interval(values)
    return mean + half_width


def test_waiting_is_no_warm_up_but_a_ramp_and_clipping_are():
    """Rate 0.4 from update 60 on: a careful wait before it loses all runs, a straight line up to it none."""
    arms = {
        "at once": (SGD(), Constant(0.4)),
        "wait": (SGD(), PiecewiseConstant([0.05, 0.4], boundaries=[60])),
        "ramp": (SGD(), lambda t: 0.4 * min(1, (t + 1) / 60)),
        "clipped": (Clipped(SGD(), max_norm=2), Constant(0.4)),
        "low": (SGD(), Constant(0.14)),
    }
    comparison = compare(STEEP, arms, steps=250, seeds=range(300, 316))
    start = STEEP.evaluate(STEEP.init(range(300, 316)), range(300, 316))["loss"].max()
    lost = {name: int((comparison[name].evaluate()["loss"] > start).sum()) for name in arms}
    assert lost["at once"] >= 12 and lost["wait"] >= 12
    assert lost["ramp"] == lost["clipped"] == lost["low"] == 0
    for name in ("ramp", "clipped"):
        assert high(comparison.scores()[name] / comparison.scores()["low"]) < 0.87
    assert 0.02 < comparison["clipped"].clipped.mean() < 0.5
    assert comparison["clipped"].clipped[:, :60].mean() > 3 * comparison["clipped"].clipped[:, 60:].mean()


def test_snapshots_gain_what_four_short_runs_gain():
    """Points of accuracy over one run of the same length, where all runs share the same wrong labels."""
    problem = Digits(hidden=(32,), batch_size=16, label_noise=0.2, fresh_noise=False, label_seed=7)
    seeds, truth = np.arange(300, 312), problem.labels("test")

    def accuracy(*members):
        chances = np.mean([problem.predict(params, "test") for params in members], axis=0)
        return 100 * np.mean(chances.argmax(axis=-1) == truth, axis=1)

    cycles = train(
        problem, SGD(), CosineRestarts(2, first_cycle_steps=240), steps=960, seeds=seeds, keep=[240, 480, 720]
    )
    single = accuracy(train(problem, SGD(), CosineDecay(2, decay_steps=960), seeds=seeds).params)
    short = [train(problem, SGD(), CosineDecay(2, decay_steps=240), seeds=1000 * k + seeds).params for k in range(4)]
    snapshots, independent = accuracy(*(cycles.at(t) for t in (240, 480, 720, 960))), accuracy(*short)
    assert low(snapshots - single) > 1
    assert low(independent - single) > 1.5
    assert high(snapshots - independent) < 0.4
    assert interval(accuracy(cycles.params) - single).mean < 0.5


@pytest.mark.parametrize(
    ("free", "rate", "told", "optimizer"),
    [
        (ScheduleFreeSGD(beta=0.5), 1.4, 1.4, SGD()),
        (ScheduleFreeAdamW(beta1=0.5), 0.04, 0.028, Adam()),
    ],
    ids=repr,
)
def test_schedule_free_is_no_worse_than_runs_that_knew_their_end(free, rate, told, optimizer):
    """Both at their best rates, the default beta among them: at that it is worse at every stop."""
    stops, seeds = (200, 400, 800), range(300, 312)
    default = replace(free, beta=0.9) if isinstance(free, ScheduleFreeSGD) else replace(free, beta1=0.9)
    anytime, by_default = (
        train(NOISY, arm, Constant(lr), steps=800, seeds=seeds, keep=stops)
        for arm, lr in ((free, rate), (default, 1.4 if rate > 1 else 0.028))
    )
    for stop in stops:
        knew = train(NOISY, optimizer, linear(told, stop), seeds=seeds).evaluate()["excess"]
        assert high(anytime.evaluate(params=anytime.at(stop))["excess"] / knew) < 1.02
        assert low(by_default.evaluate(params=by_default.at(stop))["excess"] / knew) > 1.04


def test_a_half_life_is_a_budget():
    """Long ones remember the start where the run is short, short ones the noise where it is long."""
    seeds = range(300, 312)
    ratios = {}
    for half_life in (25, 100):
        history = train(NOISY, Averaged(SGD(), half_life=half_life), Constant(0.7), steps=800, seeds=seeds, keep=[200])
        for stop in (200, 800):
            knew = train(NOISY, SGD(), linear(1.4, stop), seeds=seeds).evaluate()["excess"]
            ratios[half_life, stop] = history.evaluate(params=history.at(stop))["excess"] / knew
    assert low(ratios[100, 200] / ratios[25, 200]) > 1.3
    assert low(ratios[25, 800] / ratios[100, 800]) > 1.06


@pytest.mark.parametrize(("optimizer", "first", "slope"), [(SGD(), 0.0625, 1.0), (Adam(), 0.0017, 0.5)], ids=repr)
def test_the_best_rate_grows_with_the_batch_linearly_for_sgd_and_as_the_root_for_adam(optimizer, first, slope):
    """After equally many examples."""
    best = []
    for times in (1, 8):
        problem = replace(NOISY, batch_size=8 * times)
        rates = [lr * times**slope for lr in grid(first, 7)]
        best.append(tune(problem, optimizer, Constant, rates, steps=1600 // times, seeds=range(500, 508)).fitted)
    assert np.log(best[1] / best[0]) / np.log(8) == pytest.approx(slope, abs=0.15)


def test_a_larger_batch_does_what_a_lower_rate_does():
    """Times 4 twice, or a quarter twice, at the same examples: equal ends, in 555 and 960 updates."""
    seeds = range(300, 312)
    stepped = replace(NOISY, batch_size=((480, 16), (60, 64), (15, 256)))
    decayed = train(
        NOISY, SGD(), PiecewiseConstant([0.7, 0.175, 0.04375], boundaries=[480, 720]), steps=960, seeds=seeds
    )
    grown = train(stepped, SGD(), Constant(0.7), steps=555, seeds=seeds)
    level = train(NOISY, SGD(), Constant(0.25), steps=960, seeds=seeds).evaluate()["excess"]
    for history in (decayed, grown):
        assert high(history.evaluate()["excess"] / level) < 0.85
    assert interval(grown.evaluate()["excess"] / decayed.evaluate()["excess"]).mean == pytest.approx(1, abs=0.08)


def test_under_the_width_rule_the_best_rate_of_a_narrow_network_suits_a_wide_one():
    best, ratio = {}, {}
    for rule, first in [("standard", {16: 0.025, 128: 0.006}), ("mup", {16: 0.0125, 128: 0.0125})]:
        for width in (16, 128):
            problem = Digits(hidden=(width, width), batch_size=32, label_noise=0.3, width_rule=rule)
            optimizer = Grouped(Adam(), factors=problem.lr_factors, sizes=problem.stretches)
            tuned = tune(problem, optimizer, linear, grid(first[width], 5), steps=150, seeds=range(300, 304))
            best[rule, width] = tuned.fitted
        ratio[rule] = compare(
            problem, {width: (optimizer, linear(best[rule, width])) for width in (128, 16)}, seeds=range(400, 408)
        ).ratio(16)
    assert best["standard", 16] / best["standard", 128] > 2
    assert best["mup", 16] / best["mup", 128] == pytest.approx(1, abs=0.25)
    assert ratio["standard"].mean - ratio["standard"].half_width > 1.1
    assert ratio["mup"].mean + ratio["mup"].half_width < 1.05


def test_the_noise_scale_grows_as_the_loss_falls():
    history = train(NOISY, SGD(), Constant(0.25), steps=800, seeds=range(300, 308), keep=[0, 200])
    start, early, late = (NOISY.noise_scale(history.at(t), history.seeds) for t in (0, 200, 800))
    assert 40 < start.mean() < 120
    assert np.all(early > 3 * start)
    assert late.mean() > early.mean()


def test_three_flat_losses_and_what_helps_each():
    """On its floor a run wants a lower rate; one that crawls a higher one; one that is finished neither."""
    ratios = {}
    for name, schedule, lr, times in [
        ("floor", Constant(1.4), 1.4, 2),
        ("crawling", PiecewiseConstant([0.35, 0.007], boundaries=[80]), 0.007, 10),
        ("finished", linear(0.7, 420), linear(0.7, 420)(400), 10),
    ]:
        history = train(NOISY, SGD(), schedule, steps=400, seeds=range(300, 312))
        arms = {factor: (SGD(), Constant(lr * factor)) for factor in (1, 0.1, times)}
        branches = compare(NOISY, arms, steps=100, after=history)
        ratios[name] = [branches.ratio(factor).mean for factor in (0.1, times)]
    assert ratios["floor"][0] < 0.75 and ratios["floor"][1] > 1.6
    assert ratios["crawling"][0] > 1.01 and ratios["crawling"][1] < 0.95
    assert ratios["finished"][0] > 1.01 and ratios["finished"][1] > 1.08
