"""The cockpit: the reader holds the rate while the loss unrolls; five levels, and whom to measure oneself against."""

import html

import numpy as np
from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.course.play.cockpit import CRASH, HIGH, LEVELS, LOW, STEPS, Level
from lrsched.course.widgets.widget import Widget, script, text

TITLE = "The cockpit"
SECONDS = 20  # for a run in real time


class Cockpit(Widget):
    """What `cockpit` returns."""

    _esm = script("cockpit", "live")


def cockpit() -> Cockpit:
    """Return the cockpit with all its levels.

    >>> cockpit()
    Cockpit(5 levels, 200 updates; ...)
    """
    common = {"title": TITLE, "steps": STEPS, "seconds": SECONDS, "low": LOW, "high": HIGH, "crash": CRASH}
    widget = Cockpit(content=common | {"levels": [_content(level) for level in LEVELS.values()]})
    widget.summary = f"{len(LEVELS)} levels, {STEPS} updates"
    widget.first_frame = _first_frame(next(iter(LEVELS.values())))
    levels = "".join(map(_on_paper, LEVELS.values())).replace("<details>", "<details open>", 1)
    widget.without_script = f"<p>Without JavaScript nobody flies, but here is who ended where.</p>{levels}"
    widget.preview = _picture(LEVELS["noisy"], over=True)[1]
    return widget


def _content(level: Level) -> dict:
    best = _best_by_name(level)
    return {
        **{name: getattr(level, name) for name in ("key", "name", "brief", "lesson", "hint", "first", "goals")},
        **level.model.parameters,
        "axis": [level.lowest, CRASH],
        "rivals": [{"name": _plain(name), "loss": loss} for name, loss in level.losses.items()],
        "rival": {"name": _plain(best), "rates": [float(f"{rate:.5g}") for rate in level.rivals[best]]},
        "best": {"rates": level.best_rates.tolist(), "loss": level.best_loss},
    }


def _best_by_name(level: Level) -> str:
    return min(level.losses, key=level.losses.__getitem__)


def _plain(name: str) -> str:
    """A name without the length of the warm-up, for which there is no room."""
    return "warm-up + linear" if name.startswith("warm-up") else name


def _picture(level: Level, *, over: bool) -> tuple[str, str]:
    """Return a level as SVG and PNG: where it starts or, when it is `over`, the best by name and the best found."""
    fig, (loss, rate) = plotting.figure(panels=2)
    plotting.log_axis(loss).set(ylabel="loss", xlim=(0, STEPS), ylim=(level.lowest, CRASH))
    plotting.log_axis(rate).set(ylabel="learning rate", xlabel="update", ylim=(LOW, HIGH))
    loss.axhline(CRASH, color=plotting.PALETTE["grey"], linewidth=1.2, linestyle="-", clip_on=False)
    loss.annotate(f"crash: {CRASH:g}", (STEPS, CRASH), (0, -12), textcoords="offset points", ha="right")
    if over:
        name = _best_by_name(level)
        grey = {"color": plotting.PALETTE["grey"], "linewidth": 1.4, "linestyle": "-"}
        _curves(level, loss, rate, level.rivals[name], f"best {_plain(name)}", **grey)
        _curves(level, loss, rate, level.best_rates, "best found", linestyle="--")
        alt = f"{level.name}: the best {_plain(name)} schedule ends at an expected loss of {level.losses[name]:.3g}, "
        alt += f"the best found at {level.best_loss:.3g}."
    else:
        start = level.model.losses(level.best_rates)[0]
        loss.plot(0, start, "o", clip_on=False)
        rate.plot(0, level.first, "o", clip_on=False)
        alt = f"{level.name}, at the start: the loss is {start:.3g}, the rate {level.first:g}."
    drawn = plotting.svg(fig, alt)
    return drawn, plotting.png(fig, drawn)


def _curves(level: Level, loss: Axes, rate: Axes, rates: np.ndarray, name: str, **line: object) -> None:
    loss.plot(level.model.losses(rates), **line)
    plotting.label_end(loss, name)
    rate.plot(rates, **line)


def _first_frame(level: Level) -> str:
    """Return what stands in the page until the script has run: as high, and with the first level."""
    style = text("look.css") + text("live.css") + text("cockpit.css")
    names = "".join(f"<label><span>{one.name}</span></label>" for one in LEVELS.values())
    return (
        f'<div class="lrsched first-frame cockpit wide" role="group" aria-label="{TITLE}"><style>{style}</style>'
        f'<div class="pills">{names}</div><p class="brief">{html.escape(level.brief)}</p>'
        f'<div class="stage"><figure>{_picture(level, over=False)[0]}</figure></div><div class="outcome"></div></div>'
    )


def _on_paper(level: Level) -> str:
    """Return a level as a page without JavaScript has it: what it is, where the others ended, what it teaches."""
    results = {f"best {_plain(name)}": loss for name, loss in level.losses.items()} | {"best found": level.best_loss}
    rows = "".join(
        f"<tr><td>{name}</td><td>{loss:.3g}</td><td>{loss / level.best_loss:.3g}</td></tr>"
        for name, loss in sorted(results.items(), key=lambda result: result[1])
    )
    return (
        f"<details><summary>{level.name}</summary><p>{html.escape(level.brief)}</p>"
        f"<figure>{_picture(level, over=True)[0]}</figure><table><thead><tr><th>schedule</th><th>expected loss at the "
        f"end</th><th>times the best found</th></tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{html.escape(level.lesson)}</p></details>"
    )
