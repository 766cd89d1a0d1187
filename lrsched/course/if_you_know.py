"""The page *If you know ...*: the schedulers of a library, their equals here, and what differs; from the registry."""

import html

from lrsched.course.markup import to_html
from lrsched.equivalents import NO_EQUAL, REGISTRY, equivalent


class IfYouKnow:
    """What `if_you_know` returns; Jupyter displays it."""

    def __init__(self, library: str):
        self.library = library
        self.entries = [entry for name, entry in REGISTRY.items() if name.startswith(f"{library}.")]
        self.without = {name: why for name, why in NO_EQUAL.items() if name.startswith(f"{library}.")}

    def __repr__(self) -> str:
        return f"IfYouKnow({self.library!r}, {len(self.entries)} schedulers, {len(self.without)} without an equal)"

    def _repr_html_(self) -> str:
        equals = "".join(map(_equal, self.entries))
        without = "".join(f"<dt>{_code(name)}</dt><dd>None: {to_html(why)}</dd>" for name, why in self.without.items())
        return f"<dl>{equals}{without}</dl>"


def if_you_know(library: str) -> IfYouKnow:
    """Return what the schedulers of `library` are called here.

    >>> if_you_know("optax")
    IfYouKnow('optax', 14 schedulers, 1 without an equal)
    """
    return IfYouKnow(library)


def _equal(entry):
    schedule = equivalent(entry.name, **entry.example)
    text = entry.differs.replace("``", "`")
    return f"<dt>{_code(_call(entry))}</dt><dd>{_code(_short(schedule))}<br>{to_html(text)}</dd>"


def _call(entry):
    return f"{entry.name}({', '.join(f'{name}={_short(value)}' for name, value in entry.example.items())})"


def _short(value):
    """The constructor call without the arguments that have their default, and with digits that can be read."""
    if callable(value) and hasattr(value, "__dataclass_fields__"):
        fields = value.__dataclass_fields__.values()
        first, *others = [field for field in fields if field.init]
        given = [field for field in others if getattr(value, field.name) != field.default]
        arguments = [_short(getattr(value, first.name))]
        arguments += [f"{field.name}={_short(getattr(value, field.name))}" for field in given]
        return f"{type(value).__name__}({', '.join(arguments)})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_short, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_short(key)}: {_short(item)}' for key, item in value.items())}}}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return getattr(value, "__name__", None) or repr(value)


def _code(text):
    return f"<code>{html.escape(text)}</code>"
