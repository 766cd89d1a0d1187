"""The code that the pad shows for each library, run as it stands: its rates are those of the drawing."""

import keras
import numpy as np
import pytest
import torch
from live import live

from lrsched import rates

STEPS, DRAWINGS = 200, 20
TEXTS = """(pad, drawings, steps) => drawings.map(points => ({
  rates: [...fill(points, scaleOf(pad), steps)],
  code: Object.fromEntries(Object.keys(dialects).map(name => [name, inCode(name, points, scaleOf(pad))])),
}))"""


def points(seed):
    """A drawing at random: [[update, level], ...]."""
    rng = np.random.default_rng(seed)
    later = np.sort(rng.choice(np.arange(1, STEPS), rng.integers(64), replace=False))
    return [[int(t), int(rng.integers(2**16))] for t in (0, *later)]


DRAWN = live(["live", "draw"], TEXTS, {"low": 0.001, "high": 1}, [points(seed) for seed in range(DRAWINGS)], STEPS)
each = pytest.mark.parametrize("drawing", DRAWN, ids=range(DRAWINGS))


def run(drawing, library, **names):
    exec(drawing["code"][library], names)
    return names


def single(drawing):
    """What single precision may differ by: a few of its last digits at the peak."""
    return pytest.approx(drawing["rates"], rel=0, abs=3e-6 * max(drawing["rates"]))


def test_there_is_code_for_five_libraries_and_drawings_differ():
    assert [list(drawing["code"]) for drawing in DRAWN] == [["lrsched", "torch", "transformers", "Keras", "optax"]] * 20
    assert len({tuple(drawing["rates"]) for drawing in DRAWN}) == DRAWINGS


@each
def test_lrsched(drawing):
    names = run(drawing, "lrsched")
    np.testing.assert_allclose(rates(names["schedule"], STEPS), drawing["rates"], rtol=1e-13)
    assert names["schedule"](STEPS + 50) == names["rates"][-1]


@each
def test_torch(drawing):
    names = run(drawing, "torch", model=torch.nn.Linear(1, 1))
    used = []
    for _ in range(STEPS):
        used += [group["lr"] for group in names["optimizer"].param_groups]
        names["optimizer"].step()
        names["scheduler"].step()
    np.testing.assert_allclose(used, drawing["rates"], rtol=1e-13)


@each
def test_transformers(drawing, tmp_path):
    from test_examples import Model
    from transformers import TrainerCallback, TrainingArguments

    class Rates(TrainerCallback):
        def __init__(self):
            self.used = []

        def on_pre_optimizer_step(self, arguments, state, control, optimizer=None, **_):
            self.used.append(optimizer.param_groups[0]["lr"])

    quiet = {"save_strategy": "no", "logging_strategy": "no", "report_to": [], "disable_tqdm": True, "use_cpu": True}
    arguments = TrainingArguments(tmp_path, max_steps=STEPS, per_device_train_batch_size=1, **quiet)
    data = [{"x": torch.ones(3), "labels": torch.ones(1)}] * 100
    trainer = run(drawing, "transformers", model=Model(), arguments=arguments, data=data)["trainer"]
    callback = Rates()
    trainer.add_callback(callback)
    trainer.train()
    np.testing.assert_allclose(callback.used, drawing["rates"], rtol=1e-13)


@each
def test_keras(drawing):
    names = run(drawing, "Keras")
    schedule = names["Drawing"]()
    assert keras.ops.convert_to_numpy(schedule(np.arange(STEPS))) == single(drawing)
    assert float(schedule(STEPS + 50)) == pytest.approx(names["rates"][-1], rel=1e-6)


def test_keras_in_a_loop():
    from test_keras import Used

    [drawing] = DRAWN[:1]
    model, used = keras.Sequential([keras.layers.Dense(1)]), Used()
    model.compile(run(drawing, "Keras")["optimizer"], loss="mse")
    inputs, targets = np.zeros((STEPS, 3), "float32"), np.ones((STEPS, 1), "float32")
    model.fit(inputs, targets, batch_size=1, verbose=0, callbacks=[used])
    assert np.array(used.rates) == single(drawing)


@each
def test_optax(drawing):
    import jax
    import jax.numpy as jnp

    optimizer = run(drawing, "optax")["optimizer"]

    def update(state, gradient):
        step, state = optimizer.update(gradient, state)
        return state, -step

    _, used = jax.lax.scan(update, optimizer.init(jnp.zeros(())), jnp.ones(STEPS))
    assert np.asarray(used) == single(drawing)
