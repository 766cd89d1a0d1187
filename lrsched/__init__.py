"""Learning-rate schedules as pure functions of the update index, and the experiments that explain them.

Everything but the figures (`lrsched.plotting`, which needs Matplotlib), the course (`lrsched.course`) and the
frameworks (`lrsched.torch`, `lrsched.keras`, `lrsched.optax`) is imported from here, and needs NumPy alone.

    >>> from lrsched import CosineDecay, Warmup
    >>> schedule = Warmup(CosineDecay(0.1, decay_steps=90), warmup_steps=10)
    >>> schedule(5), schedule(10), schedule(100)
    (0.05, 0.1, 0.0)
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Averaged",
    "Clipped",
    "Comparison",
    "Constant",
    "CosineDecay",
    "CosineRestarts",
    "Curvature",
    "Digits",
    "ExponentialDecay",
    "Grouped",
    "History",
    "Interval",
    "InverseSqrt",
    "InverseTimeDecay",
    "Join",
    "LinearDecay",
    "OneCycle",
    "Optimizer",
    "PiecewiseConstant",
    "PolynomialDecay",
    "Problem",
    "Product",
    "Quadratic",
    "RMSProp",
    "RangeTest",
    "Ravine",
    "ReduceOnPlateau",
    "Schedule",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "ScheduleLike",
    "Shift",
    "SqrtCooldown",
    "StepDecay",
    "Triangular",
    "Tuned",
    "Warmup",
    "best_scale",
    "compare",
    "convex_bound",
    "cooldown",
    "equivalent",
    "follow",
    "interval",
    "range_test",
    "rates",
    "train",
    "tune",
    "tuned_ratio",
    "updates",
    "warmup_stable_decay",
]

if TYPE_CHECKING:  # what an editor and a type checker read
    from lrsched import course as course
    from lrsched import plotting as plotting
    from lrsched.averaging import Averaged, ScheduleFreeAdamW, ScheduleFreeSGD
    from lrsched.curvature import Curvature, follow
    from lrsched.equivalents import equivalent
    from lrsched.interfaces import Optimizer, Problem, ScheduleLike
    from lrsched.intervals import Interval, interval
    from lrsched.lr_range import RangeTest, range_test
    from lrsched.optimizers import SGD, AdaGrad, Adam, AdamW, RMSProp
    from lrsched.plateau import ReduceOnPlateau
    from lrsched.problems import Digits, Quadratic, Ravine
    from lrsched.schedules import (
        Constant,
        CosineDecay,
        CosineRestarts,
        ExponentialDecay,
        InverseSqrt,
        InverseTimeDecay,
        Join,
        LinearDecay,
        OneCycle,
        PiecewiseConstant,
        PolynomialDecay,
        Product,
        Schedule,
        Shift,
        SqrtCooldown,
        StepDecay,
        Triangular,
        Warmup,
        cooldown,
        rates,
        updates,
        warmup_stable_decay,
    )
    from lrsched.theory import best_scale, convex_bound
    from lrsched.training import Comparison, History, Tuned, compare, train, tune
    from lrsched.tuning import tuned_ratio
    from lrsched.wrappers import Clipped, Grouped
else:  # what runs: a module is loaded when it is first asked for, so that a schedule costs little more than NumPy
    _CORE = (
        "interfaces",
        "schedules",
        "plateau",
        "optimizers",
        "wrappers",
        "averaging",
        "digits",
        "problems",
        "intervals",
        "training",
        "tuning",
        "lr_range",
        "curvature",
        "theory",
        "equivalents",
    )
    _MODULES = (*_CORE, "plotting", "course")

    def __getattr__(name):
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"lrsched.{name}")
        if name in __all__:
            for module in (import_module(f"lrsched.{module}") for module in _CORE):
                if name in module.__all__:
                    return getattr(module, name)
        raise AttributeError(f"module 'lrsched' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__, *_MODULES})
