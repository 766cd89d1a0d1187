"""A pad on which the reader draws a schedule, and sees at once what it does to the loss."""

import html

import matplotlib

from lrsched import plotting
from lrsched.course.play.contest import shapes
from lrsched.course.play.draw import PROBLEMS, STEPS, Problem
from lrsched.course.widgets.widget import Widget, script, text

PATIENCE = 5  # tries, before the optimum shows itself
# As high as the pad that takes its place.
ROOM = ".draw.first-frame { min-height: 892px } @media (max-width: 480px) { .draw.first-frame { min-height: 952px } }"
TITLES = {"WSD": "WSD (warm up, hold, decay)"}  # of what its name does not say


class Draw(Widget):
    """What `draw` returns."""

    _esm = script("draw", "live")


def draw() -> Draw:
    """Return the pad with its three problems.

    >>> draw()
    Draw(noisy, calm, bound; ...)
    """
    widget = Draw(
        content={
            "title": "Draw your schedule",
            "fragment": "draw",
            "steps": STEPS,
            "patience": PATIENCE,
            "problems": [_content(problem) for problem in PROBLEMS.values()],
        }
    )
    start = PROBLEMS["noisy"]
    with matplotlib.rc_context(plotting.STYLE):
        fig, alt = _picture(start)
        still = plotting.svg(fig, alt)
        widget.preview = plotting.png(fig, still)
    widget.summary = ", ".join(PROBLEMS)
    widget.first_frame = (
        f'<div class="lrsched first-frame draw"><style>{text("look.css")}{text("live.css")}{ROOM}</style>'
        f"<p>{html.escape(start.question)}</p><figure>{still}</figure></div>"
    )
    how = "<p>To draw, the page needs JavaScript. This is where the schedules end, each at its own best peak rate.</p>"
    widget.without_script = how + "".join(map(_standings, PROBLEMS.values()))
    return widget


def _content(problem: Problem) -> dict:
    name, phrase = problem.best
    return {
        "key": problem.key,
        "name": problem.name,
        "question": problem.question,
        "quantity": problem.quantity,
        "model": problem.model.name,
        "parameters": problem.model.parameters,
        "low": problem.pad.low,
        "high": problem.pad.high,
        "edge": problem.edge,
        "limits": problem.limits,
        "presets": [
            {"title": TITLES.get(name, name), "code": problem.pad.code(problem.preset(name))} for name in shapes()
        ],
        "rivals": [{"name": name, "loss": loss} for name, loss in problem.rivals.items()],
        "best": {"name": name, "phrase": phrase, "loss": problem.best_loss, "rates": list(problem.best_rates)},
        "goals": problem.goals,
    }


def _picture(problem: Problem) -> tuple[matplotlib.figure.Figure, str]:
    rates = problem.preset("constant")
    losses = problem.model.losses(rates)
    fig, (above, below) = plotting.figure(2, heights=(0.9, 0.6))
    plotting.log_axis(above).plot(rates)
    above.set(ylim=(problem.pad.low, problem.pad.high), ylabel="learning rate")
    plotting.log_axis(below).plot(losses)
    below.set(xlim=(0, STEPS), ylim=problem.limits, xlabel="update", ylabel=problem.quantity)
    return fig, f"The best constant rate, {rates[0]:.3g}: the {problem.quantity} ends at {losses[-1]:.3g}."


def _standings(problem: Problem) -> str:
    """What a page without script says of a problem: who is where."""
    places = sorted((problem.rivals | {problem.best[0]: problem.best_loss}).items(), key=lambda place: place[1])
    rows = "".join(f"<tr><th scope='row'>{name}</th><td>{loss:.3g}</td></tr>" for name, loss in places)
    return f"<table><caption>{problem.name}: {problem.quantity}</caption><tbody>{rows}</tbody></table>"
