"""`to_keras` and `Rate`, on the backend that KERAS_BACKEND names."""

import os

import keras
import numpy as np
import pytest
from test_optax import SCHEDULES, OfItsOwn, T, close

from lrsched import Constant, CosineDecay, LinearDecay, Warmup
from lrsched.keras import KerasSchedule, Rate, to_keras

SCHEDULE = Warmup(CosineDecay(0.1, decay_steps=30, min_lr=1e-3), warmup_steps=10)
X, Y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")


class Used(keras.callbacks.Callback):
    """The rates that each batch used: read after it, as the rate of the update before the count."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_train_batch_begin(self, batch, logs=None):
        rate = self.model.optimizer.learning_rate
        self.rates.append(float(keras.ops.convert_to_numpy(rate)))


def make(rate, **options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse", **options)
    return model


def fit(model, epochs, callbacks=()):
    used = Used()
    model.fit(X, Y, batch_size=2, epochs=epochs, shuffle=False, verbose=0, callbacks=[*callbacks, used])
    return used.rates


def test_the_backend_is_the_one_that_was_asked_for():
    assert keras.backend.backend() == os.environ["KERAS_BACKEND"]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_every_schedule(schedule):
    rate = to_keras(schedule)
    steps = T[T >= 0]
    close([float(rate(t)) for t in steps.tolist()], schedule, steps)
    if keras.backend.backend() == "jax":
        import jax

        traced = jax.jit(rate)
        close([traced(t) for t in steps], schedule, steps)


@pytest.mark.parametrize("jit", [False, "auto"])
def test_fit_counts_updates(jit):
    model = make(to_keras(SCHEDULE), jit_compile=jit)
    close(fit(model, 12), SCHEDULE, np.arange(48))


def test_the_weights_move_by_the_rate():
    """A loss that is the weight itself has the gradient 1."""
    rates, model = [], keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(to_keras(SCHEDULE)), loss=lambda y, outputs: outputs)
    ones = np.ones((1, 1), "float32")
    for _ in range(40):
        before = model.get_weights()[0].item()
        model.train_on_batch(ones, ones)
        rates.append(before - model.get_weights()[0].item())
    np.testing.assert_allclose(rates, SCHEDULE(np.arange(40)), atol=1e-6)


def test_saved_with_the_model_and_resumed_by_its_iterations(tmp_path):
    whole = fit(make(to_keras(SCHEDULE)), 12)
    model = make(to_keras(SCHEDULE))
    first = fit(model, 5)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.optimizer._learning_rate.schedule == SCHEDULE
    assert first + fit(again, 7) == whole


def test_the_callback(tmp_path):
    model = make(1.0)
    first = fit(model, 5, [Rate(SCHEDULE)])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    close(first + fit(again, 7, [Rate(SCHEDULE)]), SCHEDULE, np.arange(48))
    assert fit(make(1.0), 5, [Rate(lambda t: 0.5 if t < 7 else 0.25)]) == [0.5] * 7 + [0.25] * 13


class TestTables:
    def test_what_cannot_be_traced(self):
        expected = [0.3, 0.2, 0.1, 0.1]
        if keras.backend.backend() == "torch":  # traces nothing, and runs Python as it is
            assert [float(to_keras(OfItsOwn())(t)) for t in range(4)] == pytest.approx(expected)
            return
        with pytest.raises(
            TypeError, match=r"^schedule must be one that Keras can trace, got .*; give steps for a table$"
        ):
            to_keras(OfItsOwn())
        assert [float(to_keras(OfItsOwn(), steps=9)(t)) for t in range(4)] == pytest.approx(expected)

    def test_beyond_a_table(self):
        rate = to_keras(Constant(0.1), steps=20)
        assert float(rate(19)) == np.float32(0.1)
        assert np.isnan(float(rate(20)))
        held = to_keras(LinearDecay(0.1, decay_steps=10, min_lr=0.01), steps=20)
        assert float(held(100)) == np.float32(0.01)


def test_refusals():
    for value in (None, 0.1, CosineDecay):
        with pytest.raises(TypeError, match=r"^schedule must be a schedule such as CosineDecay\(0\.1, .*, got "):
            to_keras(value)
        with pytest.raises(TypeError, match=r"^schedule must be a schedule such as CosineDecay\(0\.1, .*, got "):
            Rate(value)
    with pytest.raises(TypeError, match=r"^learning_rate must be a number, where Rate sets it, got "):
        fit(make(to_keras(SCHEDULE)), 1, [Rate(SCHEDULE)])
    assert isinstance(to_keras(SCHEDULE), KerasSchedule)
