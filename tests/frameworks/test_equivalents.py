"""`equivalent` against every scheduler of its registry, live, with arguments drawn at random."""

import logging
import os
import warnings

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest
import timm.scheduler
import torch
import transformers

from lrsched import equivalent
from lrsched.equivalents import NO_EQUAL, REGISTRY

CONFIGURATIONS = 50
PRECISE, SINGLE = 1e-12, 3e-6  # of the peak
TOLERANCE = {"torch": PRECISE, "transformers": PRECISE, "timm": PRECISE, "optax": SINGLE, "keras": SINGLE}
AFTER = 20  # updates beyond the end, where theirs is held
logging.disable(logging.INFO)  # optax mentions each schedule without a length


def optimizer_at(lr):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)


def stepped(optimizer, scheduler, steps):
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():  # SequentialLR passes its own deprecated argument on
            warnings.simplefilter("ignore")
            scheduler.step()
    return rates


def torch_rates(name, arguments, steps):
    arguments = dict(arguments)
    optimizer = optimizer_at(arguments.pop("lr", 1.0))
    if name == "SequentialLR":
        arguments["schedulers"] = [make(optimizer) for make in arguments["schedulers"]]
    module = torch.optim.swa_utils if name == "SWALR" else torch.optim.lr_scheduler
    return stepped(optimizer, getattr(module, name)(optimizer, **arguments), steps)


def transformers_rates(name, arguments, steps):
    arguments = dict(arguments)
    optimizer = optimizer_at(arguments.pop("lr"))
    lengths = {key: arguments.pop(key, None) for key in ("num_warmup_steps", "num_training_steps")}
    scheduler = transformers.get_scheduler(name, optimizer, **lengths, scheduler_specific_kwargs=arguments)
    return stepped(optimizer, scheduler, steps)


def timm_rates(name, arguments, steps):
    arguments = dict(arguments)
    optimizer = optimizer_at(arguments.pop("lr"))
    scheduler = getattr(timm.scheduler, name)(optimizer, t_in_epochs=False, **arguments)
    rates = []
    for t in range(steps):
        scheduler.step_update(t)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def optax_rates(name, arguments, steps):
    return jax.vmap(getattr(optax, name)(**arguments))(jnp.arange(steps)) * jnp.ones(steps)


def keras_rates(name, arguments, steps):
    schedule = getattr(keras.optimizers.schedules, name)(**arguments)
    # One that branches is traced; the others are not, since a compiled quotient is not exactly 1 at the end.
    branches = name.startswith("Cosine")
    return (jax.jit(jax.vmap(schedule)) if branches else schedule)(jnp.arange(steps))


THEIRS = {
    "torch": torch_rates,
    "transformers": transformers_rates,
    "timm": timm_rates,
    "optax": optax_rates,
    "keras": keras_rates,
}


