"""The cheat sheet: every schedule with its curve, formula, call, names in other libraries, use and trap.

`cheat_sheet.json` has what is said of a schedule; its name and its formula are those of its term in the glossary.
"""

import json
from pathlib import Path

from matplotlib.axes import Axes

from lrsched import plotting, schedules
from lrsched.course.markup import math, to_html
from lrsched.course.review.glossary import terms
from lrsched.plateau import ReduceOnPlateau

HERE = Path(__file__)
STEPS = 100


def entries() -> list[dict]:
    """Return what is said of each schedule, with its term."""
    by_slug = {term["slug"]: term for term in terms()}
    notes = json.loads(HERE.with_suffix(".json").read_text("utf-8"))
    return [by_slug[entry["slug"]] | entry for entry in notes]


def curve(entry: dict, *, size: tuple[float, float], alt: str) -> str:
    """Return the rates of an entry's call over 100 updates, as SVG."""
    fig, ax = plotting.figure(size=size)
    plot(ax, eval(entry["call"], vars(schedules) | {"ReduceOnPlateau": ReduceOnPlateau}))
    ax.set(xlim=(0, STEPS), ylim=(0, 0.11), xticks=[0, 50, 100], yticks=[0, 0.05, 0.1], ylabel="rate")
    return plotting.svg(fig, alt)


def plot(ax: Axes, schedule: schedules.Schedule | ReduceOnPlateau) -> None:
    """Draw a schedule, or what a scheduler does while its metric never improves."""
    if isinstance(schedule, schedules.Schedule):
        plotting.plot_schedule(ax, schedule, STEPS)
    else:
        ax.plot([schedule.lr, *(schedule.step(1.0) for _ in range(STEPS))], drawstyle="steps-post")
        ax.set(xlabel="update")


class CheatSheet:
    """What `cheat_sheet` returns; Jupyter displays it."""

    def __init__(self, entries: list[dict]):
        self.entries = entries

    def __repr__(self) -> str:
        return f"CheatSheet({len(self.entries)} schedules)"

    def _repr_html_(self) -> str:
        style = HERE.with_suffix(".css").read_text("utf-8")
        return f'<div class="cheat-sheet"><style>{style}</style>{"".join(map(_section, self.entries))}</div>'


def cheat_sheet() -> CheatSheet:
    """Return the cheat sheet.

    >>> cheat_sheet()
    CheatSheet(16 schedules)
    """
    return CheatSheet(entries())


def _section(entry: dict) -> str:
    formula = f'<p class="formula">{math(entry["formula"])}</p>' if "formula" in entry else ""
    named = {library: name for library, name in entry["names"].items() if name != "none"}
    names = "".join(f"<dt>{library}</dt><dd>{to_html(name)}</dd>" for library, name in named.items())
    if missing := [library for library in entry["names"] if library not in named]:
        names += f"<dt>none in</dt><dd>{', '.join(missing)}</dd>"
    return (
        f"<section><h2>{entry['term'].capitalize()}</h2>{curve(entry, size=(2.2, 1.25), alt=entry['shape'])}"
        f"<div><p><code>{entry['call']}</code></p>{formula}<p><b>Use it:</b> {to_html(entry['use'])}</p>"
        f"<p><b>Trap:</b> {to_html(entry['trap'])}</p></div><dl>{names}</dl></section>"
    )
