"""Schedules: values, semantics of time, refusals, accuracy. Live comparisons with other libraries: tests/parity."""

import copy
import inspect
import math
import pickle
import random

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lrsched import schedules
from lrsched.schedules import (
    Constant,
    CosineDecay,
    CosineRestarts,
    ExponentialDecay,
    InverseSqrt,
    InverseTimeDecay,
    Join,
    LinearDecay,
    OneCycle,
    PiecewiseConstant,
    PolynomialDecay,
    Schedule,
    SqrtCooldown,
    StepDecay,
    Triangular,
    Warmup,
    warmup_stable_decay,
)

ONE_OF_EACH = [
    Constant(0.1),
    StepDecay(0.1, decay_rate=0.5, step_size=10),
    ExponentialDecay(0.1, decay_rate=0.5, step_size=10),
    PiecewiseConstant([0.1, 0.03, 0.01], boundaries=[30, 60]),
    InverseTimeDecay(0.1, timescale=20),
    InverseSqrt(0.1, timescale=20),
    PolynomialDecay(0.1, decay_steps=80, power=2.5, min_lr=0.001),
    LinearDecay(0.1, decay_steps=80, min_lr=0.001),
    CosineDecay(0.1, decay_steps=80, min_lr=0.001),
    SqrtCooldown(0.1, decay_steps=80, min_lr=0.001),
    CosineRestarts(0.1, first_cycle_steps=20, min_lr=0.001),
    CosineRestarts(0.1, first_cycle_steps=10, cycle_mult=2, min_lr=0.001),
    Triangular(0.1, min_lr=0.01, half_cycle_steps=12, cycle_decay=0.5),
    OneCycle(0.1, total_steps=80),
    Warmup(CosineDecay(0.1, decay_steps=70), warmup_steps=10, init_lr=0.01),
    Join(
        [Constant(0.1), LinearDecay(0.05, decay_steps=5), StepDecay(0.2, decay_rate=0.1, step_size=7)],
        boundaries=[20, 50],
    ),
    warmup_stable_decay(0.1, total_steps=80, warmup_steps=10, decay_steps=20, min_lr=0.001),
]
DECAYS = [s for s in ONE_OF_EACH if isinstance(s, (PolynomialDecay, LinearDecay, CosineDecay, SqrtCooldown))]
each = pytest.mark.parametrize("schedule", ONE_OF_EACH, ids=lambda s: type(s).__name__)


