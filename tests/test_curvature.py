"""The curvature along a run: what `follow` measures, and what warm-up, clipping and Adam do to it."""

from dataclasses import replace

import numpy as np
import pytest

from lrsched import (
    SGD,
    AdaGrad,
    Adam,
    Averaged,
    Clipped,
    Constant,
    Digits,
    Grouped,
    LinearDecay,
    PiecewiseConstant,
    Quadratic,
    ReduceOnPlateau,
    RMSProp,
    Warmup,
    compare,
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


def test_what_goes_around_an_optimiser_has_its_denominators():
    arguments = {"steps": 6, "every": 5, "seeds": [1], "preconditioned": True}
    plain = follow(TANH, Adam(), Constant(0.01), **arguments)
    for wrapper in (Clipped(Adam(), max_norm=1e9), Clipped(Averaged(Adam(), half_life=3), max_norm=1e9)):
        assert np.array_equal(follow(TANH, wrapper, Constant(0.01), **arguments).sharpness, plain.sharpness)
    halves = Grouped(Adam(), factors=[0.5, 0.5], sizes=[260, 50])
    run = follow(TANH, halves, Constant(0.02), **arguments)
    assert run.sharpness == pytest.approx(plain.sharpness / 2, rel=1e-9)
    frozen = Grouped(SGD(), factors=[0, 1], sizes=[260, 50])  # the output layer alone, in which the loss is convex
    [[first]] = follow(TANH, frozen, Constant(0.1), steps=1, every=1, seeds=[1], preconditioned=True).sharpness
    assert first == pytest.approx(np.linalg.eigvalsh(hessian(TANH, TANH.init([1])[0])[260:, 260:])[-1], rel=1e-3)


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


# A network that starts steep, and four ways to the rate 0.4, which is six times what its start allows.
STEEP = Digits(hidden=(32, 32, 32), activation="tanh", batch_size=32, loss="squared", init_scale=1.5)
ARMS = {
    "at once": (SGD(), Constant(0.4)),
    "wait": (SGD(), PiecewiseConstant([0.05, 0.4], boundaries=[60])),
    "ramp": (SGD(), Warmup(Constant(0.4), warmup_steps=75, init_lr=0.4 / 75)),
    "clip": (Clipped(SGD(), max_norm=2), Constant(0.4)),
}


@pytest.fixture(scope="module")
def room():
    """The median 2 / sharpness along each arm, every 15 updates."""
    arguments = {"steps": 151, "every": 15, "seeds": range(200, 208), "measure": replace(STEEP, pool_size=200)}
    runs = {name: follow(STEEP, *arm, **arguments, tolerance=0.05) for name, arm in ARMS.items()}
    with np.errstate(divide="ignore"):  # a run that is lost may be where all is flat
        return {name: np.median(2 / run.sharpness, axis=0) for name, run in runs.items()}


class TestWarmUp:
    """A network gives way as far as the rate pushes it."""

    def test_waiting_is_no_warm_up(self):
        race = compare(STEEP, ARMS, steps=250, seeds=range(200, 208))
        lost = {name: int(sum(loss > 1)) for name, loss in race.scores().items()}
        assert lost["at once"] == lost["wait"] == 8 and lost["ramp"] <= 1 >= lost["clip"]

    def test_the_ramp_makes_room_and_so_does_clipping(self, room):
        start, before_the_jump = room["ramp"][0], room["wait"][4]
        assert before_the_jump < 2 * start and 2.5 * before_the_jump < 0.4
        for name in ("ramp", "clip"):
            assert room[name][5] > 3 * start and room[name][-1] > 0.4

    def test_the_rate_of_the_ramp_leans_on_the_threshold(self, room):
        lr = ARMS["ramp"][1](np.arange(0, 151, 15))
        assert 0.9 < (lr / room["ramp"]).max() < 1.6


class TestTheEdge:
    """All data at once: the sharpness comes to fit the rate."""

    WHOLE = Digits(hidden=(32,), activation="tanh", batch_size=None, loss="squared", pool_size=200)

    def shares(self, optimizer, schedule, steps, edge=2.0, **options):
        """The sharpness over the threshold, the mean of three seeds, every hundred updates; and the losses."""
        run = follow(self.WHOLE, optimizer, schedule, steps=steps, every=100, seeds=range(200, 203), **options)
        return (run.sharpness * run.lr[run.times] / edge).mean(axis=0), run.loss

    def test_a_high_rate_hovers_at_its_threshold_and_a_low_one_stays_below(self):
        high, losses = self.shares(SGD(), Constant(0.6), 801)
        assert np.all(np.abs(high[3:] - 1) < 0.2)
        assert np.mean(np.diff(losses[:, 400:]) > 0) > 0.2
        low, losses = self.shares(SGD(), Constant(0.1), 801)
        assert low.max() < 0.4 and np.all(np.diff(losses) < 0)

    def test_it_is_a_ceiling_and_no_rail(self):
        falling, _ = self.shares(SGD(), LinearDecay(0.8, decay_steps=801), 801)
        assert falling[2] > 0.75 and falling[6] < 0.7  # at three and one quarter of the rate
        raised, _ = self.shares(SGD(), PiecewiseConstant([0.2, 0.8], boundaries=[450]), 801)
        assert (raised[4] < 0.6 and raised[5] > 1.3 > raised[-1] > 0.9) or 0.9 < raised[-1] < 1.15

    @pytest.mark.parametrize("rate", [0.01, 0.02, 0.04])
    def test_that_of_adam_is_38_over_the_rate(self, rate):
        share, _ = self.shares(Adam(beta2=0.99), Constant(rate), 601, edge=38.0, preconditioned=True)
        assert np.all(np.abs(share[-3:] - 1) < 0.12)
