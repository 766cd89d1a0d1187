"""What practitioners asked of schedules: composing, lengths, foreign names, writing down, the command line."""

import json
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from test_schedules import ONE_OF_EACH

import lrsched
from lrsched import (
    Constant,
    CosineDecay,
    CosineRestarts,
    Join,
    LinearDecay,
    OneCycle,
    PiecewiseConstant,
    Product,
    Schedule,
    Shift,
    SqrtCooldown,
    StepDecay,
    Triangular,
    Warmup,
    cooldown,
    equivalent,
    plotting,
    schedules,
    updates,
    warmup_stable_decay,
)
from lrsched import __main__ as command
from lrsched.equivalents import LIBRARIES, NO_EQUAL, REGISTRY

T = np.arange(120)
each = pytest.mark.parametrize("schedule", ONE_OF_EACH, ids=lambda s: type(s).__name__)


class TestProductAndShift:
    @each
    def test_times_a_number(self, schedule):
        assert schedule * 0.3 == 0.3 * schedule
        assert_array_equal((schedule * 0.3)(T), 0.3 * schedule(T))
        assert (0.3 * schedule)(7) == 0.3 * schedule(7)
        assert (schedule * 0.3).total_steps == schedule.total_steps

    def test_numbers_of_numpy_on_either_side(self):
        schedule = LinearDecay(0.1, decay_steps=9)
        expected = Product(schedule, multiplier=0.5)
        for half in (0.5, np.float64(0.5), np.float32(0.5), np.array(0.5)):
            assert half * schedule == schedule * half == expected

    @pytest.mark.parametrize("value", [None, "2", True, [2], Constant(1), np.ones(2)], ids=repr)
    def test_times_what_is_no_number(self, value):
        with pytest.raises(TypeError, match=r"^multiplier must be a number of 0 or more, got "):
            LinearDecay(0.1, decay_steps=9) * value

    def test_times_a_negative_number(self):
        with pytest.raises(ValueError, match=r"^multiplier must be a number of 0 or more, got -1$"):
            Constant(0.1) * -1

    @each
    def test_a_shift(self, schedule):
        assert_array_equal(Shift(schedule, by=13)(T), schedule(T + 13))
        assert Shift(schedule, by=13)(5) == schedule(18)

    def test_a_shift_beyond_the_end(self):
        assert Shift(LinearDecay(0.1, decay_steps=9, min_lr=0.01), by=20)([0, 5]).tolist() == [0.01, 0.01]

    @pytest.mark.parametrize(
        "inside", [CosineRestarts(0.1, first_cycle_steps=5), Triangular(0.1, min_lr=0.01, half_cycle_steps=4)]
    )
    def test_what_cycles_has_no_value_at_infinity_inside_either(self, inside):
        for schedule in (inside * 2, Shift(inside, by=3), Join([Constant(0.1), inside], boundaries=[5])):
            with pytest.raises(ValueError, match="step must be a finite number"):
                schedule(float("inf"))


class TestCallables:
    """A plain function of the step stands wherever a schedule is composed or drawn."""

    TABLE = (0.5, 0.4, 0.3, 0.2, 0.1)

    def table(self, t):
        return self.TABLE[min(t, 4)]

    def test_in_compositions(self):
        rates = [self.table(t) for t in range(8)]
        warm = Warmup(self.table, warmup_steps=2)
        assert warm(np.arange(10)).tolist() == [0, 0.25, *rates] == [warm(t) for t in range(10)]
        joined = Join([Constant(1.0), self.table], boundaries=[3])
        assert joined(np.arange(11)).tolist() == [1, 1, 1, *rates] == [joined(t) for t in range(11)]
        assert Product(self.table, multiplier=2)(np.arange(8)).tolist() == [2 * rate for rate in rates]
        assert Shift(self.table, by=2)([0, 1]).tolist() == rates[2:4]
        assert cooldown(self.table, at=1, steps=2, shape="linear")([0, 1, 2, 3]).tolist() == [0.5, 0.4, 0.2, 0]
        assert warm.total_steps is None

    def test_between_two_updates(self):
        assert Warmup(lambda t: 1 / (1 + t), warmup_steps=2)(2.5) == 1 / 1.5

    def test_drawn(self):
        _, ax = plotting.figure()
        plotting.plot_schedule(ax, self.table, 5)
        assert ax.lines[0].get_ydata().tolist() == [*self.TABLE]

    @pytest.mark.parametrize(
        "value, error", [(-1, ValueError), (float("nan"), ValueError), ("fast", TypeError), (None, TypeError)]
    )
    def test_what_is_no_rate_is_refused(self, value, error):
        with pytest.raises(error, match=r"^schedules\[1\]\(2\) must be a number of 0 or more, got "):
            Join([Constant(0.1), lambda t: value], boundaries=[3])(5)

    def test_a_class_is_refused(self):
        for make in (
            lambda: Warmup(Constant, warmup_steps=5),
            lambda: Product(Constant, multiplier=1),
            lambda: Shift(Constant, by=1),
        ):
            with pytest.raises(TypeError, match=r"^schedule must be a schedule such as .*\(type\), a class: call it$"):
                make()