class TestValues:
    """Literals that other libraries produce, each with the reason where ours differs."""

    # Warm-up 3, run 10, peak 1, start 0, end 0.1, for t = 0..12, as in
    # optax 0.2.8 warmup_cosine_decay_schedule(0, 1, 3, 10, 0.1),
    # keras 3.15.1 CosineDecay(0, 7, alpha=0.1, warmup_target=1, warmup_steps=3) and
    # timm 1.0.31 CosineLRScheduler(t_initial=7, warmup_t=3, warmup_prefix=True).
    WARM_COSINE = (0, 1 / 3, 2 / 3, 1, 0.955436, 0.83057, 0.650134, 0.449866, 0.26943, 0.144564, 0.1, 0.1, 0.1)

    def test_warmup_and_cosine_as_in_optax_keras_and_timm(self):
        schedule = Warmup(CosineDecay(1.0, decay_steps=7, min_lr=0.1), warmup_steps=3)
        assert_allclose(schedule(np.arange(13)), self.WARM_COSINE, atol=5e-7)

    def test_rise_after_the_end_of_transformers_and_torch_is_not_ours(self):
        # transformers 5.24.0 cosine_with_min_lr and torch 2.13.0 SequentialLR([LinearLR, CosineAnnealingLR]) follow
        # the wave upwards after t = 10.
        theirs = [0.1, 0.144564, 0.26943]
        schedule = Warmup(CosineDecay(1.0, decay_steps=7, min_lr=0.1), warmup_steps=3)
        assert_allclose(schedule([10, 9, 8]), theirs, atol=5e-7)  # the same numbers, backwards
        assert_array_equal(schedule([10, 11, 12]), [0.1, 0.1, 0.1])

    def test_decay_steps_leave_the_warmup_out(self):
        # keras with decay_steps=10, the natural mistake: it ends 3 steps late. Ours does the same when told the same.
        theirs = [
            0,
            1 / 3,
            2 / 3,
            1,
            0.977975,
            0.914058,
            0.814503,
            0.689058,
            0.55,
            0.410942,
            0.285497,
            0.185942,
            0.122025,
            0.1,
        ]
        schedule = Warmup(CosineDecay(1.0, decay_steps=10, min_lr=0.1), warmup_steps=3)
        assert_allclose(schedule(np.arange(14)), theirs, atol=5e-7)

    def test_cosine_clock_starts_at_the_end_of_the_warmup(self):
        # timm with warmup_prefix=False, its default, counts the cosine from 0: it drops to 0.814503 at t = 3 and
        # never reaches the peak.
        theirs = [0.814503, 0.689058, 0.55]
        schedule = Warmup(CosineDecay(1.0, decay_steps=7, min_lr=0.1), warmup_steps=3)
        assert schedule(3) == 1.0
        assert_allclose(CosineDecay(1.0, decay_steps=10, min_lr=0.1)([3, 4, 5]), theirs, atol=5e-7)

    def test_warmup_that_skips_the_idle_update(self):
        # transformers cosine_warmup_with_min_lr uses (t + 1) / warmup and stays one step ahead. Here init_lr does it,
        # and the peak is still at t == warmup_steps.
        theirs_for_the_warmup = [1 / 3, 2 / 3, 1]
        schedule = Warmup(Constant(1.0), warmup_steps=2, init_lr=1 / 3)
        assert_allclose(schedule([0, 1, 2]), theirs_for_the_warmup)

    def test_warmup_is_not_a_product(self):
        # torch ChainedScheduler([LinearLR(0.1, 1, 4), CosineAnnealingLR(10)]) multiplies the two and peaks at 0.6545.
        product = Warmup(Constant(1.0), warmup_steps=4, init_lr=0.1)(np.arange(20)) * CosineDecay(1.0, decay_steps=10)(
            np.arange(20)
        )
        assert product.max() == pytest.approx(0.6545, abs=5e-5)
        assert Warmup(CosineDecay(1.0, decay_steps=10), warmup_steps=4, init_lr=0.1)(np.arange(20)).max() == 1.0

    def test_step_decay(self):  # torch StepLR(step_size=10, gamma=0.5)
        assert_array_equal(
            StepDecay(0.1, decay_rate=0.5, step_size=10)([0, 9, 10, 19, 20]), [0.1, 0.1, 0.05, 0.05, 0.025]
        )

    def test_a_boundary_takes_the_new_value(self):
        # torch MultiStepLR(milestones=[3]) and optax: 1 1 1 .1. keras PiecewiseConstantDecay keeps the old value at
        # the boundary: 1 1 1 1 .1. timm MultiStepLRScheduler has the new one a step before: 1 1 .1.
        assert_array_equal(PiecewiseConstant([1, 0.1], boundaries=[3])(np.arange(5)), [1, 1, 1, 0.1, 0.1])

    def test_two_drops_at_one_boundary(
        self,
    ):  # torch MultiStepLR([2, 2, 4], gamma=0.5) counts a doubled milestone twice
        assert_array_equal(
            PiecewiseConstant([1, 0.25, 0.125], boundaries=[2, 4])(np.arange(5)), [1, 1, 0.25, 0.25, 0.125]
        )

    def test_linear_warmup(
        self,
    ):  # torch LinearLR(start_factor=0.05, total_iters=40) at 0.05; its manual says 0.003687 at t = 0
        assert_allclose(Warmup(Constant(0.05), warmup_steps=40, init_lr=0.0025)([0, 1, 40]), [0.0025, 0.0036875, 0.05])

    def test_polynomial(self):  # torch PolynomialLR(50, 0.9) at 0.05; its manual says 0.0490 at t = 0
        assert_allclose(PolynomialDecay(0.05, decay_steps=50, power=0.9)([0, 1, 50]), [0.05, 0.0491, 0], atol=5e-5)

    def test_cosine(self):  # torch CosineAnnealingLR(T_max=4), which rises again after t = 4: 0.1464, 0.5
        assert_allclose(CosineDecay(1.0, decay_steps=4)(np.arange(7)), [1, 0.8536, 0.5, 0.1464, 0, 0, 0], atol=5e-5)

    def test_cosine_restarts(self):  # torch CosineAnnealingWarmRestarts(3, 2); optax and keras agree
        theirs = [1, 0.75, 0.25, 1, 0.933, 0.75, 0.5, 0.25, 0.067, 1]
        assert_allclose(CosineRestarts(1.0, first_cycle_steps=3, cycle_mult=2)(np.arange(10)), theirs, atol=5e-4)

    def test_one_cycle_peak_and_end(self):
        # torch OneCycleLR(total_steps=10, pct_start=0.3) peaks at t = pct * n - 1 = 2 and ends at t = 9; optax and
        # ours peak at 3 and end at 10. All end at peak / (25 * 1e4).
        schedule = OneCycle(1.0, total_steps=10)
        assert schedule(3) == 1.0 == schedule(np.arange(11)).max()
        assert_allclose(schedule([0, 10]), [0.04, 4e-6])

    def test_triangular(self):  # torch CyclicLR(0.1, 1, step_size_up=2, mode="triangular2")
        schedule = Triangular(1.0, min_lr=0.1, half_cycle_steps=2, cycle_decay=0.5)
        assert_allclose(schedule(np.arange(9)), [0.1, 0.55, 1, 0.55, 0.1, 0.325, 0.55, 0.325, 0.1])

    def test_stable_phase_and_floor(self):
        # transformers warmup_stable_decay with min_lr_ratio 0.1 lifts the start of the warm-up as well: 0.1, 0.4,
        # 0.7, 1. Here min_lr is the floor of the decay alone, and init_lr the start.
        schedule = warmup_stable_decay(1.0, total_steps=9, warmup_steps=3, decay_steps=4, shape="linear", min_lr=0.2)
        assert_allclose(schedule(np.arange(11)), [0, 1 / 3, 2 / 3, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.2])
        assert_allclose(Warmup(Constant(1.0), warmup_steps=3, init_lr=0.1)(np.arange(4)), [0.1, 0.4, 0.7, 1])

    @pytest.mark.parametrize(
        "shape, last_used", [("linear", 0.2), ("sqrt", 1 - math.sqrt(0.8)), ("cosine", math.sin(math.pi / 10) ** 2)]
    )
    def test_shapes_of_the_cooldown(
        self, shape, last_used
    ):  # timm's manual: the last of 5 epochs of 1-sqrt still has about 10 %
        schedule = warmup_stable_decay(1.0, total_steps=20, warmup_steps=0, decay_steps=5, shape=shape)
        assert_allclose(schedule([0, 15, 19, 20]), [1, 1, last_used, 0], rtol=1e-14)


