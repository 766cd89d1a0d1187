"""The curvature along a run: what `follow` measures, and what warm-up, clipping and Adam do to it."""

from dataclasses import replace

import numpy as np
import pytest

from lrsched import (
    SGD,
    AdaGrad,
    Adam,
    Constant,
    Digits,
    LinearDecay,
    Quadratic,
    ReduceOnPlateau,
    RMSProp,
    follow,
    train,
)

TANH = Digits(hidden=(4,), activation="tanh", batch_size=8, pool_size=40)


def hessian(problem, params):
    """The Hessian of one run on the whole pool, from a difference of gradients for each parameter."""
    batch = next(replace(problem, batch_size=None).batches([0], 1))
    steps = 1e-5 * np.eye(len(params))
    ahead, behind = (problem.loss_and_grads(params + sign * steps, batch)[1] for sign in (1, -1))
    return (ahead - behind) / 2e-5


def test_a_run_is_that_of_train_and_is_measured_on_its_path():
    schedule = LinearDecay(0.5, decay_steps=20)
    for optimizer in (SGD(momentum=0.9), Adam()):
        run = follow(TANH, optimizer, schedule, every=6, seeds=[3, 5])
        history = train(TANH, optimizer, schedule, seeds=[3, 5], record=["path"])
        assert run.times.tolist() == [0, 6, 12, 18]
        assert np.array_equal(run.loss, history.loss) and np.array_equal(run.lr, history.lr)
        on_path = [TANH.sharpness(history.path[:, t], seeds=[3, 5]) for t in run.times]
        assert np.array_equal(run.sharpness, np.transpose(on_path))


def test_a_seed_is_measured_alike_beside_others_and_alone():
    both, alone = (follow(TANH, SGD(), Constant(0.3), steps=9, every=4, seeds=seeds) for seeds in ([2, 7], [7]))
    assert np.array_equal(both.sharpness[1], alone.sharpness[0])


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("hidden", [(), (4,), (5, 3)])
def test_the_sharpness_is_the_largest_eigenvalue(hidden, activation, loss):
    problem = replace(TANH, hidden=hidden, activation=activation, loss=loss)
    for seed in range(3):
        params = problem.init([seed]) + 0.1  # no unit of a relu network is at its kink
        eigenvalues = np.linalg.eigvalsh(hessian(problem, params[0]))
        for tolerance in (1e-3, 1e-6):
            [sharpness] = problem.sharpness(params, tolerance=tolerance)
            assert sharpness == pytest.approx(eigenvalues[-1], rel=2 * tolerance)


def test_a_unit_that_switches_adds_no_curvature():
    """The loss has a kink there, and a gradient on each side."""
    problem = Digits(hidden=(8,), pool_size=50)
    params = problem.init([0, 1])
    inputs = next(replace(problem, batch_size=None).batches([0], 1))[0][:, :64, :1]
    first = params[:, : 65 * 8].reshape(2, 65, 8)
    first[:, 64] = -(first[:, :64].swapaxes(1, 2) @ inputs)[:, :, 0]  # at 0 for one image, for every unit
    near = problem.sharpness(params + 1e-9 * np.random.default_rng(0).standard_normal(params.shape))
    assert problem.sharpness(params) == pytest.approx(near, rel=0.1) and near.max() < 100


@pytest.mark.parametrize(
    "optimizer", [Adam(beta2=0.9), RMSProp(), AdaGrad(), SGD()], ids=lambda one: type(one).__name__
)
def test_preconditioned_is_the_eigenvalue_in_the_units_of_the_optimiser(optimizer):
    run = follow(TANH, optimizer, Constant(0.01), steps=6, every=5, seeds=[1], tolerance=1e-6, preconditioned=True)
    path = train(TANH, optimizer, Constant(0.01), steps=6, seeds=[1], record=["path"]).path[0]
    grads = np.array(
        [TANH.loss_and_grads(at[None], batch)[1][0] for at, batch in zip(path[:6], TANH.batches([1], 6), strict=True)]
    )
    squares = {
        "Adam": sum(0.1 * 0.9 ** (5 - t) * grads[t] ** 2 for t in range(6)) / (1 - 0.9**6),
        "RMSProp": sum(0.01 * 0.99 ** (5 - t) * grads[t] ** 2 for t in range(6)),
        "AdaGrad": (grads**2).sum(axis=0),
        "SGD": np.ones(path.shape[1]),
    }[type(optimizer).__name__]
    scale = (np.sqrt(squares) + getattr(optimizer, "eps", 0)) ** -0.5
    [*_, largest] = np.linalg.eigvalsh(scale[:, None] * hessian(TANH, path[5]) * scale)
    assert run.sharpness[0, 1] == pytest.approx(largest, rel=1e-4)


def test_a_run_that_diverges_has_no_sharpness_and_does_not_disturb_the_others():
    problem = replace(TANH, loss="squared", activation="relu")
    for optimizer, preconditioned in ((SGD(), False), (SGD(), True)):
        run = follow(problem, optimizer, lambda t: 1e6, steps=60, every=30, seeds=2, preconditioned=preconditioned)
        assert np.isnan(run.sharpness[:, 1:]).all() and np.isfinite(run.sharpness[:, 0]).all()
        assert np.isinf(run.loss[:, -1]).all()


def test_it_can_be_measured_on_fewer_images():
    few = replace(TANH, pool_size=20)
    run = follow(TANH, SGD(), Constant(0.3), steps=9, every=4, seeds=2, measure=few)
    path = train(TANH, SGD(), Constant(0.3), steps=9, seeds=2, record=["path"]).path
    assert np.array_equal(run.sharpness[:, 2], few.sharpness(path[:, 8]))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"measure": Quadratic(1.0)}, TypeError, "measure must be a problem with a method sharpness, as Digits has"),
        ({"problem": Quadratic(1.0)}, TypeError, "measure must be a problem with a method sharpness, as Digits has"),
        ({"schedule": Constant(0.1), "steps": None}, ValueError, "steps must be given, because Constant"),
        ({"schedule": ReduceOnPlateau(0.1), "steps": 4}, TypeError, "schedule must be a callable of the update index"),
        ({"every": 0}, ValueError, "every must be a whole number of 1 or more, got 0"),
        ({"measure": Digits(pool_size=20)}, ValueError, r"params must have the shape \(..., 650\), got \(2, 310\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_refused(changes, error, message):
    right = {"problem": TANH, "optimizer": SGD(), "schedule": LinearDecay(0.1, decay_steps=4), "every": 2, "seeds": 2}
    with pytest.raises(error, match=message):
        follow(**right | changes)


def test_an_optimiser_without_denominators_is_refused_only_where_they_are_needed():
    class Signs:
        def init(self, params):
            return {}

        def update(self, params, grads, state, lr):
            params -= lr * np.sign(grads)

    arguments = {"steps": 2, "every": 1, "seeds": 1}
    assert follow(TANH, Signs(), Constant(0.01), **arguments).sharpness.shape == (1, 2)
    with pytest.raises(TypeError, match="optimizer must have a method preconditioner to be measured with it, got <"):
        follow(TANH, Signs(), Constant(0.01), preconditioned=True, **arguments)
