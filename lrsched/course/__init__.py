"""What only the course needs: the functions here put its widgets and its links in a notebook."""

from importlib import import_module

_MODULE_OF = {
    "explore": "widgets.explorer",
    "bet": "widgets.bet",
    "quiz": "widgets.quiz",
    "cockpit": "widgets.cockpit",
    "race": "race_plot",
    "listen": "recording",
    "draw": "widgets.draw",
    "cards": "review.cards",
    "final_quiz": "review.final_quiz",
    "read_again": "review.final_quiz",
    "glossary": "review.glossary",
    "cheat_sheet": "review.cheat_sheet",
    "course_map": "links",
    "next_chapter": "links",
}

__all__ = list(_MODULE_OF)


def __getattr__(name):
    """Load what is asked for: the exercises need no widget."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'lrsched.course' has no attribute {name!r}")
    return getattr(import_module(f"lrsched.course.{_MODULE_OF[name]}"), name)


def __dir__():
    return sorted(__all__)
