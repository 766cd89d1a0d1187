"""The examples that the book shows, run; and the table of what each framework received against `schedule(t)`."""

import itertools
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from shared import EPOCHS, SAMPLES, SCHEDULE
from torch.optim.optimizer import register_optimizer_step_post_hook

from lrsched import CosineDecay, updates
from lrsched.torch import attach, layer_groups

HERE = Path(__file__).parent
EXAMPLES = sorted((HERE / "examples").glob("*.py"))
RECEIVED = {}  # the largest difference to the schedule, and how many updates were compared


def run(name, **names):
    path = HERE / "examples" / f"{name}.py"
    exec(compile(path.read_text(), path, "exec"), names)
    return names


def received(label, rates, schedule, first=0, within=0.0):
    expected = schedule(np.arange(first, first + len(rates)))
    difference = np.abs(np.asarray(rates, dtype=np.float64) - expected).max() / expected.max()
    RECEIVED[label] = len(rates), difference
    assert difference <= within, label


@pytest.fixture(scope="module", autouse=True)
def table(pytestconfig):
    yield
    lines = [f"{'':34}{'updates':>8}  largest difference / peak"]
    lines += [f"{label:34}{count:8}  {difference:.1e}" for label, (count, difference) in RECEIVED.items()]
    with pytestconfig.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        print("\n\nWhat each framework received against schedule(t)\n" + "\n".join(lines))


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_at_most_15_lines(path):
    assert len([line for line in path.read_text().splitlines() if line.strip()]) <= 15


def used_by(optimizer, group=0):
    rates = []
    optimizer.register_step_post_hook(lambda o, *_: rates.append(float(o.param_groups[group]["lr"])))
    return rates


class TestTorch:
    @pytest.fixture
    def rates(self):
        """The rates of all optimisers: of the last group, as each update used it."""
        rates = []
        hook = register_optimizer_step_post_hook(
            lambda o, *_: None if getattr(o, "found_inf", 0) else rates.append([g["lr"] for g in o.param_groups])
        )
        yield rates
        hook.remove()

    def test_loop(self, rates):
        names = {"body": torch.nn.Linear(3, 3), "head": torch.nn.Linear(3, 1), "schedule": SCHEDULE}
        names |= {"loss_of": torch.nn.functional.mse_loss, "checkpoint": None}
        batches = [(torch.ones(2, 3), torch.ones(2, 1))] * 45
        names = run("torch_loop", **names, batches=batches[:20])
        run("torch_loop", **{**names, "batches": batches[20:]})
        received("torch: loop, two groups, resumed", [two[1] for two in rates], SCHEDULE)
        assert [two[0] for two in rates] == [0.1 * two[1] for two in rates]

    @pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
    def test_mixed_precision(self, fused, rates):
        skips = {0, 1, 7, 8, 30}  # of the updates that were tried

        def loss_of(outputs, targets):
            tried = next(counter) // 2
            return outputs.square().mean() * (torch.inf if tried in skips else 1)

        counter = itertools.count()
        batches = [(torch.ones(2, 3), None)] * 2 * (40 + len(skips))
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        names = {"model": torch.nn.Linear(3, 1), "schedule": SCHEDULE, "batches": batches, "loss_of": loss_of}
        names = run("torch_amp", **names, device="cpu", dtype=torch.bfloat16, scaler=scaler, accumulate=2, fused=fused)
        received(f"torch: AMP, {len(skips)} skipped{', fused' * fused}", [one[0] for one in rates], SCHEDULE)
        assert names["attached"].t == 40

    def test_timm(self, rates):
        timm = pytest.importorskip("timm")
        model = timm.create_model(
            "vit_tiny_patch16_224", img_size=32, depth=2, embed_dim=24, num_heads=2, num_classes=2
        )
        names = run("timm_layers", model=model, batches=[torch.ones(1, 3, 32, 32)] * 45)
        scales = [group["lr_scale"] for group in names["optimizer"].param_groups]
        assert len(set(scales)) == 4
        received("timm: lr_scale", [all_[scales.index(1.0)] for all_ in rates], SCHEDULE)
        assert all(all_ == [scale * SCHEDULE(t) for scale in scales] for t, all_ in enumerate(rates))


