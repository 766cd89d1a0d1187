"""Training runs against torch, on a Dask cluster, and with a schedule of ours inside a torch loop."""

import numpy as np
import pytest
import torch

from lrsched.optimizers import SGD, Adam
from lrsched.plateau import ReduceOnPlateau
from lrsched.problems import Digits
from lrsched.schedules import Constant, CosineDecay, Warmup
from lrsched.training import compare, train

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def torch_network(problem, params):
    """The network of one run, with the same weights."""
    modules = []
    for weights in problem._layers(params[None]):
        linear = torch.nn.Linear(weights.shape[1] - 1, weights.shape[2])
        linear.weight.data = torch.from_numpy(weights[0, :-1].T.copy())
        linear.bias.data = torch.from_numpy(weights[0, -1].copy())
        modules += [linear, torch.nn.ReLU() if problem.activation == "relu" else torch.nn.Tanh()]
    return torch.nn.Sequential(*modules[:-1])


@pytest.mark.parametrize(
    "problem",
    [
        Digits(batch_size=16),
        Digits(hidden=(32,), batch_size=32, label_noise=0.3),
        Digits(hidden=(16, 8), activation="tanh", label_noise=0.3, fresh_noise=False),
        Digits(hidden=(16,), batch_size=None, pool_size=200),
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    ("optimizer", "theirs"),
    [
        (SGD(momentum=0.9), lambda p: torch.optim.SGD(p, momentum=0.9)),
        (Adam(), lambda p: torch.optim.Adam(p)),
    ],
    ids=["SGD", "Adam"],
)
def test_losses_equal_those_of_torch(problem, optimizer, theirs):
    schedule = Warmup(CosineDecay(0.01, decay_steps=50), warmup_steps=10)
    history = train(problem, optimizer, schedule, seeds=[4])
    network = torch_network(problem, problem.init([4])[0])
    optimizer, losses = theirs(network.parameters()), []
    for t, (inputs, targets) in enumerate(problem.batches([4], 60)):
        for group in optimizer.param_groups:
            group["lr"] = schedule(t)
        outputs = network(torch.from_numpy(inputs[0, :-1].T.copy()))
        loss = torch.nn.functional.cross_entropy(outputs, torch.from_numpy(targets[0].T.copy()))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(history.loss[0], losses, rtol=1e-10)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("options", [{}, {"cooldown": 3}, {"patience": 0}, {"threshold": 0.2, "min_lr": 0.01}])
def test_the_plateau_scheduler_equals_that_of_torch_on_positive_metrics(mode, options):
    metrics = np.exp(np.random.default_rng(0).normal(size=300).cumsum() / 10)
    options = {"factor": 0.5, "patience": 3} | options
    ours = ReduceOnPlateau(1.0, mode=mode, **options)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode=mode, eps=0.0, **options)
    for metric in metrics:
        theirs.step(metric)
        assert ours.step(metric) == optimizer.param_groups[0]["lr"]
    assert ours.lr < 1


def test_a_dask_cluster_finds_the_same_bits():
    distributed = pytest.importorskip("distributed")
    problem = Digits(hidden=(32,), label_noise=0.3)
    arms = {
        "constant": (SGD(), Constant(0.2)),
        "cosine": (SGD(), CosineDecay(0.5, decay_steps=50)),
        "plateau": (Adam(), ReduceOnPlateau(0.02, every=5, patience=1)),
    }
    expected = compare(problem, arms, steps=50, seeds=20)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        found = compare(problem, arms, steps=50, seeds=20, executor=client.get_executor(pure=False))
    for name in arms:
        for field in ("lr", "loss", "params"):
            assert np.array_equal(getattr(expected[name], field), getattr(found[name], field))


class TestTorchRecipe:
    """How a schedule of ours drives a torch optimiser."""

    SCHEDULE = Warmup(CosineDecay(0.1, decay_steps=90, min_lr=1e-4), warmup_steps=10, init_lr=0.01)

    def loop(self, first, last, model, optimizer):
        used = []
        for t in range(first, last):
            for group in optimizer.param_groups:
                group["lr"] = self.SCHEDULE(t)
            used.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            model(torch.ones(1, 2)).square().sum().backward()
            optimizer.step()
        return used

    def make(self):
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        return model, torch.optim.AdamW(model.parameters())

    def test_update_t_uses_the_rate_of_t(self):
        assert self.loop(0, 100, *self.make()) == self.SCHEDULE(np.arange(100)).tolist()

    def test_a_resume_needs_one_integer(self):
        model, optimizer = self.make()
        self.loop(0, 100, model, optimizer)
        stopped, resumed = self.make(), self.make()
        self.loop(0, 40, *stopped)
        for new, old in zip(resumed, stopped, strict=True):
            new.load_state_dict(old.state_dict())
        self.loop(40, 100, *resumed)
        assert torch.equal(model.weight, resumed[0].weight)

    def test_lambda_lr_multiplies_so_it_wants_the_base_rate_1(self):
        """The trap: with the peak as the optimiser's rate, LambdaLR would use peak * schedule(t)."""
        for lr, expected in [(1.0, self.SCHEDULE(0)), (0.1, 0.1 * self.SCHEDULE(0))]:
            optimizer = torch.optim.SGD(torch.nn.Linear(2, 1).parameters(), lr=lr)
            torch.optim.lr_scheduler.LambdaLR(optimizer, self.SCHEDULE)
            assert optimizer.param_groups[0]["lr"] == pytest.approx(expected)
