"""What a learner reads: a heading, a few sentences, perhaps code or a curve; as plain text and as HTML."""

import re
from dataclasses import dataclass

MARKS = {
    "not attempted": ("○", "#808080"),
    "error": ("!", "#c8553d"),
    "too slow": ("!", "#c8553d"),
    "not yet": ("✗", "#c8553d"),
    "partly right": ("◐", "#b8860b"),
    "correct": ("✓", "#2e8b57"),
}


@dataclass(frozen=True)
class Message:
    """Sentences for the learner. Colour only underlines what the words say; all else follows the page."""

    heading: str
    lines: tuple[str, ...] = ()
    code: str = ""
    curve: str = ""
    status: str = ""  # of a verdict: a key of MARKS

    def __repr__(self):
        code = [f"    {line}" for line in self.code.splitlines()]
        return "\n".join([self.heading, *code, *(f"  {line}" for line in self.lines)])

    def _repr_html_(self):
        heading, *lines = (f'<p style="margin:.3em 0">{html(s)}</p>' for s in (self.heading, *self.lines))
        code = f"<pre><code>{escaped(self.code)}</code></pre>" if self.code else ""
        colour = MARKS[self.status or "not attempted"][1]
        return (
            f'<div role="status" style="border-left:.25em solid {colour};padding:.1em 0 .1em .9em">'
            f"<strong>{heading}</strong>{code}{''.join(lines)}{self.curve}</div>"
        )


def message(heading: str, *lines: str, **parts: str) -> Message:
    """A message without its empty lines."""
    return Message(heading, tuple(line for line in lines if line), **parts)


def verdict(status: str, title: str, *lines: str, curve: str = "") -> Message:
    return message(f"{MARKS[status][0]} {title}: {status}", *lines, curve=curve, status=status)


def html(sentence: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped(sentence))


def escaped(text: str) -> str:
    """As `html.escape`, which takes longer to import than all of this to run."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
