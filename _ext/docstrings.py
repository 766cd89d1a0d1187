"""The literature of the docstrings."""

import re


def citations(app, what, name, obj, options, lines):
    """Let a docstring's ``[key]_`` lead to the book's literature."""
    lines[:] = [re.sub(r"\[(\w+)\]_", r":cite:`\1`", line) for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", citations)
    return {"parallel_read_safe": True}
