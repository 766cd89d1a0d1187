"""The conversations and their recordings."""

import json
from pathlib import Path

from IPython.display import HTML

from lrsched.course.chapters import chapter

CREDIT = "Synthetic voices: Kokoro-82M v1.0 by hexgrad, Apache-2.0. The recording: CC BY 4.0."


def listen(slug: str) -> HTML:
    """The recorded conversation of a chapter, in the browser's own player; the book has another in its place.

    >>> print(listen("step_decay").data)  # doctest: +ELLIPSIS
    <audio controls preload="none" src="../_static/audio/step_decay.mp3"></audio><br><small>Synthetic ...
    """
    address = f"../_static/audio/{chapter(slug).slug}.mp3"
    return HTML(f'<audio controls preload="none" src="{address}"></audio><br><small>{CREDIT}</small>')


def dialogue(notebook: Path) -> str:
    """The conversation in a chapter's notebook, as it is written there."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "".join(next(cell["source"] for cell in cells if "dialogue" in cell["metadata"].get("tags", ())))
