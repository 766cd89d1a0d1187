"""The optimisers against torch.optim, optax and the authors' package of schedule-free ones, update by update."""

import jax
import numpy as np
import optax
import pytest
import torch

from lrsched.averaging import Averaged, ScheduleFreeAdamW, ScheduleFreeSGD
from lrsched.optimizers import SGD, AdaGrad, Adam, AdamW, RMSProp
from lrsched.wrappers import Clipped, Grouped

jax.config.update("jax_enable_x64", True)

RUNS, PARAMETERS, UPDATES = 3, 7, 200
TORCH = [
    (SGD(), torch.optim.SGD, {}),
    (SGD(weight_decay=0.1), torch.optim.SGD, {"weight_decay": 0.1}),
    (SGD(momentum=0.9), torch.optim.SGD, {"momentum": 0.9}),
    (SGD(momentum=0.5, weight_decay=0.1), torch.optim.SGD, {"momentum": 0.5, "weight_decay": 0.1}),
    (SGD(momentum=0.9, nesterov=True), torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (
        SGD(momentum=0.9, nesterov=True, weight_decay=0.1),
        torch.optim.SGD,
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ),
    (AdaGrad(), torch.optim.Adagrad, {}),
    (AdaGrad(eps=1e-3, weight_decay=0.1), torch.optim.Adagrad, {"eps": 1e-3, "weight_decay": 0.1}),
    (RMSProp(), torch.optim.RMSprop, {}),
    (RMSProp(alpha=0.9, eps=1e-3), torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-3}),
    (RMSProp(momentum=0.9, weight_decay=0.1), torch.optim.RMSprop, {"momentum": 0.9, "weight_decay": 0.1}),
    (Adam(), torch.optim.Adam, {}),
    (Adam(beta1=0.5, beta2=0.9, eps=1e-3), torch.optim.Adam, {"betas": (0.5, 0.9), "eps": 1e-3}),
    (Adam(beta1=0.0, weight_decay=0.1), torch.optim.Adam, {"betas": (0.0, 0.999), "weight_decay": 0.1}),
    (AdamW(), torch.optim.AdamW, {}),
    (AdamW(weight_decay=0.3, beta1=0.8), torch.optim.AdamW, {"weight_decay": 0.3, "betas": (0.8, 0.999)}),
]
OPTAX = [
    (SGD(momentum=0.9), lambda lr: optax.sgd(lr, momentum=0.9)),
    (SGD(momentum=0.9, nesterov=True), lambda lr: optax.sgd(lr, momentum=0.9, nesterov=True)),
    (RMSProp(), lambda lr: optax.rmsprop(lr, decay=0.99, eps=1e-8, eps_in_sqrt=False)),
    (Adam(), optax.adam),
    (AdamW(), lambda lr: optax.adamw(lr, weight_decay=0.01)),
]


def start_and_grads():
    random = np.random.default_rng(0)
    grads = random.normal(size=(UPDATES, RUNS, PARAMETERS)) * 10.0 ** random.integers(-3, 2, PARAMETERS)
    return random.normal(size=(RUNS, PARAMETERS)), grads


def rates():
    """A rate for each update and run, so that what a changing rate does is compared as well."""
    return np.geomspace(0.1, 0.001, UPDATES)[:, None] * np.array([[1.0, 0.3, 0.1]])


def ours(optimizer):
    params, grads = start_and_grads()
    state, path = optimizer.init(params), []
    for grad, lr in zip(grads, rates(), strict=True):
        optimizer.update(params, grad, state, lr[:, None])
        path.append(params.copy())
    return np.array(path)


def torch_path(their_class, options, before_step=lambda t, theirs, params: None):
    """Where a torch optimiser with a group for each run leads, ``(updates, runs, parameters)``."""
    start, grads = start_and_grads()
    params = [torch.nn.Parameter(torch.from_numpy(row.copy())) for row in start]
    theirs = their_class([{"params": [p]} for p in params], lr=1.0, **options)
    path = []
    for t, (grad, lr) in enumerate(zip(grads, rates(), strict=True)):
        for param, group, g, rate in zip(params, theirs.param_groups, grad, lr, strict=True):
            param.grad = torch.from_numpy(g.copy())
            group["lr"] = float(rate)
        before_step(t, theirs, params)
        theirs.step()
        path.append([p.detach().numpy().copy() for p in params])
    return np.array(path)


@pytest.mark.parametrize(("optimizer", "their_class", "options"), TORCH, ids=[repr(row[0]) for row in TORCH])
def test_every_update_equals_that_of_torch(optimizer, their_class, options):
    np.testing.assert_allclose(ours(optimizer), torch_path(their_class, options), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("optimizer", "their_class", "options"), TORCH, ids=[repr(row[0]) for row in TORCH])
