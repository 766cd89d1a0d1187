"""Learning-rate schedules as pure functions of the update index, and the experiments that explain them."""

from importlib import import_module

_PUBLIC = {
    "schedules": [
        "Constant",
        "CosineDecay",
        "CosineRestarts",
        "ExponentialDecay",
        "InverseSqrt",
        "InverseTimeDecay",
        "Join",
        "LinearDecay",
        "OneCycle",
        "PiecewiseConstant",
        "PolynomialDecay",
        "Product",
        "Schedule",
        "Shift",
        "SqrtCooldown",
        "StepDecay",
        "Triangular",
        "Warmup",
        "cooldown",
        "updates",
        "warmup_stable_decay",
    ],
    "equivalents": ["equivalent"],
    "plateau": ["ReduceOnPlateau"],
    "optimizers": ["SGD", "AdaGrad", "Adam", "AdamW", "RMSProp"],
    "problems": ["Digits", "Quadratic", "Ravine"],
    "training": ["Comparison", "History", "Tuned", "compare", "train", "tune"],
    "intervals": ["Interval", "interval"],
    "range_test": ["RangeTest"],
    "plotting": [],
    "course": [],
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = list(_MODULE_OF)


def __getattr__(name):
    """Load a module when it is first asked for: `import lrsched` costs little more than `import numpy`."""
    if name in _PUBLIC:
        return import_module(f"lrsched.{name}")
    if name in _MODULE_OF:
        return getattr(import_module(f"lrsched.{_MODULE_OF[name]}"), name)
    if name == "__version__":
        return import_module("importlib.metadata").version("lrsched")
    raise AttributeError(f"module 'lrsched' has no attribute {name!r}")


def __dir__():
    return sorted([*__all__, *_PUBLIC])
