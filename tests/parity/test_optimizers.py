"""The optimisers against torch.optim and optax, update by update."""

import jax
import numpy as np
import optax
import pytest
import torch

from lrsched.optimizers import SGD, AdaGrad, Adam, AdamW, RMSProp

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


@pytest.mark.parametrize(("optimizer", "their_class", "options"), TORCH, ids=[repr(row[0]) for row in TORCH])
def test_every_update_equals_that_of_torch(optimizer, their_class, options):
    start, grads = start_and_grads()
    params = [torch.nn.Parameter(torch.from_numpy(row.copy())) for row in start]
    theirs = their_class([{"params": [p]} for p in params], lr=1.0, **options)
    path = []
    for grad, lr in zip(grads, rates(), strict=True):
        for param, group, g, rate in zip(params, theirs.param_groups, grad, lr, strict=True):
            param.grad = torch.from_numpy(g.copy())
            group["lr"] = float(rate)
        theirs.step()
        path.append([p.detach().numpy().copy() for p in params])
    np.testing.assert_allclose(ours(optimizer), path, rtol=1e-12, atol=1e-12)


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
