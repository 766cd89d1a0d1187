"""What only the course needs: `explore`, `quiz` and `cards` put its widgets in a notebook."""

from importlib import import_module

_MODULE_OF = {"explore": "explorer", "quiz": "quiz", "cards": "cards"}

__all__ = list(_MODULE_OF)


def __getattr__(name):
    """Load a widget when it is first asked for: the exercises need none."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'lrsched.course' has no attribute {name!r}")
    return getattr(import_module(f"lrsched.course.widgets.{_MODULE_OF[name]}"), name)


def __dir__():
    return sorted(__all__)