class Draw:
    """Random arguments."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.peak = 10 ** self.rng.uniform(-4, 0)

    def whole(self, low, high):
        return int(self.rng.integers(low, high))

    def real(self, low, high):
        return float(self.rng.uniform(low, high))

    def coin(self):
        return bool(self.rng.integers(2))

    def one(self, *values):
        return values[self.whole(0, len(values))]

    def lower(self):
        """A rate below the peak; 0 as often as not."""
        return self.one(0.0, self.peak * self.real(1e-4, 1))

    def rates(self, *names):
        """A start and an end in either order."""
        return dict(zip(names, (self.peak, self.lower()) if self.coin() else (self.lower(), self.peak), strict=True))

    def boundaries(self, count):
        return sorted(self.rng.choice(np.arange(1, 90), count, replace=False).tolist())


def torch_step(d):
    return {"lr": d.peak, "step_size": d.whole(1, 30), "gamma": d.real(0.1, 1)}, 90


def torch_multi_step(d):
    milestones = d.rng.integers(0, 80, d.whole(1, 6)).tolist()  # unsorted, some twice, some at 0
    return {"lr": d.peak, "milestones": milestones, "gamma": d.real(0.1, 1)}, 90


def torch_constant(d):
    return {"lr": d.peak, "factor": d.real(0.01, 1), "total_iters": d.whole(0, 60)}, 90


def torch_linear(d):
    return {
        "lr": d.peak,
        "start_factor": d.real(0.01, 1),
        "end_factor": d.one(0.0, 1.0, d.real(0, 1)),
        "total_iters": d.whole(0, 80),
    }, 100


def torch_exponential(d):
    return {"lr": d.peak, "gamma": d.real(0.5, 1)}, 90


def torch_polynomial(d):
    return {"lr": d.peak, "total_iters": d.whole(0, 100), "power": d.real(0.3, 3)}, 120


def torch_cosine(d):
    n = d.whole(1, 200)
    return {"lr": d.peak, "T_max": n, "eta_min": d.lower()}, n + 1


def torch_restarts(d):
    return {"lr": d.peak, "T_0": d.whole(1, 20), "T_mult": d.whole(1, 4), "eta_min": d.lower()}, 200


def torch_cyclic(d):
    up, mode = d.whole(1, 30), d.one("triangular", "triangular2", "exp_range")
    arguments = {"base_lr": d.lower(), "max_lr": d.peak, "step_size_up": up, "mode": mode, "gamma": 1.0}
    return arguments | {"cycle_momentum": d.coin(), "step_size_down": d.one(None, up)}, 200


def torch_one_cycle(d):
    epochs, per_epoch = d.whole(1, 6), d.whole(4, 40)
    arguments = {"epochs": epochs, "steps_per_epoch": per_epoch} if d.coin() else {"total_steps": epochs * per_epoch}
    arguments |= {"max_lr": d.peak, "anneal_strategy": d.one("cos", "linear")}
    arguments |= {"div_factor": d.real(1, 50), "final_div_factor": 10 ** d.real(-0.5, 5), "cycle_momentum": d.coin()}
    three = d.coin() and epochs * per_epoch > 20
    pct = d.real(0.1, 0.45) if three else d.one(0.0, d.real(0.01, 0.99), d.real(0.01, 0.99), d.real(0.01, 0.99))
    return arguments | {"pct_start": pct, "three_phase": three}, epochs * per_epoch


def torch_swa(d):
    anneal = {"anneal_epochs": d.whole(0, 40), "anneal_strategy": d.one("cos", "linear")}
    return d.rates("lr", "swa_lr") | anneal, 60


def torch_lambda(d):
    scale = d.real(1, 100)
    return {"lr": d.peak, "lr_lambda": lambda t: 1 / (1 + t / scale)}, 90


def transformers_constant(d):
    return {"lr": d.peak}, 90


def warmed(d, shortest=0):
    warmup, n = d.one(0, d.whole(1, 40)), d.whole(2, 120)
    return {"lr": d.peak, "num_warmup_steps": max(warmup, shortest), "num_training_steps": max(warmup, shortest) + n}


def run(arguments, after):
    return arguments, arguments["num_training_steps"] + after


def transformers_constant_with_warmup(d):
    return {"lr": d.peak, "num_warmup_steps": d.whole(0, 60)}, 90


def transformers_linear(d):
    return run(warmed(d), AFTER)


def transformers_cosine(d):
    return run(warmed(d) | {"num_cycles": d.one(0.5, d.real(0.1, 1.0))}, 1)


def transformers_restarts(d):
    return run(warmed(d) | {"num_cycles": d.whole(1, 8)}, AFTER)


def transformers_polynomial(d):
    return run(warmed(d) | {"power": d.real(0.3, 3), "lr_end": 1e-3 * d.peak * d.real(0, 1)}, AFTER)


def transformers_inverse_sqrt(d):
    return {"lr": d.peak, "num_warmup_steps": d.whole(0, 40), "timescale": d.one(None, d.whole(1, 500))}, 200


def minimum(d):
    return d.one({"min_lr": d.lower()}, {"min_lr_rate": d.real(0, 1)})


def transformers_cosine_min(d):
    return run(warmed(d) | minimum(d) | {"num_cycles": d.one(0.5, d.real(0.1, 1.0))}, 1)


def transformers_cosine_warmup_min(d):
    start = d.one({}, {"warmup_lr_rate": d.real(0.01, 1)})
    return run(warmed(d) | minimum(d) | start, 0)


def transformers_wsd(d):
    warmup, stable, decay = d.whole(0, 40), d.whole(0, 40), d.whole(1, 40)
    length = d.one({"num_stable_steps": stable}, {"num_training_steps": warmup + stable + decay})
    kinds = ("linear", "cosine", "1-sqrt")
    arguments = {
        "lr": d.peak,
        "num_warmup_steps": warmup,
        "num_decay_steps": decay,
        "min_lr_ratio": d.one(0, d.real(0, 1)),
    }
    arguments |= {"warmup_type": d.one(*kinds), "decay_type": d.one(*kinds)}
    if arguments["decay_type"] == "cosine" and d.coin():
        arguments["num_cycles"] = d.real(0.1, 0.5)
    return arguments | length, warmup + stable + decay + AFTER


def keras_exponential(d):
    decay = {"decay_steps": d.whole(1, 30), "decay_rate": d.real(0.3, 1), "staircase": d.coin()}
    return {"initial_learning_rate": d.peak} | decay, 60


def keras_inverse_time(d):
    return {"initial_learning_rate": d.peak, "decay_steps": d.whole(1, 30), "decay_rate": d.real(0.1, 3)}, 60


def keras_piecewise(d):
    return {"boundaries": d.boundaries(2), "values": [d.peak, d.peak * d.real(0, 1), d.lower()]}, 95


def keras_polynomial(d):
    if d.coin():
        return d.rates("initial_learning_rate", "end_learning_rate") | {"decay_steps": d.whole(1, 60)}, 80
    fall = {"initial_learning_rate": d.peak, "end_learning_rate": d.lower(), "power": d.real(0.3, 3)}
    return fall | {"decay_steps": d.whole(1, 60)}, 80


def keras_cosine(d):
    arguments = {"decay_steps": d.whole(1, 60), "alpha": d.real(0, 1)}
    if d.coin():
        return arguments | {"initial_learning_rate": d.peak, "warmup_steps": d.whole(0, 9)}, 80
    warmup = {"initial_learning_rate": d.lower(), "warmup_target": d.peak, "warmup_steps": d.whole(0, 20)}
    return arguments | warmup, 100


def keras_restarts(d):
    arguments = {"initial_learning_rate": d.peak, "first_decay_steps": d.whole(5, 30), "t_mul": d.one(1.0, 2.0, 3.0)}
    return arguments | {"m_mul": d.one(1.0, d.real(0.3, 1)), "alpha": d.one(0.0, d.real(0, 1))}, 100


def optax_constant(d):
    return {"value": d.peak}, 90


def optax_linear(d):
    n, begin = d.whole(0, 80), d.one(0, d.whole(1, 20))
    return d.rates("init_value", "end_value") | {"transition_steps": n, "transition_begin": begin}, 120


def optax_polynomial(d):
    n, begin = d.whole(1, 80), d.one(0, d.whole(1, 20))
    arguments = {"init_value": d.peak, "end_value": d.lower(), "power": d.real(0.3, 3)}
    return arguments | {"transition_steps": n, "transition_begin": begin}, 120


def optax_exponential(d):
    arguments = {"init_value": d.peak, "transition_steps": d.whole(1, 30), "decay_rate": d.real(0.3, 1)}
    begin, end = d.one(0, d.whole(1, 20)), d.one(None, d.peak * d.real(0.001, 1.2))
    return arguments | {"staircase": d.coin(), "transition_begin": begin, "end_value": end}, 120


def optax_piecewise(d):
    boundaries = d.boundaries(3) if d.coin() else [0, *d.boundaries(2)]
    return {
        "init_value": d.peak,
        "boundaries_and_scales": {b: d.real(0.1, 2) for b in boundaries},
    }, 100


def optax_interpolate(d):
    scales = {boundary: d.real(0.1, 3) for boundary in d.boundaries(3)}
    kind = d.one("linear", "cosine")
    return {"interpolate_type": kind, "init_value": d.peak, "boundaries_and_scales": scales}, 110


def optax_linear_one_cycle(d):
    start = d.real(0.1, 0.5)
    arguments = {"transition_steps": d.whole(20, 120), "peak_value": d.peak, "pct_start": start}
    factors = {"div_factor": d.real(2, 50), "final_div_factor": d.real(2, 100)}
    return arguments | factors | {"pct_final": d.real(start + 0.2, 0.9)}, 140


def optax_cosine_one_cycle(d):
    arguments = {"transition_steps": d.whole(20, 120), "peak_value": d.peak, "pct_start": d.real(0.1, 0.9)}
    return arguments | {"div_factor": d.real(2, 50), "final_div_factor": d.real(2, 100)}, 140


def optax_warmup_constant(d):
    return d.rates("init_value", "peak_value") | {"warmup_steps": d.whole(0, 60)}, 90


def optax_warmup_cosine(d):
    warmup = d.whole(0, 40)
    arguments = {"init_value": d.lower(), "peak_value": d.peak, "warmup_steps": warmup, "end_value": d.lower()}
    return arguments | {"decay_steps": warmup + d.whole(1, 60)}, 120


def optax_warmup_exponential(d):
    arguments, steps = optax_exponential(d)
    arguments["peak_value"] = arguments.pop("init_value")
    return arguments | {"init_value": d.lower(), "warmup_steps": d.whole(0, 40)}, steps


def optax_cosine(d):
    return {"init_value": d.peak, "decay_steps": d.whole(1, 100), "alpha": d.real(0, 1)}, 120


def optax_sgdr(d):
    cycles = []
    for _ in range(d.whole(1, 5)):
        warmup = d.whole(0, 10)
        cycle = {"init_value": d.lower(), "peak_value": d.peak, "warmup_steps": warmup, "end_value": d.lower()}
        cycles.append(cycle | {"decay_steps": warmup + d.whole(1, 30)})
    return {"cosine_kwargs": cycles}, 150


def warmup_of_timm(d):
    if d.coin():
        return {"warmup_t": 0}
    return {"warmup_t": d.whole(1, 30), "warmup_lr_init": d.lower(), "warmup_prefix": d.coin()}


def cycles_of_timm(d):
    n = d.whole(2, 60)
    if d.coin():
        return {"t_initial": n}
    return {
        "t_initial": n,
        "cycle_mul": d.one(1.0, 2.0, 3.0, 1.5),
        "cycle_limit": d.whole(1, 5),
        "cycle_decay": d.one(1.0, d.real(0.3, 1)),
    }


def timm_cosine(d):
    return {"lr": d.peak, "lr_min": d.one(0.0, 0.3 * d.lower())} | cycles_of_timm(d) | warmup_of_timm(d), 300


def timm_poly(d):
    low = 0.3**5 * d.lower()  # below the top of each cycle
    return {"lr": d.peak, "lr_min": low, "power": d.real(0.3, 3)} | cycles_of_timm(d) | warmup_of_timm(d), 300


def timm_step(d):
    return {"lr": d.peak, "decay_t": d.whole(1, 30), "decay_rate": d.real(0.1, 1)} | warmup_of_timm(d), 120


def timm_multi_step(d):
    decay = {"decay_t": sorted(d.rng.integers(1, 80, 4).tolist()), "decay_rate": d.real(0.1, 1)}
    return {"lr": d.peak} | decay | warmup_of_timm(d), 120


def timm_wsd(d):
    n = d.whole(2, 80)
    arguments = {"lr": d.peak, "t_initial": n, "decay_t": d.whole(1, n + 1), "lr_min": d.lower()}
    kind = d.one(*({"decay_fn": name} for name in ("linear", "1-sqrt", "cosine")), {"decay_fn": "power"})
    return arguments | kind | {"warmup_t": d.whole(0, 30), "warmup_lr_init": d.lower()}, 140


BY_PARTS = {"torch.SequentialLR", "optax.join_schedules"}  # whose parts are made by hand, below
DRAWN = {
    entry.name: globals()[entry.make.__name__.lstrip("_")] for entry in REGISTRY.values() if entry.name not in BY_PARTS
}


@pytest.mark.parametrize("name", DRAWN)
def test_random_arguments(name):
    library, scheduler = name.split(".")
    for seed in range(CONFIGURATIONS):
        arguments, steps = DRAWN[name](Draw(seed))
        ours = equivalent(name, **arguments)(np.arange(steps))
        theirs = np.asarray(THEIRS[library](scheduler, arguments, steps), dtype=np.float64)
        wrong = np.abs(ours - theirs) > TOLERANCE[library] * ours.max()
        if name == "keras.CosineDecayRestarts":  # see its docstring: a restart one update late, at its minimum
            low = arguments["alpha"] * arguments["initial_learning_rate"]
            wrong &= ~np.isclose(theirs, low, rtol=0, atol=SINGLE * ours.max())
        assert not wrong.any(), (arguments, wrong.nonzero()[0][:5], ours[wrong][:5], theirs[wrong][:5])


@pytest.mark.parametrize("name", [name for name in REGISTRY if name not in BY_PARTS])
def test_the_example_of_the_page(name):
    library, scheduler = name.split(".")
    example = REGISTRY[name].example
    ours = equivalent(name, **example)(np.arange(90))
    theirs = np.asarray(THEIRS[library](scheduler, example, 90), dtype=np.float64)
    assert np.abs(ours - theirs).max() <= TOLERANCE[library] * ours.max()


def test_sequences_of_torch():
    for seed in range(CONFIGURATIONS):
        d = Draw(seed)
        cut, cut_again = d.whole(1, 30), d.whole(40, 60)
        parts = [
            ("torch.LinearLR", {"start_factor": d.real(0.01, 1), "total_iters": cut}),
            ("torch.CosineAnnealingLR", {"T_max": d.whole(90, 200), "eta_min": 0.1 * d.lower()}),
            ("torch.StepLR", {"step_size": d.whole(3, 20), "gamma": d.real(0.3, 1)}),
        ]
        ours = equivalent(
            "torch.SequentialLR",
            schedulers=[equivalent(name, lr=d.peak, **arguments) for name, arguments in parts],
            milestones=[cut, cut_again],
        )
        makers = [
            lambda o, name=name, arguments=arguments: getattr(torch.optim.lr_scheduler, name[6:])(o, **arguments)
            for name, arguments in parts
        ]
        theirs = torch_rates("SequentialLR", {"lr": d.peak, "schedulers": makers, "milestones": [cut, cut_again]}, 90)
        np.testing.assert_allclose(ours(np.arange(90)), theirs, rtol=0, atol=PRECISE * d.peak)


def test_sequences_of_optax():
    for seed in range(CONFIGURATIONS):
        d = Draw(seed)
        cut = d.whole(1, 60)
        parts = [
            ("optax.exponential_decay", {"init_value": d.peak, "transition_steps": 1, "decay_rate": d.real(0.8, 1)}),
            ("optax.linear_schedule", {"init_value": d.peak, "end_value": 0.0, "transition_steps": d.whole(1, 30)}),
        ]
        ours = equivalent("optax.join_schedules", schedules=[equivalent(n, **a) for n, a in parts], boundaries=[cut])
        their_parts = [getattr(optax, name[6:])(**arguments) for name, arguments in parts]
        theirs = jax.vmap(optax.join_schedules(their_parts, [cut]))(jnp.arange(90))
        np.testing.assert_allclose(ours(np.arange(90)), theirs, rtol=0, atol=SINGLE * d.peak)
        mixed = equivalent("optax.join_schedules", schedules=their_parts, boundaries=[cut])
        np.testing.assert_allclose(mixed(np.arange(90)), theirs, rtol=0, atol=SINGLE * d.peak)


class TestNothingIsForgotten:
    """Every scheduler that these versions have is in the registry, or has its reason why not."""

    def missing(self, library, names):
        return {f"{library}.{name}" for name in names} - REGISTRY.keys() - NO_EQUAL.keys()

    def test_torch(self):
        names = {*torch.optim.lr_scheduler.__all__, "SWALR"} - {"LRScheduler"}
        assert not self.missing("torch", names)

    def test_transformers(self):
        assert not self.missing("transformers", [kind.value for kind in transformers.SchedulerType])

    def test_keras(self):
        names = {n for n in dir(keras.optimizers.schedules) if n[0].isupper()} - {"LearningRateSchedule"}
        assert not self.missing("keras", names)

    def test_optax(self):
        names = {n for n in dir(optax) if n.endswith(("_schedule", "_schedules", "exponential_decay"))}
        names -= {"add_decayed_weights", "scale_by_schedule", "ema_schedule"}
        assert not self.missing("optax", names)

    def test_timm(self):
        names = {n for n in dir(timm.scheduler) if n.endswith("LRScheduler")}
        assert not self.missing("timm", names)
