"""The recordings of the conversations."""

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
