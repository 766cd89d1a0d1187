import pickle

import numpy as np
import pytest

from lrsched.averaging import Averaged, ScheduleFreeAdamW, ScheduleFreeSGD
from lrsched.optimizers import SGD, AdaGrad, Adam, AdamW, RMSProp
from lrsched.schedules import CosineDecay
from lrsched.wrappers import Clipped, Grouped

EVERY = [
    SGD(),
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True, weight_decay=0.1),
    AdaGrad(weight_decay=0.1),
    RMSProp(),
    RMSProp(momentum=0.9, weight_decay=0.1),
    Adam(weight_decay=0.1),
    AdamW(),
    SGD(momentum=CosineDecay(0.9, decay_steps=10, min_lr=0.1), nesterov=True),
    ScheduleFreeSGD(weight_decay=0.1),
    ScheduleFreeAdamW(weight_decay=0.1),
    Clipped(Adam(), max_norm=1.0),
    Grouped(SGD(momentum=0.9), factors=(1.0, 0.1), sizes=(2, 3)),
    Averaged(Adam(), half_life=5),
]


def steps(optimizer, grads, lr=0.1, start=0.0):
    """By how much each update lowers one parameter."""
    params = np.array([[start]])
    state = optimizer.init(params)
    lowered = []
    for grad in grads:
        before = params.copy()
        optimizer.update(params, np.array([[grad]]), state, lr)
        lowered.append(float((before - params)[0, 0]))
    return lowered


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (SGD(), [0.1, 0.1, 0.1, 0.1]),
        (SGD(momentum=0.9), [0.1, 0.19, 0.271, 0.3439]),
        (SGD(momentum=0.9, nesterov=True), [0.19, 0.271, 0.3439, 0.40951]),
        (AdaGrad(), [0.1, 0.0707, 0.0577, 0.05]),
        (RMSProp(), [1.0, 0.709, 0.580, 0.504]),
        (Adam(), [0.1, 0.1, 0.1, 0.1]),
        (AdamW(), [0.1, 0.1, 0.1, 0.1]),
    ],
)
def test_first_steps_under_the_gradient_1_at_rate_0_1(optimizer, expected):
    # AdamW also shrinks what it has reached, by 0.1 * 0.01 of it.
    assert steps(optimizer, np.ones(4)) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("optimizer", [Adam(), AdaGrad()])
def test_the_first_step_does_not_depend_on_the_size_of_the_gradient(optimizer):
    assert steps(optimizer, [123.0]) == pytest.approx([0.1])


def test_momentum_keeps_the_rate_outside():
    """When the rate drops, the next step drops with it."""
    optimizer, params = SGD(momentum=0.9), np.zeros((1, 1))
    state = {"velocity": np.full((1, 1), 10.0)}
    optimizer.update(params, np.ones((1, 1)), state, 0.01)
    assert params[0, 0] == pytest.approx(-0.1)


class TestMomentumAsASchedule:
    def test_a_constant_one_is_the_number(self):
        for nesterov in (False, True):
            number, schedule = SGD(momentum=0.9, nesterov=nesterov), SGD(momentum=lambda t: 0.9, nesterov=nesterov)
            grads = np.random.default_rng(0).normal(size=9)
            assert steps(number, grads) == steps(schedule, grads)

    def test_update_t_uses_the_momentum_of_t(self):
        asked = []
        lowered = steps(SGD(momentum=lambda t: asked.append(t) or t / 10), np.ones(4), lr=1.0)
        assert asked == [0, 1, 2, 3]
        assert lowered == pytest.approx([1, 1.1, 1.22, 1.366])

    @pytest.mark.parametrize(("momentum", "error"), [(1.0, ValueError), (-0.1, ValueError), (None, TypeError)])
    def test_what_it_returns_is_checked_when_it_is_used(self, momentum, error):
        with pytest.raises(error, match=r"momentum\(2\) must be a number of 0 or more and below 1, got"):
            steps(SGD(momentum=lambda t: momentum if t == 2 else 0.5), np.ones(3))


def test_weight_decay_is_a_penalty_in_adam_and_a_shrinkage_in_adamw():
    """Without a gradient Adam's penalty makes a full step of the rate; AdamW shrinks by lr * weight_decay."""
    assert steps(Adam(weight_decay=0.01), [0.0], start=2.0) == pytest.approx([0.1], rel=1e-5)
    assert steps(AdamW(weight_decay=0.01), [0.0], start=2.0) == pytest.approx([0.1 * 0.01 * 2.0])
    assert steps(SGD(weight_decay=0.01), [0.0], start=2.0) == pytest.approx([0.1 * 0.01 * 2.0])


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
class TestEvery:
    def run(self, optimizer, params, lr):
        random = np.random.default_rng(1)
        state = optimizer.init(params)
        for _ in range(20):
            grads = random.normal(size=(6, 5))[: len(params)]
            copy = grads.copy()
            assert optimizer.update(params, grads, state, lr) is None
            assert np.array_equal(grads, copy), "the gradients are not changed"
        return params, state

    def start(self):
        return np.random.default_rng(0).normal(size=(6, 5))

    def test_a_column_of_rates_gives_each_run_its_own(self, optimizer):
        rates = np.geomspace(1e-3, 1, 6)[:, None]
        together, _ = self.run(optimizer, self.start(), rates)
        single = [self.run(optimizer, self.start(), rate)[0][i] for i, rate in enumerate(rates[:, 0])]
        assert np.array_equal(together, single)

    def test_runs_do_not_touch_each_other(self, optimizer):
        together, _ = self.run(optimizer, self.start(), 0.1)
        assert np.array_equal(together[:2], self.run(optimizer, self.start()[:2], 0.1)[0])

    def test_effective_lr_is_positive_and_proportional_to_the_rate(self, optimizer):
        _, state = self.run(optimizer, self.start(), 0.1)
        effective = np.broadcast_to(optimizer.effective_lr(state, 0.1), (6, 5))
        assert np.all(effective > 0)
        np.testing.assert_allclose(optimizer.effective_lr(state, 0.2) / 2, optimizer.effective_lr(state, 0.1))

    def test_it_is_a_description_that_compares_prints_and_pickles(self, optimizer):
        assert optimizer == pickle.loads(pickle.dumps(optimizer)) == eval(repr(optimizer))
        assert hash(optimizer) == hash(pickle.loads(pickle.dumps(optimizer)))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: SGD(momentum=1.0), "momentum must be a number of 0 or more and below 1, got 1"),
        (lambda: SGD(nesterov=True), "momentum must be above 0 with nesterov=True, got 0.0"),
        (lambda: Adam(beta2=-0.1), "beta2 must be"),
        (lambda: RMSProp(alpha=1), "alpha must be"),
        (lambda: AdaGrad(eps=-1), "eps must be"),
        (lambda: AdamW(weight_decay=-1), "weight_decay must be"),
    ],
)
def test_wrong_arguments_are_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_flag_is_true_or_false():
    with pytest.raises(TypeError, match=r"nesterov must be True or False, got 'no' \(str\)"):
        SGD(momentum=0.9, nesterov="no")


def test_numpy_arguments_become_plain_numbers():
    assert repr(SGD(momentum=np.float64(0.5), nesterov=np.bool_(True))) == repr(SGD(momentum=0.5, nesterov=True))