@pytest.mark.parametrize("max_norm", [0.5, 1.5])
def test_clipping_equals_clip_grad_norm(optimizer, their_class, options, max_norm):
    norms = []

    def clip(t, theirs, params):
        norms.append([torch.nn.utils.clip_grad_norm_([param], max_norm).item() for param in params])

    path = torch_path(their_class, options, clip)
    np.testing.assert_allclose(ours(Clipped(optimizer, max_norm=max_norm)), path, rtol=1e-12, atol=1e-12)
    assert 0.05 < np.mean(np.array(norms) > max_norm) < 1


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_that_changes_equals_that_of_torch(nesterov):
    def cycled(t):
        return 0.95 - 0.001 * min(t, 200 - t)

    def set_momentum(t, theirs, params):
        for group in theirs.param_groups:
            group["momentum"] = cycled(t)

    path = torch_path(torch.optim.SGD, {"momentum": 0.9, "nesterov": nesterov}, set_momentum)
    np.testing.assert_allclose(ours(SGD(momentum=cycled, nesterov=nesterov)), path, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("optimizer", "their_class", "options"), TORCH, ids=[repr(row[0]) for row in TORCH])
def test_groups_equal_those_of_torch(optimizer, their_class, options):
    factors, sizes = (1.0, 0.1, 3.0, 0.0), (2, 1, 3, 1)
    start, grads = start_and_grads()
    cuts = np.cumsum(sizes)[:-1]
    params = [[torch.nn.Parameter(torch.from_numpy(part.copy())) for part in np.split(row, cuts)] for row in start]
    theirs = [their_class([{"params": [part]} for part in parts], lr=1.0, **options) for parts in params]
    path = []
    for grad, lr in zip(grads, rates(), strict=True):
        for parts, their, g, rate in zip(params, theirs, grad, lr, strict=True):
            for part, group, own, factor in zip(parts, their.param_groups, np.split(g, cuts), factors, strict=True):
                part.grad = torch.from_numpy(own.copy())
                group["lr"] = float(rate * factor)
            their.step()
        path.append([np.concatenate([part.detach().numpy() for part in parts]) for parts in params])
    grouped = Grouped(optimizer, factors=factors, sizes=sizes)
    np.testing.assert_allclose(ours(grouped), path, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("half_life", [None, 10])
def test_averages_equal_those_of_torch(half_life):
    start, grads = start_and_grads()
    averaged = Averaged(SGD(), half_life=half_life)
    state = averaged.init(start)
    model = torch.nn.Linear(PARAMETERS, RUNS, bias=False, dtype=torch.float64)
    average = half_life and torch.optim.swa_utils.get_ema_multi_avg_fn(2 ** (-1 / half_life))
    theirs = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=average)
    for grad in grads:
        averaged.update(start, grad, state, 0.1)
        model.weight.data = torch.from_numpy(start.copy())
        theirs.update_parameters(model)
        np.testing.assert_allclose(averaged.solution(start, state), theirs.module.weight.detach(), rtol=1e-12)


@pytest.mark.parametrize(
    ("optimizer", "name", "options"),
    [
        (ScheduleFreeSGD(), "SGDScheduleFree", {}),
        (ScheduleFreeSGD(beta=0.5, weight_decay=0.1), "SGDScheduleFree", {"momentum": 0.5, "weight_decay": 0.1}),
        (ScheduleFreeAdamW(), "AdamWScheduleFree", {}),
        (
            ScheduleFreeAdamW(beta1=0.5, beta2=0.9, eps=1e-3, weight_decay=0.1),
            "AdamWScheduleFree",
            {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1},
        ),
    ],
    ids=repr,
)
@pytest.mark.parametrize("warmup", [0, 20])
def test_schedule_free_equals_that_of_its_authors(optimizer, name, options, warmup):
    """Where gradients are taken and what is evaluated, after each update; they ramp the rate as we would."""
    schedulefree = pytest.importorskip("schedulefree")
    start, grads = start_and_grads()
    for run, start_of_run in enumerate(start):
        param = torch.nn.Parameter(torch.from_numpy(start_of_run.copy()))
        theirs = getattr(schedulefree, name)([param], lr=0.3, warmup_steps=warmup, foreach=False, **options)
        theirs.train()
        params = start[run : run + 1].copy()
        state = optimizer.init(params)
        for t, grad in enumerate(grads[:, run]):
            param.grad = torch.from_numpy(grad.copy())
            theirs.step()
            lr = np.full((1, 1), 0.3 * min(1, (t + 1) / warmup) if warmup else 0.3)
            optimizer.update(params, grad[None], state, lr)
            np.testing.assert_allclose(params[0], param.detach().numpy(), rtol=1e-9, atol=1e-9)
            theirs.eval()
            solution = optimizer.solution(params, state)[0]
            np.testing.assert_allclose(solution, param.detach().numpy(), rtol=1e-9, atol=1e-9)
            theirs.train()


@pytest.mark.parametrize(("optimizer", "make"), OPTAX, ids=[repr(row[0]) for row in OPTAX])
def test_every_update_equals_that_of_optax(optimizer, make):
    start, grads = start_and_grads()
    paths = []
    for run in range(RUNS):
        theirs = make(lambda t, run=run: jax.numpy.asarray(rates())[t, run])
        params, path = jax.numpy.asarray(start[run]), []
        state = theirs.init(params)
        update = jax.jit(theirs.update)
        for grad in grads[:, run]:
            change, state = update(jax.numpy.asarray(grad), state, params)
            params = optax.apply_updates(params, change)
            path.append(np.asarray(params))
        paths.append(path)
    np.testing.assert_allclose(ours(optimizer), np.swapaxes(paths, 0, 1), rtol=1e-12, atol=1e-12)