class TestTime:
    @each
    def test_numbers_and_arrays_agree(self, schedule):
        steps = np.r_[-3:120, 0.25:100:7.3]
        assert_allclose(schedule(steps), [schedule(t) for t in steps.tolist()], rtol=1e-14)

    @each
    def test_order_and_repetition_change_nothing(self, schedule):
        steps = list(range(100))
        expected = [schedule(t) for t in steps]
        shuffled = random.Random(0).sample(steps, 100)
        assert [schedule(t) for t in shuffled] == [expected[t] for t in shuffled]
        assert_array_equal(schedule(shuffled), schedule(steps)[shuffled])

    @each
    def test_held_before_0(self, schedule):
        assert schedule(-1) == schedule(-1e300) == schedule(-(10**400)) == schedule(0)

    @each
    def test_held_after_the_end(self, schedule):
        end = schedule.total_steps
        if end is None:
            assert schedule(10**30) >= 0
        else:
            assert schedule(end + 1) == schedule(2**31 + 7) == schedule(10**400) == schedule(math.inf) == schedule(end)

    @pytest.mark.parametrize("schedule", DECAYS, ids=lambda s: type(s).__name__)
    def test_a_decay_goes_from_peak_to_floor_and_never_rises(self, schedule):
        assert schedule(0) == pytest.approx(schedule.peak_lr, rel=1e-15)
        assert schedule(schedule.decay_steps) == schedule.min_lr
        assert (np.diff(schedule(np.linspace(-5, 100, 5000))) <= 0).all()

    def test_lengths_may_be_epochs(self):
        in_epochs, in_updates = (StepDecay(0.1, decay_rate=0.5, step_size=s) for s in (0.5, 50))
        assert_array_equal(in_epochs(np.arange(300) / 100), in_updates(np.arange(300)))

    def test_restarts_are_exact_far_out(self):
        starts = [3 * (2**k - 1) for k in range(50)]
        schedule = CosineRestarts(1.0, first_cycle_steps=3, cycle_mult=2)
        assert [schedule(t) for t in starts] == [1.0] * 50
        assert all(schedule(t - 1) < 0.3 for t in starts[1:40])

    def test_a_finished_piece_is_held_and_an_endless_one_cut(self):
        schedule = Join([LinearDecay(1.0, decay_steps=2, min_lr=0.5), Constant(2.0), Constant(3.0)], boundaries=[4, 6])
        assert_array_equal(schedule(np.arange(8)), [1, 0.75, 0.5, 0.5, 2, 2, 3, 3])

    def test_no_rounding_past_the_end(
        self,
    ):  # 1.1 + 0.3 - 1.1 > 0.3 in floating point: a root of a negative number lurks there
        schedule = Warmup(PolynomialDecay(1.0, decay_steps=0.3, power=0.5), warmup_steps=1.1)
        assert schedule(2) == schedule(np.array([2.0]))[0] == pytest.approx(0, abs=1e-7)

    @pytest.mark.parametrize(
        "schedule, length",
        [
            (Constant(1), None),
            (StepDecay(1, decay_rate=0.5, step_size=3), None),
            (CosineRestarts(1, first_cycle_steps=5), None),
            (CosineDecay(1, decay_steps=7), 7),
            (OneCycle(1, total_steps=9), 9),
            (Warmup(CosineDecay(1, decay_steps=7), warmup_steps=3), 10),
            (Warmup(Constant(1), warmup_steps=3), None),
            (Join([Constant(1), LinearDecay(1, decay_steps=4)], boundaries=[6]), 10),
            (Join([LinearDecay(1, decay_steps=4), Constant(1)], boundaries=[6]), None),
            (warmup_stable_decay(1, total_steps=50, warmup_steps=5, decay_steps=10), 50),
            (warmup_stable_decay(1, total_steps=15, warmup_steps=5, decay_steps=10), 15),
            (warmup_stable_decay(1, total_steps=10, warmup_steps=0, decay_steps=10), 10),
        ],
    )
    def test_total_steps(self, schedule, length):
        assert schedule.total_steps == length


