"""Our schedules beside those of torch and optax, live: `make parity` installs both and runs this."""

import functools
import warnings

import numpy as np
import optax
import pytest
import torch
from numpy.testing import assert_allclose
from torch.optim import lr_scheduler as lrs

from lrsched.schedules import (
    Constant,
    CosineDecay,
    CosineRestarts,
    ExponentialDecay,
    Join,
    LinearDecay,
    OneCycle,
    PiecewiseConstant,
    PolynomialDecay,
    StepDecay,
    Triangular,
    Warmup,
    warmup_stable_decay,
)

CONFIGURATIONS = 50
STEPS = 90


def torch_rates(peak_lr, make, steps=STEPS):
    """The rates of `steps` updates under a torch scheduler."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak_lr)
    scheduler, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():  # SequentialLR passes its own deprecated argument on
            warnings.simplefilter("ignore")
            scheduler.step()
    return np.array(rates)


def optax_rates(schedule, steps=STEPS):
    return np.array([float(schedule(t)) for t in range(steps)])


def whole(rng, low, high):
    return int(rng.integers(low, high))


def torch_step(rng, peak):
    size, rate = whole(rng, 1, 30), rng.uniform(0.1, 1)
    return StepDecay(peak, decay_rate=rate, step_size=size), lambda o: lrs.StepLR(o, size, rate)


def torch_exponential(rng, peak):
    rate, size = rng.uniform(0.5, 1), whole(rng, 1, 20)
    ours = ExponentialDecay(peak, decay_rate=rate, step_size=size)
    return ours, lambda o: lrs.ExponentialLR(o, rate ** (1 / size))


def torch_piecewise(rng, peak):
    boundaries = sorted(rng.choice(np.arange(1, STEPS), 3, replace=False).tolist())
    rate = rng.uniform(0.1, 1)
    ours = PiecewiseConstant([peak * rate**i for i in range(4)], boundaries=boundaries)
    return ours, lambda o: lrs.MultiStepLR(o, boundaries, rate)


def torch_constant(rng, peak):
    return Constant(peak), lambda o: lrs.ConstantLR(o, 1.0, whole(rng, 1, 9))


def torch_linear(rng, peak):
    n, end = whole(rng, 1, 100), rng.uniform(0.01, 1)
    return LinearDecay(peak, decay_steps=n, min_lr=peak * end), lambda o: lrs.LinearLR(o, 1.0, end, n)


def torch_polynomial(rng, peak):
    n, power = whole(rng, 2, 100), rng.uniform(0.3, 3)
    return PolynomialDecay(peak, decay_steps=n, power=power), lambda o: lrs.PolynomialLR(o, n, power)


def torch_cosine(rng, peak):  # up to its end, where torch's rises again
    n, low = whole(rng, STEPS, 200), peak * rng.uniform(1e-4, 1)
    return CosineDecay(peak, decay_steps=n, min_lr=low), lambda o: lrs.CosineAnnealingLR(o, n, low)


def torch_restarts(rng, peak):
    n, mult, low = whole(rng, 1, 20), whole(rng, 1, 4), peak * rng.uniform(1e-4, 1)
    ours = CosineRestarts(peak, first_cycle_steps=n, cycle_mult=mult, min_lr=low)
    return ours, lambda o: lrs.CosineAnnealingWarmRestarts(o, n, mult, low)


def torch_triangular(rng, peak):
    half, low, halve = whole(rng, 1, 30), peak * rng.uniform(0.01, 1), bool(rng.integers(2))
    ours = Triangular(peak, min_lr=low, half_cycle_steps=half, cycle_decay=0.5 if halve else 1.0)
    mode = "triangular2" if halve else "triangular"
    return ours, lambda o: lrs.CyclicLR(o, low, peak, half, mode=mode, cycle_momentum=False)


def torch_one_cycle(rng, peak):  # torch's phases end one update earlier: at pct * n - 1 and n - 1
    n, pct = whole(rng, STEPS, 200), rng.uniform(0.1, 0.9)
    div, final = rng.uniform(1, 50), rng.uniform(1, 1e4)
    ours = OneCycle(peak, total_steps=n - 1, pct_start=(pct * n - 1) / (n - 1), div_factor=div, final_div_factor=final)
    return ours, lambda o: lrs.OneCycleLR(
        o, peak, n, pct_start=pct, div_factor=div, final_div_factor=final, cycle_momentum=False
    )


def torch_warmup(rng, peak):
    n, init = whole(rng, 1, 60), rng.uniform(1e-3, 1)
    return Warmup(Constant(peak), warmup_steps=n, init_lr=peak * init), lambda o: lrs.LinearLR(o, init, 1.0, n)


def torch_warmup_cosine(rng, peak):
    warmup, n, init = whole(rng, 1, 30), whole(rng, STEPS, 150), rng.uniform(1e-3, 1)
    low = peak * rng.uniform(1e-3, 1)
    ours = Warmup(CosineDecay(peak, decay_steps=n, min_lr=low), warmup_steps=warmup, init_lr=peak * init)
    return ours, lambda o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, init, 1.0, warmup), lrs.CosineAnnealingLR(o, n, low)], [warmup]
    )


def torch_join(rng, peak):
    cut, rate, n = whole(rng, 1, 60), rng.uniform(0.8, 1), whole(rng, 1, 30)
    ours = Join([ExponentialDecay(peak, decay_rate=rate), LinearDecay(peak, decay_steps=n)], boundaries=[cut])
    return ours, lambda o: lrs.SequentialLR(o, [lrs.ExponentialLR(o, rate), lrs.LinearLR(o, 1.0, 0.0, n)], [cut])


def torch_stable(rng, peak):
    warmup, decay, total = whole(rng, 1, 20), whole(rng, 1, 30), whole(rng, 50, STEPS)
    init = rng.uniform(1e-3, 1)
    ours = warmup_stable_decay(
        peak,
        total_steps=total,
        warmup_steps=warmup,
        decay_steps=decay,
        shape="linear",
        min_lr=0.1 * peak,
        init_lr=init * peak,
    )
    return ours, lambda o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, init, 1.0, warmup), lrs.LinearLR(o, 1.0, 0.1, decay)], [total - decay]
    )


@pytest.mark.parametrize(
    "make",
    [f for name, f in list(globals().items()) if name.startswith("torch_") and name != "torch_rates"],
    ids=lambda f: f.__name__,
)
def test_torch(make):
    for seed in range(CONFIGURATIONS):
        rng = np.random.default_rng(seed)
        peak = 10 ** rng.uniform(-4, 0)
        ours, theirs = make(rng, peak)
        # what is exactly 0 here is 1e-17 of the peak in torch's recursions
        assert_allclose(ours(np.arange(STEPS)), torch_rates(peak, theirs), rtol=1e-12, atol=1e-16 * peak, err_msg=ours)


def optax_constant(rng, peak):
    return Constant(peak), optax.constant_schedule(peak)


def optax_linear(rng, peak):
    n, low = whole(rng, 1, 100), peak * rng.uniform(0, 1)
    return LinearDecay(peak, decay_steps=n, min_lr=low), optax.linear_schedule(peak, low, n)


def optax_polynomial(rng, peak):
    n, power, low = whole(rng, 1, 100), rng.uniform(0.3, 3), peak * rng.uniform(0, 1)
    ours = PolynomialDecay(peak, decay_steps=n, power=power, min_lr=low)
    return ours, optax.polynomial_schedule(peak, low, power, n)


def optax_exponential(rng, peak, staircase=False):
    n, rate = whole(rng, 1, 30), rng.uniform(0.3, 1)
    ours = (StepDecay if staircase else ExponentialDecay)(peak, decay_rate=rate, step_size=n)
    return ours, optax.exponential_decay(peak, n, rate, staircase=staircase)


optax_step = functools.partial(optax_exponential, staircase=True)


def optax_piecewise(rng, peak):
    boundaries = sorted(rng.choice(np.arange(1, STEPS), 3, replace=False).tolist())
    scales = rng.uniform(0.1, 1, 3)
    ours = PiecewiseConstant(peak * np.cumprod([1, *scales]), boundaries=boundaries)
    return ours, optax.piecewise_constant_schedule(peak, dict(zip(boundaries, scales, strict=True)))


def optax_cosine(rng, peak):
    n, share = whole(rng, 1, 100), rng.uniform(0.01, 1)
    return CosineDecay(peak, decay_steps=n, min_lr=peak * share), optax.cosine_decay_schedule(peak, n, share)


def optax_restarts(rng, peak):
    n, mult, low = whole(rng, 2, 12), whole(rng, 1, 4), peak * rng.uniform(0.01, 1)
    cycles = [
        {"init_value": peak, "peak_value": peak, "warmup_steps": 0, "decay_steps": n * mult**i, "end_value": low}
        for i in range(1 + STEPS // n if mult == 1 else 6)
    ]
    ours = CosineRestarts(peak, first_cycle_steps=n, cycle_mult=mult, min_lr=low)
    return ours, optax.sgdr_schedule(cycles)


def optax_one_cycle(rng, peak):  # optax rounds the peak down to a whole step
    n, pct = whole(rng, 20, 120), rng.uniform(0.1, 0.9)
    div, final = rng.uniform(2, 50), rng.uniform(2, 100)
    ours = OneCycle(peak, total_steps=n, pct_start=int(pct * n) / n, div_factor=div, final_div_factor=final)
    return ours, optax.cosine_onecycle_schedule(n, peak, pct, div, final)


def optax_warmup(rng, peak):
    n, init = whole(rng, 1, 60), peak * rng.uniform(0, 1)
    ours = Warmup(Constant(peak), warmup_steps=n, init_lr=init)
    return ours, optax.warmup_constant_schedule(init, peak, n)


def optax_warmup_cosine(rng, peak):  # optax counts the warm-up into decay_steps
    warmup, n, init, low = whole(rng, 1, 40), whole(rng, 1, 60), peak * rng.uniform(0, 1), peak * rng.uniform(0.01, 1)
    ours = Warmup(CosineDecay(peak, decay_steps=n, min_lr=low), warmup_steps=warmup, init_lr=init)
    return ours, optax.warmup_cosine_decay_schedule(init, peak, warmup, warmup + n, low)


def optax_join(rng, peak):
    cut, rate, n = whole(rng, 1, 60), rng.uniform(0.8, 1), whole(rng, 1, 30)
    ours = Join([ExponentialDecay(peak, decay_rate=rate), LinearDecay(peak, decay_steps=n)], boundaries=[cut])
    return ours, optax.join_schedules(
        [optax.exponential_decay(peak, 1, rate), optax.linear_schedule(peak, 0, n)], [cut]
    )


@pytest.mark.parametrize(
    "make",
    [f for name, f in list(globals().items()) if name.startswith("optax_") and name != "optax_rates"],
    ids=lambda f: getattr(f, "__name__", "optax_step"),
)
def test_optax(make):  # in float32, its default
    for seed in range(CONFIGURATIONS):
        rng = np.random.default_rng(seed)
        peak = 10 ** rng.uniform(-4, 0)
        ours, theirs = make(rng, peak)
        assert_allclose(ours(np.arange(STEPS)), optax_rates(theirs), rtol=3e-6, atol=1e-7 * peak, err_msg=ours)
