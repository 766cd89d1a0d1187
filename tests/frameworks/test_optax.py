"""`to_optax`: every schedule, traced in every way that JAX has."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from test_schedules import ONE_OF_EACH

from lrsched import (
    Constant,
    CosineDecay,
    CosineRestarts,
    Join,
    LinearDecay,
    OneCycle,
    Schedule,
    Shift,
    SqrtCooldown,
    StepDecay,
    Triangular,
    Warmup,
    warmup_stable_decay,
)
from lrsched.optax import to_optax

SCHEDULES = [
    *ONE_OF_EACH,
    StepDecay(0.1, decay_rate=0.5, step_size=7.5),
    CosineRestarts(0.1, first_cycle_steps=7, min_lr=0.001),
    CosineRestarts(0.1, first_cycle_steps=7, cycle_decay=0.7),
    CosineRestarts(0.1, first_cycle_steps=3, cycle_mult=2, min_lr=0.001, cycle_decay=0.9),
    Triangular(0.1, min_lr=0.01, half_cycle_steps=7, cycle_decay=0.5),
    Warmup(CosineDecay(0.1, decay_steps=70), warmup_steps=10, shape="cosine"),
    Warmup(CosineRestarts(0.1, first_cycle_steps=7), warmup_steps=10, shape="sqrt"),
    Warmup(Constant(0.1), warmup_steps=0),
    Join([Warmup(OneCycle(0.1, total_steps=20), warmup_steps=5), SqrtCooldown(0.3, decay_steps=9)], boundaries=[33]),
    Shift(CosineDecay(0.1, decay_steps=80), by=10) * 0.5,
]
T = np.arange(-3, 130)
SINGLE = 1e-6  # of the peak
each = pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)


def close(rates, schedule, steps=T):
    expected = schedule(steps)
    np.testing.assert_allclose(rates, expected, rtol=0, atol=SINGLE * expected.max())


@each
class TestTracing:
    def test_jit(self, schedule):
        rate = jax.jit(to_optax(schedule))
        close([rate(t) for t in T], schedule)

    def test_vmap(self, schedule):
        close(jax.vmap(to_optax(schedule))(jnp.asarray(T)), schedule)
        close(jax.jit(jax.vmap(to_optax(schedule)))(jnp.asarray(T)), schedule)

    def test_scan(self, schedule):
        rate = to_optax(schedule)
        _, rates = jax.lax.scan(lambda t, _: (t + 1, rate(t)), jnp.int32(0), None, length=130)
        close(rates, schedule, np.arange(130))

    def test_plain_numbers(self, schedule):
        close([to_optax(schedule)(t) for t in T.tolist()], schedule)

    def test_double_precision(self, schedule):
        with jax.enable_x64(True):
            rates = jax.jit(jax.vmap(to_optax(schedule)))(jnp.asarray(T))
            assert rates.dtype == jnp.float64
            np.testing.assert_allclose(rates, schedule(T), rtol=0, atol=1e-15)

    def test_in_an_optimiser(self, schedule):
        """A gradient of -1 moves the weight by the rate."""
        optimizer = optax.sgd(to_optax(schedule))

        def update(carry, _):
            weight, state = carry
            change, state = optimizer.update(jnp.float32(-1), state)
            return (weight + change, state), change

        weight = jnp.float32(0)
        _, used = jax.lax.scan(update, (weight, optimizer.init(weight)), None, length=100)
        close(used, schedule, np.arange(100))

    def test_inject_hyperparams(self, schedule):
        optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=to_optax(schedule))
        weight, used = jnp.float32(0), []
        state = optimizer.init(weight)
        update = jax.jit(optimizer.update)
        for _ in range(30):
            change, state = update(jnp.float32(-1), state)
            used.append(state.hyperparams["learning_rate"])
            assert change == used[-1]
        close(used, schedule, np.arange(30))


def test_a_drop_comes_at_its_update_for_every_size():
    """A compiled division may round below a whole number, and a drop would come an update late."""
    for size in (3, 10, 41, 47, 55, 61, 82, 83, 94, 97, 107, 110):  # a product with 1 / size does
        step = StepDecay(1.0, decay_rate=0.5, step_size=size)
        restart = CosineRestarts(1.0, first_cycle_steps=size + 1)
        for schedule, period in ((step, size), (restart, size + 1)):
            t = np.arange(1, 12) * period
            close(jax.jit(jax.vmap(to_optax(schedule)))(jnp.asarray(t)), schedule, t)


@pytest.mark.parametrize("n", [10_000, 1_000_000, 16_000_000])
def test_long_runs(n):
    t = np.unique(np.r_[np.linspace(0, n, 2000).astype(int), n - np.arange(5)])
    for schedule in (
        Warmup(CosineDecay(0.1, decay_steps=n - n // 10), warmup_steps=n // 10),
        warmup_stable_decay(0.1, total_steps=n, warmup_steps=n // 100, decay_steps=n // 5),
        OneCycle(0.1, total_steps=n),
    ):
        close(jax.jit(jax.vmap(to_optax(schedule)))(jnp.asarray(t)), schedule, t)


def test_resume_by_the_state_of_optax():
    schedule = Warmup(CosineDecay(0.1, decay_steps=30), warmup_steps=5)

    def run(weight, state, optimizer, steps):
        used = []
        for _ in range(steps):
            change, state = optimizer.update(jnp.float32(-1), state, weight)
            used.append(float(change))
        return used, state

    optimizer = optax.sgd(to_optax(schedule))
    weight = jnp.float32(0)
    whole, _ = run(weight, optimizer.init(weight), optimizer, 40)
    first, state = run(weight, optimizer.init(weight), optimizer, 17)
    rest, _ = run(weight, state, optax.sgd(to_optax(schedule)), 23)
    assert first + rest == whole


class OfItsOwn(Schedule):
    """A formula that looks into a list: nothing to trace."""

    def _formula(self, t, m):
        return np.array([0.3, 0.2, 0.1])[np.minimum(t, 2).astype(int)] if m is np else [0.3, 0.2, 0.1][min(int(t), 2)]


class TestTables:
    @pytest.mark.parametrize("schedule", [lambda t: 0.3 if t < 5 else 0.1, OfItsOwn()])
    def test_what_cannot_be_traced_says_so_and_has_a_table(self, schedule):
        with pytest.raises(
            TypeError, match=r"^schedule must be one that JAX can trace, got .*; give steps for a table$"
        ):
            to_optax(schedule)
        rate = jax.jit(to_optax(schedule, steps=20))
        close([rate(t) for t in range(20)], lambda t: np.array([schedule(int(x)) for x in t]), np.arange(20))

    def test_what_can_be_traced_needs_none(self):
        close(jax.jit(jax.vmap(to_optax(lambda t: 1 / (1 + t))))(jnp.arange(9)), lambda t: 1 / (1 + t), np.arange(9))

    def test_a_schedule_of_optax_inside_ours(self):
        theirs = optax.cosine_decay_schedule(0.1, 50)
        ours = Warmup(theirs, warmup_steps=10)
        close(
            jax.jit(jax.vmap(to_optax(ours)))(jnp.asarray(T)), Warmup(CosineDecay(0.1, decay_steps=50), warmup_steps=10)
        )

    def test_beyond_a_table(self):
        rate = to_optax(Constant(0.1), steps=20)
        with pytest.raises(ValueError, match=r"^count must be below steps = 20, where the table ends, got 20$"):
            rate(20)
        assert jnp.isnan(jax.jit(rate)(20))
        assert not jnp.isnan(jax.jit(rate)(19))

    def test_beyond_a_table_that_holds_the_end(self):
        rate = to_optax(LinearDecay(0.1, decay_steps=10, min_lr=0.01), steps=20)
        assert float(rate(100)) == float(jax.jit(rate)(100)) == np.float32(0.01)


@pytest.mark.parametrize("value", [None, 0.1, CosineDecay], ids=repr)
def test_no_schedule(value):
    with pytest.raises(TypeError, match=r"^schedule must be a schedule such as CosineDecay\(0\.1, .*, got "):
        to_optax(value)


def test_no_steps():
    with pytest.raises(ValueError, match=r"^steps must be a whole number of 1 or more, got 0$"):
        to_optax(Constant(0.1), steps=0)


@pytest.mark.parametrize("dtype", [jnp.int32, jnp.float32, jnp.float16, jnp.bfloat16, jnp.uint8], ids=repr)
def test_scalars_and_arrays_of_jax(dtype):
    schedule = CosineDecay(0.1, decay_steps=90)
    assert schedule(jnp.asarray(7, dtype)) == schedule(7)
    assert schedule(jnp.asarray([7, 8], dtype)).tolist() == schedule([7, 8]).tolist()
    assert Constant(jnp.asarray(2, dtype)) == Constant(2)
