"""What the explorer, the quiz and the cards have in common."""

import hashlib
import json
from pathlib import Path

import anywidget
import traitlets
from IPython.display import display


def script(name: str) -> str:
    """Return the JavaScript of a widget, which begins with what all of them share."""
    return "".join((Path(__file__).parent / file).read_text("utf-8") for file in ("shared.js", f"{name}.js"))


class Widget(anywidget.AnyWidget):
    """A widget whose whole content is one value, so that its text representation can carry a digest of it."""

    content = traitlets.Dict().tag(sync=True)
    summary = ""  # what the text representation says of the content
    without_script = ""  # HTML for a page whose reader has switched JavaScript off
    room = ""  # the class by which the book's stylesheet keeps room until the script has run
    preview = ""  # PNG in base 64, for viewers that know no widgets

    def __repr__(self) -> str:
        digest = hashlib.sha256(json.dumps(self.content).encode()).hexdigest()[:12]
        return f"{type(self).__name__}({self.summary}; {digest})"

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | ({"image/png": self.preview} if self.preview else {}), metadata

    def _ipython_display_(self) -> None:
        """Show two outputs, since a page takes only one form of each: HTML for no script, and the widget."""
        page = f'<noscript class="{self.room}">{self.without_script}</noscript>'
        display({"text/html": page, "text/plain": ""}, raw=True)
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