class TestShapes:
    def test_a_rise_mirrors_the_decay(self):
        for shape, kind in (("linear", LinearDecay), ("cosine", CosineDecay), ("sqrt", SqrtCooldown)):
            rise = Warmup(Constant(0.1), warmup_steps=20, init_lr=0.01, shape=shape)
            fall = kind(0.1, decay_steps=20, min_lr=0.01)
            np.testing.assert_allclose(rise(np.arange(21)), fall(np.arange(21))[::-1], rtol=1e-14)

    def test_restarts_with_a_shrinking_peak(self):
        schedule = CosineRestarts(0.1, first_cycle_steps=10, cycle_mult=2, min_lr=0.02, cycle_decay=0.5)
        assert schedule([0, 10, 30, 70]).tolist() == pytest.approx([0.1, 0.06, 0.04, 0.03])
        even = CosineRestarts(0.1, first_cycle_steps=10, cycle_decay=0.5)
        assert even([0, 10, 20]).tolist() == [even(t) for t in (0, 10, 20)] == pytest.approx([0.1, 0.05, 0.025])

    def test_cycles_whose_last_update_uses_the_minimum(self):
        n = 10
        schedule = Join([CosineDecay(0.1, decay_steps=n - 1, min_lr=0.01)] * 3, boundaries=[n, 2 * n])
        assert schedule(np.array([0, 1, 2, 3]) * n).tolist() == [0.1, 0.1, 0.1, 0.01]
        assert schedule(np.array([1, 2, 3]) * n - 1).tolist() == [0.01] * 3

    def test_an_unknown_shape(self):
        with pytest.raises(ValueError, match="shape must be 'linear', 'sqrt' or 'cosine', got 'exp'"):
            Warmup(Constant(0.1), warmup_steps=5, shape="exp")


class TestLengths:
    @pytest.mark.parametrize(
        "expected, samples, batch_size, options",
        [
            (10, 100, 10, {}),
            (11, 101, 10, {}),
            (3, 101, 10, {"accumulate": 4}),
            (6, 101, 10, {"processes": 2}),
            (2, 101, 10, {"processes": 2, "accumulate": 4}),
            (6, 101, 10, {"processes": 2, "accumulate": 4, "epochs": 3}),
            (17, 101, 10, {"epochs": 1.5}),
            (1, 1, 1000, {}),
        ],
    )
    def test_updates(self, expected, samples, batch_size, options):
        assert updates(samples, batch_size, **options) == expected
        assert type(updates(samples, batch_size, **options)) is int

    @pytest.mark.parametrize("name", ["samples", "batch_size", "accumulate", "processes", "epochs"])
    def test_updates_refuses(self, name):
        given = {"samples": 10, "batch_size": 2}
        for value in (0, -1, 1.5 if name != "epochs" else 0, None):
            with pytest.raises((ValueError, TypeError), match=rf"^{name} must be a "):
                updates(**given | {name: value})

    def test_a_share_is_no_warmup(self):
        sentence = (
            "warmup_steps must be 0 or at least 1, got 0.05; for a share of a run, give round(0.05 * its updates)"
        )
        for make in (
            lambda: Warmup(Constant(0.1), warmup_steps=0.05),
            lambda: warmup_stable_decay(0.1, total_steps=100, warmup_steps=0.05, decay_steps=10),
        ):
            with pytest.raises(ValueError, match=re.escape(sentence)):
                make()

    def test_counted_in_tokens(self):
        in_updates, in_tokens = (Warmup(CosineDecay(0.1, decay_steps=90 * k), warmup_steps=10 * k) for k in (1, 4096))
        np.testing.assert_allclose(in_tokens(T * 4096), in_updates(T), rtol=1e-12)


