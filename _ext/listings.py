"""Code: what only draws or imports lies folded under what it made, and long lines break where a reader would."""

import re
from collections.abc import Iterator

from myst_nb.sphinx_ import HideCodeCellNode
from pygments.formatters import HtmlFormatter
from sphinx.highlighting import PygmentsBridge

# What a folded cell is called, by what its last statement calls.
NAMES = {
    "explore": "The code of this demo",
    "bet": "The code of this bet",
    "race": "The code of this race",
    "show": "The code of this picture",
}
MADE = re.compile(r"^(?:\w+\.)*(\w+)\(", re.MULTILINE)


class Lines(HtmlFormatter):
    """Marks each line and its indentation, so that the stylesheet can break it with a hanging indent."""

    def wrap(self, source: Iterator) -> Iterator:
        return super().wrap(map(self.line, source))

    @staticmethod
    def line(made: tuple[int, str]) -> tuple[int, str]:
        is_code, text = made
        indent = len(text) - len(text.lstrip(" "))
        return is_code, f'<span class="l" style="--i:{indent}">{text}</span>' if is_code else text


def fold(app, doctree, docname):
    """Name what a folded cell holds and put it under what it made; a quiz needs no code."""
    for folded in list(doctree.findall(HideCodeCellNode)):
        source = folded.astext()
        calls = MADE.findall(source)
        last = calls[-1] if calls else ""
        cell = folded.parent
        if len(source.strip().splitlines()) == 1 and last in ("quiz", "cards", "final_quiz"):
            cell.remove(folded)
            continue
        name = NAMES.get(last, "The code" if len(cell) > 1 else "What is imported")
        folded["prompt_show"] = folded["prompt_hide"] = name
        cell.remove(folded)
        cell.append(folded)


def setup(app):
    PygmentsBridge.html_formatter = Lines
    app.connect("doctree-resolved", fold)
    return {"parallel_read_safe": True}
