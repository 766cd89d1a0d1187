"""Every public function refuses a wrong argument with one sentence that names it, whatever is wrong with it."""

import inspect
import math
from fractions import Fraction

import numpy as np
import pytest

import lrsched
from lrsched import SGD, Constant, CosineDecay, Digits, Quadratic, Ravine, ReduceOnPlateau, plotting

PROBLEM = Quadratic([1.0, 2.0], noise=0.1)
SCHEDULE = CosineDecay(0.1, decay_steps=9)
HISTORY = lrsched.train(PROBLEM, SGD(), SCHEDULE, seeds=3)
COMPARISON = lrsched.compare(PROBLEM, {"a": (SGD(), SCHEDULE), "b": (SGD(), Constant(0.1))}, steps=9, seeds=3)
TUNED = lrsched.tune(PROBLEM, SGD(), Constant, [0.1, 0.2], steps=9, seeds=8)
RANGE = lrsched.range_test(PROBLEM, SGD(), steps=9, seeds=3)
DIGITS = Digits(pool_size=20)
POINTS = np.ones((2, 2))

CALLS = {  # a right call of everything public that takes arguments
    lrsched.Constant: {"peak_lr": 0.1},
    lrsched.CosineDecay: {"peak_lr": 0.1, "decay_steps": 9, "min_lr": 0.01},
    lrsched.CosineRestarts: {
        "peak_lr": 0.1, "first_cycle_steps": 9, "cycle_mult": 2, "min_lr": 0.01, "cycle_decay": 0.5,
    },
    lrsched.ExponentialDecay: {"peak_lr": 0.1, "decay_rate": 0.5, "step_size": 2},
    lrsched.InverseSqrt: {"peak_lr": 0.1, "timescale": 9},
    lrsched.InverseTimeDecay: {"peak_lr": 0.1, "timescale": 9},
    lrsched.Join: {"schedules": [SCHEDULE, SCHEDULE], "boundaries": [9]},
    lrsched.LinearDecay: {"peak_lr": 0.1, "decay_steps": 9, "min_lr": 0.01},
    lrsched.OneCycle: {"peak_lr": 0.1, "total_steps": 9, "pct_start": 0.3, "div_factor": 9, "final_div_factor": 9},
    lrsched.PiecewiseConstant: {"values": [0.1, 0.2], "boundaries": [9]},
    lrsched.PolynomialDecay: {"peak_lr": 0.1, "decay_steps": 9, "min_lr": 0.01, "power": 2},
    lrsched.SqrtCooldown: {"peak_lr": 0.1, "decay_steps": 9, "min_lr": 0.01},
    lrsched.StepDecay: {"peak_lr": 0.1, "decay_rate": 0.5, "step_size": 2},
    lrsched.Triangular: {"peak_lr": 0.1, "min_lr": 0.01, "half_cycle_steps": 9, "cycle_decay": 0.5},
    lrsched.Warmup: {"schedule": SCHEDULE, "warmup_steps": 9, "init_lr": 0.01, "shape": "cosine"},
    lrsched.warmup_stable_decay: {
        "peak_lr": 0.1, "total_steps": 99, "warmup_steps": 9, "decay_steps": 9, "shape": "sqrt", "min_lr": 0.01,
        "init_lr": 0.01,
    },
    lrsched.Product: {"schedule": SCHEDULE, "multiplier": 2},
    lrsched.Shift: {"schedule": SCHEDULE, "by": 2},
    lrsched.cooldown: {"schedule": SCHEDULE, "at": 2, "steps": 9, "shape": "sqrt", "min_lr": 0.01},
    lrsched.updates: {"samples": 99, "batch_size": 9, "accumulate": 2, "processes": 2, "epochs": 3},
    lrsched.rates: {"schedule": SCHEDULE, "steps": 9, "start": 2},
    SCHEDULE.__call__: {"step": 3},
    lrsched.ReduceOnPlateau: {
        "peak_lr": 0.1, "factor": 0.5, "patience": 1, "threshold": 0.1, "cooldown": 1, "min_lr": 0.01, "mode": "max",
        "every": 2, "split": "test",
    },
    ReduceOnPlateau(0.1).step: {"metric": 1.0},
    lrsched.SGD: {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    lrsched.AdaGrad: {"eps": 1e-8, "weight_decay": 0.1},
    lrsched.RMSProp: {"alpha": 0.9, "momentum": 0.9, "eps": 1e-8, "weight_decay": 0.1},
    lrsched.Adam: {"beta1": 0.9, "beta2": 0.9, "eps": 1e-8, "weight_decay": 0.1},
    lrsched.AdamW: {"beta1": 0.9, "beta2": 0.9, "eps": 1e-8, "weight_decay": 0.1},
    lrsched.Clipped: {"optimizer": SGD(), "max_norm": 2},
    lrsched.Grouped: {"optimizer": SGD(), "factors": [1, 0.1], "sizes": [3, 4]},
    lrsched.Averaged: {"optimizer": SGD(), "half_life": 9},
    lrsched.ScheduleFreeSGD: {"beta": 0.5, "weight_decay": 0.1},
    lrsched.ScheduleFreeAdamW: {"beta1": 0.9, "beta2": 0.9, "eps": 1e-8, "weight_decay": 0.1},
    lrsched.Quadratic: {"curvatures": [1.0, 2.0], "noise": 0.1, "start": [1.0, 2.0]},
    lrsched.Ravine: {"steepness": 9.0, "noise": 0.1, "start": [1.0, 2.0]},
    lrsched.Digits: {
        "hidden": [8], "activation": "tanh", "loss": "squared", "batch_size": 8, "label_noise": 0.1,
        "fresh_noise": False, "label_seed": 3, "init_scale": 0.5, "feature_decades": 1, "pool_size": 20,
        "width_rule": "mup", "base_width": 16, "start": None,
    },
    PROBLEM.expected_loss: {"schedule": SCHEDULE, "steps": 9},
    PROBLEM.init: {"seeds": [0, 1]},
    PROBLEM.loss: {"params": POINTS},
    PROBLEM.evaluate: {"params": POINTS, "seeds": [0, 1], "split": "test"},
    Ravine().loss: {"params": POINTS},
    Ravine().evaluate: {"params": POINTS, "seeds": [0, 1], "split": "test"},
    DIGITS.init: {"seeds": [0, 1]},
    DIGITS.evaluate: {"params": DIGITS.init([0, 1]), "seeds": [0, 1], "split": "test"},
    DIGITS.sharpness: {"params": DIGITS.init([0, 1]), "seeds": [0, 1], "tolerance": 0.1, "scale": 2.0},
    DIGITS.predict: {"params": DIGITS.init([0, 1]), "split": "test"},
    DIGITS.labels: {"split": "test"},
    DIGITS.noise_scale: {"params": DIGITS.init([0, 1]), "seeds": [0, 1]},
    lrsched.train: {
        "problem": PROBLEM, "optimizer": SGD(), "schedule": SCHEDULE, "steps": 3, "seeds": 3, "record": ["path"],
        "keep": [], "after": HISTORY,
    },
    lrsched.compare: {
        "problem": PROBLEM, "arms": {"a": (SGD(), SCHEDULE)}, "steps": 3, "seeds": 3, "after": HISTORY,
        "executor": None, "progress": False,
    },
    lrsched.tune: {
        "problem": PROBLEM, "optimizer": SGD(), "make_schedule": Constant, "peak_lrs": [0.1, 0.2], "steps": 3,
        "seeds": 2, "executor": None, "progress": False,
    },
    lrsched.tuned_ratio: {"arm": TUNED, "to": TUNED, "draws": 3},
    lrsched.range_test: {
        "problem": PROBLEM, "optimizer": SGD(), "min_lr": 0.01, "max_lr": 1, "steps": 9, "seeds": 2, "smoothing": 0.5,
    },
    lrsched.follow: {
        "problem": DIGITS, "optimizer": SGD(), "schedule": SCHEDULE, "steps": 3, "every": 2, "seeds": 2,
        "measure": DIGITS, "tolerance": 0.1, "preconditioned": False,
    },
    lrsched.convex_bound: {"rates": [0.1, 0.2], "distance": 2, "gradient": 3, "every": 1},
    lrsched.best_scale: {"rates": [0.1, 0.2], "distance": 2, "gradient": 3},
    HISTORY.at: {"t": 9},
    HISTORY.evaluate: {"split": "test", "params": HISTORY.params},
    COMPARISON.scores: {"metric": "loss", "split": "test"},
    COMPARISON.mean: {"name": "a", "metric": "loss", "split": "test"},
    COMPARISON.ratio: {"name": "a", "metric": "loss", "split": "test", "to": "b"},
    COMPARISON.difference: {"name": "a", "metric": "loss", "split": "test", "to": "b"},
    COMPARISON.table: {"metric": "loss", "split": "test", "to": "b"},
    RANGE.suggestions: {"rule": "valley"},
    RANGE.suggest: {"rule": "valley"},
    lrsched.interval: {"values": [1.0, 2.0]},
    plotting.figure: {"panels": 2, "size": (4, 3), "sharex": False, "heights": (1, 2)},
    plotting.log_axis: {"ax": None, "which": "x"},
    plotting.plot_schedule: {"ax": None, "schedule": SCHEDULE, "steps": 9, "label": "cosine"},
    plotting.plot_lr: {"ax": None, "history": HISTORY, "label": "cosine"},
    plotting.plot_loss: {"ax": None, "history": HISTORY, "window": 3, "label": "cosine"},
    plotting.plot_comparison: {"ax": None, "comparison": COMPARISON, "metric": "loss", "split": "test", "to": "b"},
    plotting.plot_range_test: {"ax": None, "test": RANGE, "rule": "valley", "label": "cosine"},
    plotting.label_end: {"ax": None, "label": "cosine"},
    plotting.svg: {"fig": None, "alt": "A line."},
    plotting.png: {"fig": None, "drawn": "<svg></svg>"},
    plotting.show: {"fig": None, "alt": "A line."},
}  # fmt: skip

HOSTILE = {
    "nan": math.nan, "inf": math.inf, "-inf": -math.inf, "0": 0, "-1": -1, "2.5": 2.5, "True": True, "10**400": 10**400,
    "a huge fraction": Fraction(10**400), "1j": 1j, "None": None, "''": "", "'text'": "text", "bytes": b"text",
    "[]": [], "{}": {}, "[nan]": [math.nan], "[-1, -1]": [-1, -1], "[True]": [True], "['text']": ["text"],
    "ragged": [[1.0], [1.0, 2.0]], "empty array": np.array([]), "an array of three axes": np.ones((2, 2, 2)),
    "an array of nan": np.full((2, 2), np.nan), "an array of text": np.array(["text"]), "object": object(),
    "a class": Constant, "a function": lambda t: "text",
}  # fmt: skip
# What of these is right all the same, by the name of the argument; nan is only right where infinity is.
POSITIVE = {"2.5"}
NATURAL = {"0"}
NOT_NEGATIVE = POSITIVE | NATURAL
ANY = {"nan", "inf", "-inf", "0", "-1", "2.5"}
ACCEPTED = {
    **dict.fromkeys(["peak_lr", "step_size", "decay_steps", "first_cycle_steps", "half_cycle_steps"], POSITIVE),
    **dict.fromkeys(["timescale", "total_steps", "power", "div_factor", "final_div_factor", "max_lr"], POSITIVE),
    **dict.fromkeys(["steepness", "tolerance", "epochs", "max_norm", "distance", "gradient"], POSITIVE),
    **dict.fromkeys(["warmup_steps", "threshold", "eps", "weight_decay", "noise", "init_scale"], NOT_NEGATIVE),
    **dict.fromkeys(["feature_decades", "multiplier", "by", "at"], NOT_NEGATIVE),
    **dict.fromkeys(["min_lr", "init_lr", "patience", "cooldown", "alpha", "beta1", "beta2"], NATURAL),
    **dict.fromkeys(["label_noise", "smoothing", "beta"], NATURAL),
    **dict.fromkeys(["nesterov", "fresh_noise", "sharex", "progress", "preconditioned"], frozenset({"True"})),
    **dict.fromkeys(
        ["batch_size", "executor", "to", "size", "heights", "after", "every", "measure"], frozenset({"None"})
    ),
    **dict.fromkeys(["label", "alt", "drawn"], frozenset({"''", "'text'"})),
    "schedule": {"a function"},  # a product or a shift asks it when a rate is asked for
    "metric": ANY | {"None"},  # a number for the plateau scheduler, else the name of a score
    "step": {"inf", "-inf", "0", "-1", "2.5", "10**400", "[]", "[-1, -1]", "empty array", "an array of three axes"},
    "start": {"0", "-1", "2.5", "[-1, -1]", "None"},
    "momentum": {"0", "a function"},  # which is asked when it is used
    "half_life": {"2.5", "None"},
    "label_seed": {"0", "None"},
    "split": {"None"},  # of a plateau scheduler
    "steps": {"0", "None", "2.5"},  # 0 for rates without training, a fraction for a cooldown
    "seeds": {"[]", "empty array", "None"},  # none, where nothing is trained; None for the default
    "keep": {"[]", "empty array"},
    "hidden": {"[]", "empty array"},
    "record": {"[]"},
    "scale": {"None", "0", "2.5"},
    "params": {"None", "[-1, -1]", "an array of three axes", "an array of nan"},  # points; a history has its own
    "values": {"[nan]", "[-1, -1]"},  # of an interval
    "make_schedule": {"a class"},
}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__qualname__)
class TestEveryCall:
    def call(self, call, **changes):
        arguments = CALLS[call] | changes
        if {"ax", "fig"} & {*CALLS[call]} - {*changes}:  # each its own, for a figure is changed by what is drawn in it
            fig, ax = plotting.figure()
            ax.plot([0, 1])
            arguments |= {name: value for name, value in (("ax", ax), ("fig", fig)) if name in CALLS[call]}
        return call(**arguments | changes)

    def test_all_its_arguments_are_here(self, call):
        names = inspect.signature(call).parameters
        assert [name for name in names if name != "line"] == [*CALLS[call]]
        self.call(call)

    def test_a_wrong_argument_is_named(self, call):
        for argument in CALLS[call]:
            for name, value in HOSTILE.items():
                try:
                    self.call(call, **{argument: value})
                except (TypeError, ValueError) as error:
                    assert argument in str(error) and " must " in str(error), (argument, name, error)
                else:
                    assert name in ACCEPTED.get(argument, ()), (argument, name)


def test_everything_public_that_takes_arguments_is_here():
    tested = {call.__qualname__ for call in CALLS} | {
        "Interval",
        "History",
        "Comparison",
        "Tuned",
        "RangeTest",
        "Curvature",
    }
    public = [getattr(module, name) for module in (lrsched, plotting) for name in module.__all__]
    calls = {value.__qualname__ for value in public if callable(value) and not getattr(value, "_is_protocol", False)}
    # The base is not called, results are made by functions, and what others take is tested beside the others.
    assert calls - tested == {"Schedule", "equivalent"}