class TestCooldown:
    @pytest.mark.parametrize("shape, kind", [("sqrt", SqrtCooldown), ("linear", LinearDecay), ("cosine", CosineDecay)])
    def test_from_where_the_run_is(self, shape, kind):
        running = Warmup(CosineDecay(0.1, decay_steps=200), warmup_steps=10)
        down = cooldown(running, at=60, steps=20, shape=shape, min_lr=1e-4)
        assert_array_equal(down(np.arange(60)), running(np.arange(60)))
        assert_array_equal(down(np.arange(60, 100)), kind(running(60), decay_steps=20, min_lr=1e-4)(np.arange(40)))
        assert down.total_steps == 80

    def test_as_a_planned_one(self):
        planned = warmup_stable_decay(0.1, total_steps=100, warmup_steps=10, decay_steps=20)
        assert cooldown(Warmup(Constant(0.1), warmup_steps=10), at=80, steps=20) == planned

    def test_from_the_start(self):
        assert cooldown(Constant(0.1), at=0, steps=20, shape="linear") == LinearDecay(0.1, decay_steps=20)

    @pytest.mark.parametrize(
        "arguments, sentence",
        [
            ({"at": -1}, "at must be a number of 0 or more, got -1"),
            ({"at": 100}, "at must be a step at which the rate is above 0, got 100"),
            ({"steps": 0}, "steps must be a number above 0, got 0"),
            ({"shape": "exp"}, "shape must be 'linear', 'sqrt' or 'cosine', got 'exp'"),
            ({"min_lr": 0.2}, "min_lr must be at most peak_lr = 0.05, got 0.2"),
        ],
    )
    def test_refusals(self, arguments, sentence):
        with pytest.raises(ValueError) as caught:
            cooldown(LinearDecay(0.1, decay_steps=100), **{"at": 50, "steps": 10} | arguments)
        assert str(caught.value) == sentence


class TestForeignNames:
    @pytest.mark.parametrize(
        "make, got",
        [
            (
                lambda: CosineDecay(lr=0.1, T_max=9),
                "'lr' (did you mean peak_lr?) and 'T_max' (did you mean decay_steps?)",
            ),
            (lambda: CosineDecay(0.1, decay_steps=9, eta_min=0), "'eta_min' (did you mean min_lr?)"),
            (lambda: StepDecay(0.1, gamma=0.5, step_size=3), "'gamma' (did you mean decay_rate?)"),
            (
                lambda: CosineRestarts(0.1, T_0=5, T_mult=2),
                "'T_0' (did you mean first_cycle_steps?) and 'T_mult' (did you mean cycle_mult?)",
            ),
            (lambda: Warmup(Constant(0.1), num_warmup_steps=5), "'num_warmup_steps' (did you mean warmup_steps?)"),
            (lambda: OneCycle(max_lr=0.1, total_steps=5), "'max_lr' (did you mean peak_lr?)"),
            (lambda: Triangular(0.1, base_lr=0, half_cycle_steps=5), "'base_lr' (did you mean peak_lr?)"),
            (lambda: Join([Constant(0.1)], milestones=[]), "'milestones' (did you mean boundaries?)"),
            (lambda: LinearDecay(0.1, decay_stepz=5), "'decay_stepz' (did you mean decay_steps?)"),
            (lambda: LinearDecay(0.1, decay_steps=5, verbose=True), "'verbose'"),
            (
                lambda: warmup_stable_decay(0.1, num_training_steps=9, warmup_steps=1, decay_steps=2),
                "'num_training_steps' (did you mean total_steps?)",
            ),
        ],
    )
    def test_are_answered_with_ours(self, make, got):
        with pytest.raises(TypeError) as caught:
            make()
        assert str(caught.value).endswith(f", got {got}")

    def test_the_sentence(self):
        with pytest.raises(
            TypeError, match=r"^LinearDecay takes peak_lr, decay_steps and min_lr, got 'lr' \(did you mean peak_lr\?\)$"
        ):
            LinearDecay(lr=0.1)

    def test_too_many_by_position(self):
        with pytest.raises(
            TypeError, match=r"^LinearDecay takes peak_lr alone by position and decay_steps and min_lr by name, got 2"
        ):
            LinearDecay(0.1, 5)

    def test_every_answer_is_an_argument_of_ours(self):
        ours = {field for s in ONE_OF_EACH for field in type(s).__dataclass_fields__}
        assert lrsched._names.FOREIGN.keys() <= ours