class Model(torch.nn.Module):
    """What the Trainer of transformers wants: it returns its loss."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 1)

    def forward(self, x, labels=None):
        return {"loss": (self.linear(x) - labels).square().mean()}


def test_transformers_with_a_resumed_checkpoint(tmp_path):
    from transformers import TrainerCallback

    class Rates(TrainerCallback):
        def __init__(self):
            self.used, self.logged, self.counted = [], [], []

        def on_pre_optimizer_step(self, arguments, state, control, optimizer=None, **_):
            self.used.append(optimizer.param_groups[0]["lr"])

        def on_log(self, arguments, state, control, logs=None, **_):
            if "learning_rate" in logs:
                self.logged.append(logs["learning_rate"])

    data = [{"x": torch.ones(3), "labels": torch.ones(1)} for _ in range(30)]
    assert updates(len(data), batch_size=4, accumulate=2, epochs=10) == 40
    options = {"save_steps": 17, "save_strategy": "steps", "logging_steps": 1, "report_to": [], "use_cpu": True}
    options = {"logs_and_checkpoints": options | {"disable_tqdm": True}, "folder": tmp_path, "data": data}

    def trained(checkpoint):
        torch.manual_seed(0)
        rates = Rates()
        names = run("transformers_trainer", model=Model(), checkpoint=checkpoint, callbacks=[rates], **options)
        assert names["trainer"].state.global_step == 40
        return rates, [p.detach().clone() for p in names["model"].parameters()]

    whole, weights = trained(None)
    received("transformers: Trainer", whole.used, SCHEDULE)
    assert whole.logged == whole.used
    rest, same = trained(str(tmp_path / "checkpoint-17"))
    received("transformers: Trainer, resumed", rest.used, SCHEDULE, first=17)
    assert all(map(torch.equal, weights, same))


def test_lightning_resumed_and_without_an_interval(tmp_path):
    import lightning

    Module = run("lightning_module", schedule=SCHEDULE)["Module"]
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(16, 3)), batch_size=2)

    class Rates(lightning.Callback):
        def __init__(self):
            self.optimizers = []

        def on_train_start(self, trainer, module):
            self.used = used_by(trainer.optimizers[0])

    def trained(epochs, checkpoint=None):
        rates = Rates()
        options = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        trainer = lightning.Trainer(max_epochs=epochs, callbacks=[rates], default_root_dir=tmp_path, **options)
        trainer.fit(Module(), data, ckpt_path=checkpoint)
        trainer.save_checkpoint(tmp_path / "last.ckpt")
        return rates.used

    first = trained(2)
    received("Lightning", first, SCHEDULE)
    received("Lightning, resumed", trained(5, tmp_path / "last.ckpt"), SCHEDULE, first=len(first))


@pytest.mark.parametrize("split", ["split", "whole"])
@pytest.mark.parametrize("processes", [1, 2, 4])
@pytest.mark.parametrize("example", ["accelerate_attach", "accelerate_scheduler"])
def test_accelerate_by_its_launcher(example, processes, split, tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    # The launcher starts several processes for GPUs alone; the variable lets them use the CPU.
    kind = ["--cpu"] if processes == 1 else ["--multi_gpu", "--main_process_port", str(port)]
    launch = [sys.executable, "-m", "accelerate.commands.launch", *kind, "--num_processes", str(processes)]
    launch += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    script = [str(HERE / "accelerated.py"), example, split, str(tmp_path)]
    child = subprocess.run(launch + script, env=environment, capture_output=True, text=True, timeout=300)
    assert child.returncode == 0, child.stderr[-3000:]
    files = sorted(tmp_path.glob("*.json"))
    assert len(files) == processes
    size = 8 // processes if split == "split" else 8
    expected = EPOCHS * updates(SAMPLES, size, accumulate=2, processes=processes)
    for file in files:
        rates = json.loads(file.read_text())
        assert len(rates) == expected
        received(f"Accelerate: {example[11:]}, {processes} {split}", rates, SCHEDULE)


def test_keras(tmp_path):
    import keras
    from test_keras import Used

    data = {"inputs": np.ones((8, 3), "float32"), "targets": np.ones((8, 1), "float32")}
    used = Used()
    run("keras_fit", **data, callbacks=[used], file=tmp_path / "model.keras")
    received(f"Keras on {keras.backend.backend()}", used.rates, SCHEDULE, within=1e-6)
    model, rest = keras.models.load_model(tmp_path / "model.keras"), Used()
    model.fit(data["inputs"], data["targets"], batch_size=2, epochs=1, verbose=0, callbacks=[rest])
    received("Keras, resumed", rest.rates, SCHEDULE, first=40, within=1e-6)


def test_optax():
    import jax.numpy as jnp

    names = {"schedule": SCHEDULE, "params": jnp.ones(3), "batches": jnp.ones((45, 3))}
    names = run("optax_scan", **names, loss=lambda params, batch: ((params * batch).sum() - 1) ** 2)
    received("optax: scan, inject_hyperparams", names["rates"], SCHEDULE, within=1e-6)


def test_transformers_models_have_layers():
    from transformers import BertConfig, BertModel, GPT2Config, GPT2Model

    sizes = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 11}
    bert = BertModel(BertConfig(num_hidden_layers=3, **sizes))
    assert [g["lr_mult"] for g in layer_groups(bert, decay=0.5)] == [0.0625, 0.125, 0.25, 0.5, 1.0]
    gpt = GPT2Model(GPT2Config(n_layer=2, n_embd=8, n_head=2, vocab_size=11))
    optimizer = torch.optim.AdamW(layer_groups(gpt, decay=0.5))
    attach(optimizer, CosineDecay(0.1, decay_steps=9))
    assert [g["lr"] for g in optimizer.param_groups] == [0.0125, 0.025, 0.05, 0.1]