class TestWhatNumPyUsersExpect:
    schedule = StepDecay(0.1, decay_rate=0.5, step_size=10)

    @pytest.mark.parametrize(
        "step",
        [10, 10.0, np.int64(10), np.int8(10), np.uint8(10), np.float32(10), np.array(10), np.array(10.0)],
        ids=repr,
    )
    def test_one_step_gives_a_float(self, step):
        assert type(self.schedule(step)) is float
        assert self.schedule(step) == 0.05

    @pytest.mark.parametrize("steps", [[0, 10], (0, 10), range(0, 20, 10), np.array([0, 10], dtype=np.uint8)], ids=repr)
    def test_many_steps_give_an_array(self, steps):
        assert_array_equal(self.schedule(steps), [0.1, 0.05], strict=True)

    @each
    def test_shapes_are_kept(self, schedule):
        for shape in [(0,), (1,), (2, 3), (3, 0), (2, 3, 4)]:
            steps = np.arange(math.prod(shape)).reshape(shape)
            assert schedule(steps).shape == shape
            assert schedule(steps).dtype == np.float64
        assert_array_equal(schedule(np.arange(6).reshape(2, 3).T), schedule(np.arange(6)).reshape(2, 3).T)

    @each
    def test_the_steps_given_are_not_changed(self, schedule):
        steps = np.linspace(-10, 200, 50)
        schedule(steps)
        assert_array_equal(steps, np.linspace(-10, 200, 50))

    def test_steps_beyond_32_bits(self):
        long = CosineDecay(1.0, decay_steps=2**40)
        assert long(2**39) == pytest.approx(0.5)
        assert_allclose(long(np.array([2**39, 2**40 - 2**38])), [0.5, math.sin(math.pi / 8) ** 2])

    @each
    def test_many_blocks(self, schedule):
        steps = np.linspace(0, 90, 20_001)
        assert_allclose(schedule(steps)[::500], schedule(steps[::500]), rtol=1e-15)

    @pytest.mark.parametrize(
        "step", [None, True, "7", [True], [None], ["a"], 1j, [[1], [2, 3]], object, np.array([True])], ids=repr
    )
    @each
    def test_what_is_no_number_is_refused(self, schedule, step):
        with pytest.raises(TypeError, match=r"^step must be a (finite )?number or an array of them, got "):
            schedule(step)

    @pytest.mark.parametrize("step", [math.nan, np.float64("nan"), [0, math.nan], np.array([math.nan])], ids=repr)
    @each
    def test_nan_is_refused(self, schedule, step):
        with pytest.raises(ValueError, match=r"^step must be a (finite )?number or an array of them, got .*nan"):
            schedule(step)

    @pytest.mark.parametrize(
        "schedule", [s for s in ONE_OF_EACH if isinstance(s, (CosineRestarts, Triangular))], ids=repr
    )
    def test_a_cycle_has_no_value_at_infinity(self, schedule):
        for step in (math.inf, [0, math.inf]):
            with pytest.raises(ValueError, match="step must be a finite number"):
                schedule(step)