class TestWritingDown:
    @each
    def test_there_and_back(self, schedule):
        state = json.loads(json.dumps(schedule.to_dict()))
        assert Schedule.from_dict(state) == schedule

    def test_compositions(self):
        schedule = cooldown(Warmup(Constant(0.1) * 0.5, warmup_steps=5, shape="cosine"), at=30, steps=5)
        schedule = Join([Shift(schedule, by=2), PiecewiseConstant([0.1, 0.2], boundaries=[3])], boundaries=[40])
        assert Schedule.from_dict(json.loads(json.dumps(schedule.to_dict()))) == schedule

    def test_the_class_is_named(self):
        assert (LinearDecay(0.1, decay_steps=3) * 2).to_dict() == {
            "class": "Product",
            "schedule": {"class": "LinearDecay", "peak_lr": 0.1, "decay_steps": 3, "min_lr": 0.0},
            "multiplier": 2,
        }

    @pytest.mark.parametrize(
        "state, error, sentence",
        [
            (
                {"class": "CosineDecoy"},
                ValueError,
                r"class must be one of .*, got 'CosineDecoy' \(did you mean CosineDecay\?\)$",
            ),
            ({"class": "_Decay"}, ValueError, r"class must be one of .*, got '_Decay'"),
            (
                {"peak_lr": 0.1},
                TypeError,
                r"state must be a dict with the name of a 'class', got \{'peak_lr': 0.1\} \(dict\)$",
            ),
            (None, TypeError, r"state must be a dict with the name of a 'class', got None \(NoneType\)$"),
            (
                {"class": "Constant", "lr": 0.1},
                TypeError,
                r"Constant takes peak_lr, got 'lr' \(did you mean peak_lr\?\)$",
            ),
            ({"class": "Constant", "peak_lr": -1}, ValueError, r"peak_lr must be a number above 0, got -1$"),
        ],
    )
    def test_refusals(self, state, error, sentence):
        with pytest.raises(error, match=f"^{sentence}"):
            Schedule.from_dict(state)

    def test_a_function_cannot_be_written_down(self):
        with pytest.raises(TypeError, match=r"^schedule must be a schedule to be written down, got <function"):
            Warmup(lambda t: 1, warmup_steps=3).to_dict()

    def test_nothing_can_be_written_into_a_schedule(self):
        schedule, text = CosineDecay(0.1, decay_steps=90), repr(CosineDecay(0.1, decay_steps=90))
        schedule.__dict__.update(peak_lr=5.0, decay_steps=3)
        vars(schedule)["peak_lr"] = 5.0
        assert repr(schedule) == text
        assert schedule.__dict__.copy() == {}
        assert "peak_lr" in dir(schedule)
        assert pickle.loads(pickle.dumps(schedule)) == schedule


class TestScalars:
    def test_numpy(self):
        schedule = CosineDecay(0.1, decay_steps=90)
        kinds = [np.int8, np.uint64, np.float16, np.float32, np.float64, np.longdouble]
        assert [schedule(kind(7)) for kind in kinds] == [schedule(7)] * len(kinds)
        assert [Constant(kind(7)) for kind in kinds] == [Constant(7)] * len(kinds)
        assert CosineDecay(np.array(0.1), decay_steps=np.array(90)) == schedule
        assert type(schedule(np.longdouble(7))) is float

    @pytest.mark.parametrize(
        "value", [np.bool_(True), np.str_("7"), np.datetime64("2020-01-01"), np.complex64(1)], ids=repr
    )
    def test_what_is_no_number(self, value):
        with pytest.raises(TypeError, match=r"^step must be a number or an array of them, got "):
            CosineDecay(0.1, decay_steps=90)(value)
        with pytest.raises(TypeError, match=r"^decay_steps must be a number above 0, got "):
            CosineDecay(0.1, decay_steps=value)


