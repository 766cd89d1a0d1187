"""A picture with sliders: every setting is drawn beforehand, so that it works with no kernel."""

import html
import itertools
from collections.abc import Callable, Mapping, Sequence
from xml.etree import ElementTree

import matplotlib
import numpy as np
import traitlets

from lrsched import plotting
from lrsched.course.widgets.widget import Widget, script, text

MOST_FRAMES = 200


class Explorer(Widget):
    """What `explore` returns; `index` is the chosen place in each grid."""

    _esm = script("explorer")
    index = traitlets.List(traitlets.Int()).tag(sync=True)


def explore(
    draw: Callable[..., str],
    grids: Mapping[str, Sequence],
    *,
    title: str,
    panels: int = 1,
    start: Mapping[str, object] | None = None,
    sharex: bool = True,
    heights: Sequence[float] | None = None,
    goal: tuple[str, str, Callable[..., bool]] | None = None,
) -> Explorer:
    """Return a picture with one control for each of one to three parameters: a slider, or buttons for words.

    ``draw(axes, **params)`` draws one setting and returns one sentence that says what is seen: its caption
    and text alternative. It gets an Axes, or a list of them if `panels` (stacked) is above 1, which share the
    x axis unless `sharex` is false, and are as high as `heights` say. It gives them the same limits, scales and
    labels every time. `grids` has the values of each parameter, `start` those of the first picture: by default the
    first of each grid. A `goal` is what the reader should reach, how, and ``reached(**params)``, which tells the
    settings that do; the first must not.

    >>> def line(ax, slope):
    ...     ax.plot([0, 1], [0, slope])
    ...     ax.set(xlim=(0, 1), ylim=(0, 2))
    ...     return f"The line ends at {slope}."
    >>> explore(line, {"slope": [1, 2]}, title="A line")
    Explorer(slope: 2; ...)
    """
    grids = {name: list(values) for name, values in grids.items()}
    settings = [dict(zip(grids, values, strict=True)) for values in itertools.product(*grids.values())]
    if not 1 <= len(grids) <= 3 or not 1 <= len(settings) <= MOST_FRAMES:
        sizes = ", ".join(f"{name}: {len(values)} values" for name, values in grids.items()) or "none"
        raise ValueError(f"grids must name 1 to 3 parameters that give 1 to {MOST_FRAMES} pictures, got {sizes}")
    first = {name: values[0] for name, values in grids.items()} | dict(start or {})
    if first not in settings:
        raise ValueError(f"start must take its names and values from grids, got {setting_text(start)}")

    reached = [place for place, setting in enumerate(settings) if goal and goal[2](**setting)]
    if goal and (not reached or settings.index(first) in reached):
        raise ValueError(f"goal must be reached by some setting and not by the first, got {len(reached)} that reach it")

    with matplotlib.rc_context(plotting.STYLE):
        stage = Stage(draw, panels, sharex, first, heights)
        pictures = [stage.picture(setting) for setting in settings]
    base, frames = split(stage.scene, [picture for picture, _ in pictures])
    explorer = Explorer(
        content={
            "title": title,
            "names": [name.replace("_", " ") for name in grids],
            "values": [[number_text(value) for value in values] for values in grids.values()],
            "base": base,
            "frames": frames,
            "sentences": [sentence for _, sentence in pictures],
        }
        | ({"goal": {"text": goal[0], "how": goal[1], "frames": reached}} if goal else {}),
        index=[values.index(first[name]) for name, values in grids.items()],
    )
    explorer.summary = ", ".join(f"{name}: {len(values)}" for name, values in grids.items())
    explorer.first_frame = _first_frame(explorer.content, explorer.index, stage.still, stage.caption)
    explorer.preview = stage.png
    return explorer


def _first_frame(content: dict, index: list[int], still: str, caption: str) -> str:
    """Return what stands in the page until the script has run: as high, and with the first picture."""
    settings = ""
    for name, values, place in zip(content["names"], content["values"], index, strict=True):
        if words(values):
            group = "".join(f"<label>{html.escape(value)}</label>" for value in values)
            settings += f'<div class="words"><legend>{name}</legend><div class="group">{group}</div></div>'
            continue
        button = '<button type="button" class="round" disabled aria-hidden="true"></button>'
        settings += (
            f'<div class="setting"><label>{name}</label><output>{values[place]}</output>{button}'
            f'<input type="range" disabled aria-hidden="true">{button}{"" if "setting" in settings else button}</div>'
        )
    longest = html.escape(max(content["sentences"], key=len))
    figure = f'<figure class="picture">{still}</figure>'
    below = f'<p class="caption" data-longest="{longest}"><span>{html.escape(caption)}</span></p>'
    style = f"<style>{text('look.css')}{text('explorer.css')}</style>"
    if goal := content.get("goal"):
        aim = f'<p class="goal"><b>{goal["text"]}</b>{goal["how"]}</p>'
        return f'<div class="lrsched first-frame beside wide">{style}{figure}<div>{aim}{settings}{below}</div></div>'
    return f'<div class="lrsched first-frame explorer">{style}{settings}{figure}{below}</div>'