class TestDataclass:
    @each
    def test_prints_as_its_constructor_call(self, schedule):
        assert eval(repr(schedule), vars(schedules)) == schedule

    @each
    def test_compares_hashes_copies_and_pickles(self, schedule):
        for other in (copy.copy(schedule), copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))):
            assert other == schedule
            assert hash(other) == hash(schedule)
            assert_array_equal(other(np.arange(90)), schedule(np.arange(90)))
        assert len({*ONE_OF_EACH, schedule}) == len(ONE_OF_EACH)

    @each
    def test_cannot_be_changed(self, schedule):
        with pytest.raises(AttributeError):
            schedule.peak_lr = 1.0

    def test_numpy_arguments_become_plain_numbers(self):
        assert repr(StepDecay(np.float64(0.1), decay_rate=np.float32(0.5), step_size=np.int64(10))) == repr(
            StepDecay(0.1, decay_rate=0.5, step_size=10)
        )
        assert Constant(1) == Constant(1.0)

    @each
    def test_keyword_only_after_the_first(self, schedule):
        first, *others = inspect.signature(type(schedule)).parameters.values()
        assert first.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        assert {other.kind for other in others} <= {inspect.Parameter.KEYWORD_ONLY}

    def test_docstrings_give_the_formula_and_an_example(self):
        for name in schedules.__all__:
            assert ">>> " in inspect.getdoc(getattr(schedules, name)), name


REFUSED = [
    (lambda v: Constant(v), "peak_lr", "a number above 0", [0, -0.1, math.nan, math.inf]),
    (
        lambda v: StepDecay(0.1, decay_rate=v, step_size=10),
        "decay_rate",
        "a number above 0 and at most 1",
        [0, -0.5, 1.5, math.nan],
    ),
    (lambda v: StepDecay(0.1, decay_rate=0.5, step_size=v), "step_size", "a number above 0", [0, -1, math.inf]),
    (lambda v: ExponentialDecay(0.1, decay_rate=v), "decay_rate", "a number above 0 and at most 1", [0, 1.01]),
    (lambda v: InverseTimeDecay(0.1, timescale=v), "timescale", "a number above 0", [0, -1]),
    (lambda v: PolynomialDecay(0.1, decay_steps=10, power=v), "power", "a number above 0", [0, -1]),
    (lambda v: CosineDecay(0.1, decay_steps=v), "decay_steps", "a number above 0", [0, -1, math.inf]),
    (lambda v: CosineDecay(0.1, decay_steps=10, min_lr=v), "min_lr", "a number of 0 or more", [-0.1, math.nan]),
    (lambda v: CosineRestarts(0.1, first_cycle_steps=v), "first_cycle_steps", "a number above 0", [0]),
    (
        lambda v: CosineRestarts(0.1, first_cycle_steps=9, cycle_mult=v),
        "cycle_mult",
        "a whole number of 1 or more",
        [0, 1.5],
    ),
    (lambda v: Triangular(0.1, min_lr=0.01, half_cycle_steps=v), "half_cycle_steps", "a number above 0", [0]),
    (
        lambda v: Triangular(0.1, min_lr=0, half_cycle_steps=9, cycle_decay=v),
        "cycle_decay",
        "a number above 0 and at most 1",
        [2],
    ),
    (lambda v: OneCycle(0.1, total_steps=v), "total_steps", "a number above 0", [0, -5]),
    (lambda v: OneCycle(0.1, total_steps=9, pct_start=v), "pct_start", "a number between 0 and 1", [0, 1, 30]),
    (lambda v: OneCycle(0.1, total_steps=9, div_factor=v), "div_factor", "a number of 1 or more", [0.5]),
    (lambda v: OneCycle(0.1, total_steps=9, final_div_factor=v), "final_div_factor", "a number of 1 or more", [0]),
    (lambda v: Warmup(Constant(0.1), warmup_steps=v), "warmup_steps", "a number of 0 or more", [-1, math.nan]),
    (lambda v: Warmup(Constant(0.1), warmup_steps=5, init_lr=v), "init_lr", "a number of 0 or more", [-0.1]),
    (lambda v: PiecewiseConstant([0.1, v], boundaries=[5]), "values[1]", "a number of 0 or more", [-1, math.nan]),
    (lambda v: PiecewiseConstant([0.1, 0.2], boundaries=[v]), "boundaries[0]", "a number above 0", [0, -1]),
]