class TestEquivalent:
    """The registry without the libraries; `make parity` compares with them."""

    @pytest.mark.parametrize("name", REGISTRY)
    def test_each_example_has_an_equal_that_says_what_differs(self, name):
        schedule = equivalent(name, **REGISTRY[name].example)
        assert schedule.__doc__ == f"As {name}. {REGISTRY[name].differs}"
        assert REGISTRY[name].differs.startswith("The same")
        if name != "torch.LambdaLR":
            assert eval(repr(schedule), vars(schedules)) == schedule == Schedule.from_dict(schedule.to_dict())

    @pytest.mark.parametrize("name", NO_EQUAL)
    def test_where_there_is_none_it_says_why(self, name):
        with pytest.raises(ValueError) as caught:
            equivalent(name)
        assert str(caught.value) == f"{name} has no equal here: {NO_EQUAL[name]}"

    @pytest.mark.parametrize(
        "name, near",
        [
            ("torch.OneCycle", "torch.OneCycleLR"),
            ("OneCycleLR", "torch.OneCycleLR"),
            ("torch.onecyclelr", "torch.OneCycleLR"),
            ("transformer.cosine", "transformers.cosine"),
            ("optax.cosine_schedule", "optax."),
            ("timm.CosineLR", "timm.CosineLRScheduler"),
        ],
    )
    def test_unknown_names_say_what_is_near(self, name, near):
        with pytest.raises(ValueError, match=rf"^name must be that of .*, got '{name}' \(did you mean {near}"):
            equivalent(name)

    def test_other_ways_to_write_a_name(self):
        step = equivalent("torch.StepLR", lr=0.1, step_size=3)
        assert equivalent("torch.optim.lr_scheduler.StepLR", lr=0.1, step_size=3) == step
        assert equivalent("PyTorch.StepLR", lr=0.1, step_size=3) == step
        linear = {"lr": 0.1, "num_warmup_steps": 2, "num_training_steps": 9}
        assert equivalent("transformers.get_linear_schedule_with_warmup", **linear) == equivalent(
            "transformers.linear", **linear
        )
        keras = {"initial_learning_rate": 0.1, "decay_steps": 9}
        assert equivalent("tf.keras.optimizers.schedules.CosineDecay", **keras) == equivalent(
            "keras.CosineDecay", **keras
        )
        assert set(LIBRARIES.values()) < {name.split(".")[0] for name in REGISTRY}

    @pytest.mark.parametrize(
        "name, arguments, error, sentence",
        [
            ("torch.StepLR", {"lr": 0.1}, TypeError, "torch.StepLR takes lr, step_size and gamma, got no step_size"),
            ("torch.StepLR", {"step_size": 3}, TypeError, "torch.StepLR takes lr, step_size and gamma, got no lr"),
            (
                "torch.StepLR",
                {"lr": 0.1, "step_siz": 3},
                TypeError,
                "torch.StepLR takes lr, step_size and gamma, got 'step_siz' (did you mean step_size?)",
            ),
            ("torch.StepLR", {"lr": 0.1, "step_size": 3, "last_epoch": 7}, ValueError, "last_epoch must be -1, got 7"),
            ("torch.StepLR", {"lr": -1, "step_size": 3}, ValueError, "peak_lr must be a number above 0, got -1"),
            (
                "torch.CyclicLR",
                {"base_lr": 0.1, "max_lr": 1, "step_size_up": 3, "step_size_down": 5},
                ValueError,
                "step_size_down must be 3 to have an equal here, got 5: our triangles fall as fast as they rise",
            ),
            (
                "keras.PolynomialDecay",
                {"initial_learning_rate": 0.1, "decay_steps": 9, "cycle": True},
                ValueError,
                "cycle must be False to have an equal here, got True: ",
            ),
            (
                "transformers.linear",
                {"lr": 0.1, "num_warmup_steps": 9, "num_training_steps": 9},
                ValueError,
                "num_training_steps must be above num_warmup_steps = 9, got 9",
            ),
            (
                "torch.OneCycleLR",
                {"max_lr": 0.1},
                ValueError,
                "total_steps, or epochs * steps_per_epoch, must be at least 2",
            ),
        ],
    )
    def test_refusals(self, name, arguments, error, sentence):
        with pytest.raises(error) as caught:
            equivalent(name, **arguments)
        assert str(caught.value).startswith(sentence)

    def test_arguments_without_an_effect_on_the_rate(self):
        plain = {"lr": 0.1, "step_size": 3}
        assert equivalent("torch.StepLR", **plain, last_epoch=-1) == equivalent("torch.StepLR", **plain)
        keras = {"initial_learning_rate": 0.1, "decay_steps": 9}
        assert equivalent("keras.CosineDecay", **keras, name="mine") == equivalent("keras.CosineDecay", **keras)


