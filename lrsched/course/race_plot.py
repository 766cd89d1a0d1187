"""A comparison as dots and whiskers: one row an arm, readable at every width, with its table folded below."""

import html
from pathlib import Path

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from lrsched.ideas import COLOURS, PALETTE, idea_of
from lrsched.intervals import Interval
from lrsched.training import Comparison

WIDE = 4  # from this ratio of the largest to the smallest on, the axis is logarithmic
LOST = 1000  # an arm whose loss is this many times that of the other has no place on it


class Race:
    """What `race` returns; Jupyter displays it."""

    def __init__(self, drawing: str, table: str):
        self.drawing, self.table = drawing, table

    def __repr__(self) -> str:
        return self.table

    def _repr_html_(self) -> str:
        return self.drawing


def race(
    comparison: Comparison,
    *,
    to: str | None = None,
    metric: str | None = None,
    split: str = "train",
    beside: Comparison | None = None,
    caption: str = "",
) -> Race:
    """Show each arm of `comparison` against the arm `to`: a dot with the 95 % interval of its paired differences.

    Parameters
    ----------
    comparison : Comparison
        The race.
    to : str, optional
        The arm that is drawn as a dashed line; by default the first.
    metric : str, optional
        That of the problem by default. Losses are divided by that of `to`; from an accuracy that of `to` is subtracted.
    split : str
        ``"train"`` or ``"test"``.
    beside : Comparison, optional
        Another race of the same arms, drawn with open dots.
    caption : str
        What the open dots are, or anything else that the drawing does not say.
    """
    to = comparison._reference(to)
    metric = metric or comparison._metric
    even, relation, _ = comparison._versus(metric)

    def results(one: Comparison) -> dict[str, Interval]:
        _, _, paired = one._versus(metric)
        return {name: paired(name, metric, split, to) for name in one if name != to}

    rows, open_rows = results(comparison), results(beside) if beside else {}
    axis = Axis(even, [result for result in (*rows.values(), *open_rows.values()) if _has_place(result)])
    best = min(rows, key=lambda name: rows[name].mean * (-1 if metric == "accuracy" else 1))
    lines = [_row(axis, name, rows[name], open_rows.get(name), even, name == best) for name in rows]
    seeds = comparison[to].loss.shape[0]
    idea = idea_of(metric)
    mark = PALETTE[COLOURS[idea]] if idea else "currentColor"
    what = (
        f"{split.capitalize()} {metric} {relation} {to} (dashed). Bars are 95 % intervals over {seeds} seeds, paired."
    )
    text = html.escape(f"{what} {caption}".strip())
    style = Path(__file__).with_suffix(".css").read_text("utf-8")
    return Race(
        f'<figure class="race" style="--mark: {mark}"><style>{style}</style>{"".join(lines)}{axis.ticks()}'
        f"<figcaption>{text}</figcaption>"
        f"<details><summary>The table</summary>{_table(comparison, rows, metric, split, to)}</details></figure>",
        comparison.table(metric, split, to),
    )


class Axis:
    """From values to shares of the width, in per cent."""

    def __init__(self, even: float, results: list[Interval]):
        means = [even, *(result.mean for result in results)]
        self.log = min(means) > 0 and max(means) / min(means) > WIDE
        low = min([even, *(result.mean - result.half_width for result in results)])
        low = max(low, min(means) / 2) if self.log else low
        high = max([even, *(result.mean + result.half_width for result in results)])
        locator = LogLocator(subs=(1, 2, 5)) if self.log else MaxNLocator(6, steps=[1, 2, 5, 10])
        room = (high / low) ** 0.04 if self.log else (high - low or 1) * 0.04
        self.ends = (low / room, high * room) if self.log else (low - room, high + room)
        self.values = [v for v in locator.tick_values(*self.ends) if self.ends[0] <= v <= self.ends[1]]

    def __call__(self, value: float) -> float:
        low, high, value = np.log([*self.ends, max(value, self.ends[0])]) if self.log else (*self.ends, value)
        return round(100 * float((value - low) / (high - low)), 2)

    def ticks(self) -> str:
        texts = (f'<text class="tick" x="{self(v)}%" y="14" text-anchor="middle">{v:g}</text>' for v in self.values)
        return f'<svg height="20" aria-hidden="true">{"".join(texts)}</svg>'


def _table(comparison: Comparison, rows: dict[str, Interval], metric: str, split: str, to: str) -> str:
    """The same numbers as `Comparison.table`, in cells that fit a phone."""
    relation = "minus" if metric == "accuracy" else "over"
    head = "".join(f"<th>{html.escape(str(cell))}</th>" for cell in ("", f"{split} {metric}", f"{relation} {to}"))
    body = ""
    for name in comparison:
        lost = int(comparison[name].diverged.sum())
        note = f" ({lost} diverged)" if lost else ""
        cells = f"{name}{note}", comparison.mean(name, metric, split), rows.get(name, "")
        body += f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in cells)}</tr>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _has_place(result: Interval) -> bool:
    return bool(np.isfinite(result.mean) and abs(result.mean) < LOST)


def _row(axis: Axis, name: str, result: Interval, beside: Interval | None, even: float, bold: bool) -> str:
    number = str(result) if _has_place(result) else "diverged"
    weight = ' font-weight="700"' if bold else ""
    parts = [
        f'<text y="16"{weight}>{html.escape(str(name))}</text>',
        f'<text class="number" x="100%" y="16" text-anchor="end"{weight}>{html.escape(number)}</text>',
        '<line class="rail" x1="0" x2="100%" y1="34" y2="34"/>',
        f'<line class="even" x1="{axis(even)}%" x2="{axis(even)}%" y1="24" y2="44"/>',
    ]
    if beside and _has_place(beside) and _has_place(result):
        parts += [
            f'<line class="move" x1="{axis(beside.mean)}%" x2="{axis(result.mean)}%" y1="34" y2="34"/>',
            _whisker(axis, beside, ' opacity=".45"'),
            f'<circle class="open" cx="{axis(beside.mean)}%" cy="34" r="5"/>',
        ]
    if _has_place(result):
        parts += [_whisker(axis, result), f'<circle class="dot" cx="{axis(result.mean)}%" cy="34" r="6"/>']
    alt = html.escape(f"{name}: {number}")
    return f'<svg height="50" role="img" aria-label="{alt}">{"".join(parts)}</svg>'


def _whisker(axis: Axis, result: Interval, more: str = "") -> str:
    low, high = axis(result.mean - result.half_width), axis(result.mean + result.half_width)
    return f'<line class="whisker" x1="{low}%" x2="{high}%" y1="34" y2="34"{more}/>'