class TestRefusals:
    @pytest.mark.parametrize(
        "make, name, allowed, values", REFUSED, ids=[f"{name}-{i}" for i, (_, name, *_) in enumerate(REFUSED)]
    )
    def test_wrong_numbers(self, make, name, allowed, values):
        for value in values:
            with pytest.raises(ValueError) as caught:
                make(value)
            assert str(caught.value) == f"{name} must be {allowed}, got {value}"
        for value in ("fast", None, True, [0.1], 1j):
            with pytest.raises(TypeError) as caught:
                make(value)
            assert str(caught.value) == f"{name} must be {allowed}, got {value!r} ({type(value).__name__})"
        with pytest.raises(ValueError, match="must be"):
            make(10**400)

    @pytest.mark.parametrize(
        "make, error, sentence",
        [
            (
                lambda: CosineDecay(0.1, decay_steps=9, min_lr=0.2),
                ValueError,
                "min_lr must be at most peak_lr = 0.1, got 0.2",
            ),
            (
                lambda: Triangular(0.1, min_lr=1, half_cycle_steps=9),
                ValueError,
                "min_lr must be at most peak_lr = 0.1, got 1.0",
            ),
            (
                lambda: PiecewiseConstant([1, 0.1], boundaries=[3, 4]),
                ValueError,
                "boundaries must be one fewer than values (2), got 2",
            ),
            (lambda: PiecewiseConstant([], boundaries=[]), ValueError, "values must not be empty"),
            (
                lambda: PiecewiseConstant([1, 2, 3], boundaries=[4, 3]),
                ValueError,
                "boundaries must rise from each to the next, got [4, 3]",
            ),
            (
                lambda: PiecewiseConstant(0.1, boundaries=[3]),
                TypeError,
                "values must be a list in which each is a number of 0 or more, got 0.1 (float)",
            ),
            (
                lambda: Warmup(0.1, warmup_steps=5),
                TypeError,
                "schedule must be a schedule such as CosineDecay(0.1, decay_steps=100), got 0.1 (float)",
            ),
            (lambda: Warmup(Constant, warmup_steps=5), TypeError, "schedule must be a schedule such as"),
            (
                lambda: Warmup(Triangular(0.1, min_lr=0, half_cycle_steps=9), warmup_steps=5),
                ValueError,
                "schedule must start above 0, got Triangular(",
            ),
            (
                lambda: Warmup(Constant(0.1), warmup_steps=5, init_lr=0.2),
                ValueError,
                "init_lr must be at most schedule(0) = 0.1, got 0.2",
            ),
            (
                lambda: Join([Constant(1), 0.1], boundaries=[5]),
                TypeError,
                "schedules[1] must be a schedule such as Constant(0.1), got 0.1 (float)",
            ),
            (
                lambda: Join(Constant(1), boundaries=[]),
                TypeError,
                "schedules must be a list of schedules, got Constant(peak_lr=1.0) (Constant)",
            ),
            (lambda: Join([], boundaries=[]), ValueError, "schedules must not be empty"),
            (
                lambda: Join([Constant(1), Constant(2)], boundaries=[]),
                ValueError,
                "boundaries must be one fewer than schedules (2), got 0",
            ),
            (
                lambda: Join([Constant(1)] * 3, boundaries=[5, 5]),
                ValueError,
                "boundaries must rise from each to the next, got [5, 5]",
            ),
            (
                lambda: warmup_stable_decay(1, total_steps=10, warmup_steps=5, decay_steps=6),
                ValueError,
                "total_steps must be at least warmup_steps + decay_steps = 5 + 6, got 10",
            ),
            (
                lambda: warmup_stable_decay(1, total_steps=10, warmup_steps=0, decay_steps=6, shape="root"),
                ValueError,
                "shape must be 'linear', 'sqrt' or 'cosine', got 'root'",
            ),
        ],
    )
    def test_wrong_combinations(self, make, error, sentence):
        with pytest.raises(error) as caught:
            make()
        assert str(caught.value).startswith(sentence)