class TestCommand:
    SCHEDULE = "Warmup(CosineDecay(0.1, decay_steps=90), warmup_steps=10)"

    def run(self, capsys, *arguments):
        assert command.main([*arguments]) is None
        return capsys.readouterr().out

    def test_table(self, capsys):
        schedule = Warmup(CosineDecay(0.1, decay_steps=90), warmup_steps=10)
        header, *rows = self.run(capsys, "table", self.SCHEDULE).splitlines()
        assert header.split() == ["update", "rate"]
        cells = [row.split() for row in rows]
        assert [int(t) for t, _ in cells] == [0, 10, 20, 30, 40, 50, 59, 69, 79, 89, 99]
        assert all(float(rate) == pytest.approx(schedule(int(t)), rel=1e-5) for t, rate in cells)

    def test_a_table_beyond_the_end_says_so(self, capsys):
        assert self.run(capsys, "table", self.SCHEDULE, "--steps", "200").endswith(
            "From update 100 on the rate is held at 0.\n"
        )

    def test_plot(self, capsys):
        lines = self.run(capsys, "plot", "LinearDecay(0.1, decay_steps=64)").splitlines()
        assert lines[0].startswith("      0.1 |######")
        marks = [line.count("#") for line in lines[: command.HEIGHT]]
        assert marks == sorted(marks)
        assert marks[-1] == 64
        assert lines[-1].split() == ["update", "0", "63"]

    def test_others_expressions(self, capsys):
        assert "0.05" in self.run(capsys, "table", "Constant(0.1) * 0.5", "--steps", "3")
        assert "0.004" in self.run(capsys, "table", "equivalent('torch.OneCycleLR', max_lr=0.1, total_steps=100)")

    @pytest.mark.parametrize(
        "arguments, sentence",
        [
            (["table", "Constant(0.1)"], "the schedule has no end: say with --steps how many updates to show"),
            (["table", "Constant(0.1)", "--steps", "0"], "--steps must be a whole number of 1 or more, got 0"),
            (
                ["plot", "CosineDecoy(0.1)"],
                "schedule must be a constructor call, got 'CosineDecoy(0.1)': name 'CosineDecoy'",
            ),
            (
                ["plot", "Constant(lr=0.1)"],
                "schedule must be a constructor call, got 'Constant(lr=0.1)': Constant takes peak_lr",
            ),
            (["plot", "Constant("], "schedule must be a constructor call, got 'Constant(': "),
            (["plot", "0.1"], "schedule must be a constructor call, got '0.1', a float"),
            (["plot", "__import__('os').getcwd()"], "schedule must be a constructor call, got "),
        ],
    )
    def test_refusals(self, arguments, sentence):
        assert command.main(arguments).startswith(sentence)

    def test_from_the_shell(self):
        code = [sys.executable, "-m", "lrsched", "table"]
        done = subprocess.run([*code, "LinearDecay(0.1, decay_steps=2)"], capture_output=True, text=True)
        assert done.stdout.split() == ["update", "rate", "0", "0.1", "1", "0.05"]
        refused = subprocess.run([*code, "1"], capture_output=True, text=True)
        assert (refused.returncode, refused.stderr) == (1, "schedule must be a constructor call, got '1', a int\n")


def test_the_version_is_that_of_the_package():
    assert re.fullmatch(r"\d+\.\d+\.\d+", lrsched.__version__)


def test_no_framework_is_imported():
    code = (
        "import sys, lrsched; from lrsched import *; lrsched.equivalent, lrsched.__version__; print({*sys.modules} & "
    )
    code += "{'torch', 'jax', 'keras', 'optax', 'timm', 'transformers'})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