def words(values: Sequence[str]) -> bool:
    """Whether a parameter is chosen by buttons: its values are no numbers."""
    return not any(value.replace(".", "", 1).lstrip("-").isdigit() for value in values)


class Stage:
    """Axes that are drawn once, with limits that stay; `draw` plays one setting after another on them."""

    def __init__(
        self, draw: Callable[..., str], panels: int, sharex: bool, first: dict, heights: Sequence[float] | None = None
    ):
        self.draw = draw
        self.fig, self.axes = plotting.figure(panels, sharex=sharex, heights=heights)
        self.caption = self.play(first)
        self.fig.draw_without_rendering()
        with matplotlib.rc_context({"figure.autolayout": False, "figure.constrained_layout.use": False}):
            self.fig.set_layout_engine(None)  # the first layout holds for all
        self.look = self.looks()
        self.still = plotting.svg(self.fig, self.caption)
        self.png = plotting.png(self.fig, self.still)
        self.clear()
        self.scene = plotting.svg(self.fig)
        for ax in self.fig.axes:
            ax.set_axis_off()

    def clear(self) -> None:
        for ax in self.fig.axes:
            for artist in (*ax.lines, *ax.patches, *ax.collections, *ax.texts, *ax.images):
                artist.remove()
            ax.set_prop_cycle(None)

    def looks(self) -> list[dict]:
        names = ("xlim", "ylim", "xscale", "yscale", "xlabel", "ylabel")
        return [{name: getattr(ax, f"get_{name}")() for name in names} for ax in self.fig.axes]

    def play(self, setting: dict) -> str:
        self.clear()
        try:
            sentence = self.draw(self.axes, **setting)
        except Exception as error:
            raise ValueError(
                f"draw must draw every setting, got {type(error).__name__} at {setting_text(setting)}: {error}"
            ) from error
        if not isinstance(sentence, str) or not sentence.strip():
            raise ValueError(
                f"draw must return a sentence that says what is seen, got {sentence!r} at {setting_text(setting)}"
            )
        return sentence

    def picture(self, setting: dict) -> tuple[str, str]:
        sentence = self.play(setting)
        for before, now in zip(self.look, self.looks(), strict=True):
            for name, value in now.items():
                if value != before[name]:
                    raise ValueError(
                        f"draw must set the same {name} in every picture, got {number_text(before[name])} at first"
                        f" and {number_text(value)} at {setting_text(setting)}"
                    )
        return plotting.svg(self.fig), sentence


def split(scene: str, pictures: list[str]) -> tuple[str, list[list[str]]]:
    """Return the scene with what all pictures share, and what differs: for each picture a string an Axes."""
    base = ElementTree.fromstring(scene)
    roots = [ElementTree.fromstring(picture) for picture in pictures]
    clips = {clip.get("id"): clip for root in roots for clip in root.iter("clipPath")}
    ElementTree.SubElement(base, "defs").extend(clips.values())
    frames = [[] for _ in roots]
    for ax in base.iterfind(".//g[@data-axes]"):
        drawn = [
            [ElementTree.tostring(child, "unicode") for child in root.find(f".//g[@data-axes='{ax.get('data-axes')}']")]
            for root in roots
        ]
        shared = set.intersection(*map(set, drawn))
        ax.extend(ElementTree.fromstring(child) for child in drawn[0] if child in shared)
        for frame, children in zip(frames, drawn, strict=True):
            frame.append("".join(child for child in children if child not in shared))
    return ElementTree.tostring(base, "unicode"), frames


def assembled(base: str, frame: list[str], alt: str) -> str:
    """Return a whole picture: what all share, one frame of what differs, and its text alternative."""
    picture = ElementTree.fromstring(base)
    for ax, children in zip(picture.iterfind(".//g[@data-axes]"), frame, strict=True):
        ax.extend(ElementTree.fromstring(f"<g>{children}</g>"))
    svg, alternative = ElementTree.tostring(picture, "unicode"), f' role="img" aria-label="{html.escape(alt)}"'
    return svg.replace(' class="figure"', f' class="figure"{alternative}', 1)


def number_text(value: object) -> str:
    """Write a number in as few digits as say it (0.05), and anything else as it is."""
    if isinstance(value, tuple):
        return f"({', '.join(map(number_text, value))})"
    if isinstance(value, bool | str):
        return str(value)
    return np.format_float_positional(float(f"{value:.6g}"), trim="-")


def setting_text(setting: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={number_text(value)}" for name, value in setting.items())