class TestAccuracy:
    """At every step of a run of a million, the last ones included; the textbook form is off by up to 5.7e-6 there."""

    N = 1_000_000

    def error(self, schedule, exact):
        steps = np.arange(self.N)
        return np.max(np.abs(schedule(steps) - exact(steps.astype(np.longdouble))) / exact(steps.astype(np.longdouble)))

    @pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="needs 80-bit long doubles as reference")
    def test_cosine_family(self):
        pi = np.longdouble("3.14159265358979323846264338327950288")
        high = np.longdouble(0.1)  # the double, exactly
        n, half, top = self.N, self.N // 2, self.N // 4

        def wave(share_left):
            return np.sin(pi / 2 * share_left) ** 2

        def one_cycle(t):
            low = np.longdouble(0.1 / 25), np.longdouble(0.1 / 25 / 1e4)
            rise, fall = wave(t / top), wave((n - t) / (n - top))
            return np.where(t < top, low[0] + (high - low[0]) * rise, low[1] + (high - low[1]) * fall)

        for schedule, exact in [
            (CosineDecay(0.1, decay_steps=n), lambda t: high * wave((n - t) / n)),
            (CosineRestarts(0.1, first_cycle_steps=half), lambda t: high * wave((half - t % half) / half)),
            (OneCycle(0.1, total_steps=n, pct_start=0.25), one_cycle),
            (
                Join([Constant(0.1), CosineDecay(0.1, decay_steps=half)], boundaries=[half]),
                lambda t: high * wave(np.minimum(1, (n - t) / half)),
            ),
        ]:
            assert self.error(schedule, exact) <= 1e-15, schedule

    def test_the_textbook_form_is_worse(self):  # the check above can fail
        n = self.N

        class Textbook(Schedule):
            def _formula(self, t, m):
                return 0.1 * (1 + m.cos(m.pi * t / n)) / 2

        assert (
            self.error(Textbook(), lambda t: np.longdouble(0.1) * np.sin(np.longdouble(np.pi) / 2 * (n - t) / n) ** 2)
            > 1e-6
        )

    def test_last_steps_against_high_precision(self):
        mpmath = pytest.importorskip("mpmath")
        with mpmath.workdps(50):
            for left in range(1, 200):
                for schedule, exact in [
                    (
                        CosineDecay(0.1, decay_steps=self.N),
                        mpmath.mpf(0.1) * mpmath.sin(mpmath.pi * left / (2 * self.N)) ** 2,
                    ),
                    (
                        SqrtCooldown(0.1, decay_steps=self.N),
                        mpmath.mpf(0.1) * (1 - mpmath.sqrt(1 - mpmath.mpf(left) / self.N)),
                    ),
                ]:
                    assert abs(schedule(self.N - left) / exact - 1) < 1e-15, (schedule, left)


class TestOwnSchedules:
    def test_a_new_schedule_needs_a_formula_alone(self):
        class Quarter(Schedule):
            def _formula(self, t, m):
                return 0.25 * t

        assert Quarter()(4) == 1.0
        assert_array_equal(Quarter()([0, 4]), [0, 1])
