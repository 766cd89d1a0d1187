"""What the explorer, the quiz and the cards have in common."""

import json
from collections.abc import Mapping
from pathlib import Path

import anywidget
import traitlets
from IPython.display import display

from lrsched._figure import digest


def text(file: str) -> str:
    """Return the text of a file beside this one."""
    return (Path(__file__).parent / file).read_text("utf-8")


def script(name: str, *parts: str) -> str:
    """Return the JavaScript of a widget: what all of them share, then the `parts` that some do, then its own."""
    styles = {"look": ["look"], "css": [*parts, name]}
    constants = [
        f"const {constant} = {json.dumps(''.join(text(f'{file}.css') for file in files))};\n"
        for constant, files in styles.items()
    ]
    return "".join([*constants, *(text(f"{file}.js") for file in ("shared", *parts, name))])


def state_digest(state: Mapping) -> str:
    """Return a digest of what a page without a kernel reads of a widget's state."""
    read = {name: state[name] for name in ("_esm", "content", "index") if name in state}
    return digest(json.dumps(read, sort_keys=True))  # a notebook sorts them, too


class Widget(anywidget.AnyWidget):
    """A widget whose text representation carries a digest of its state, which nbval does not see."""

    content = traitlets.Dict().tag(sync=True)
    summary = ""  # what the text representation says of the content
    first_frame = ""  # HTML that the script takes over, where it is there before the script
    without_script = ""  # HTML for a page whose reader has switched JavaScript off
    preview = ""  # PNG in base 64, for viewers that know no widgets

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.summary}; {state_digest(self.get_state())})"

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | ({"image/png": self.preview} if self.preview else {}), metadata

    def _ipython_display_(self) -> None:
        """Show two outputs, since a page takes only one form of each: HTML for no script, and the widget."""
        page = self.first_frame + (f"<noscript>{self.without_script}</noscript>" if self.without_script else "")
        display({"text/html": page, "text/plain": ""}, raw=True)
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
