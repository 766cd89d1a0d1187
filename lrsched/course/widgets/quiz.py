"""A quiz: questions with a sentence of feedback for every answer, kept in the reader's browser.

`quizzes/NN.json` holds the questions. Their numbers and curves are expressions in the names of `lrsched.schedules`,
so that they are computed here and stand nowhere else.
"""

import hashlib
import json
from pathlib import Path

from lrsched import plotting, schedules
from lrsched.course.widgets.markup import marked
from lrsched.course.widgets.widget import Widget, script

QUIZZES = Path(__file__).parents[1] / "quizzes"


class Quiz(Widget):
    """What `quiz` returns."""

    _esm = script("quiz")
    room = "quiz"


def quiz(name: str) -> Quiz:
    """Return the quiz in ``quizzes/<name>.json``.

    >>> quiz("03")
    Quiz(03: 7 questions; ...)
    """
    names = sorted(path.stem for path in QUIZZES.glob("*.json"))
    if name not in names:
        raise ValueError(f"name must be one of {', '.join(map(repr, names))}, got {name!r}")
    quiz = json.loads((QUIZZES / f"{name}.json").read_text("utf-8"))
    questions = [ready(question) for question in quiz["questions"]]
    shown = Quiz(content={"title": quiz["title"], "name": name, "questions": questions})
    shown.summary = f"{name}: {len(questions)} questions"
    shown.without_script = f"<ol>{''.join(map(on_paper, questions))}</ol>"
    return shown


def compute(expression: str) -> object:
    """Return what an expression in the names of `lrsched.schedules` is.

    >>> compute("StepDecay(0.1, decay_rate=0.5, step_size=10)(25)")
    0.025
    """
    return eval(expression, dict(vars(schedules)))


def ready(question: dict) -> dict:
    """Return a question of the file as the page needs it: HTML instead of text, ranges instead of expressions."""
    options = [{**option, "feedback": marked(option["feedback"])} for option in question["options"]]
    for option in options:
        if "text" in option:
            option["text"] = marked(option["text"])
        if "value" in option:
            value = compute(option.pop("value"))
            margin = abs(value) * question["tolerance"]
            option |= {"low": value - margin, "high": value + margin}
    return {
        "key": hashlib.sha256(json.dumps(question).encode()).hexdigest()[:8],  # a changed question begins anew
        "kind": question["kind"],
        "text": marked(question["text"]),
        "figure": picture(**question["figure"]) if "figure" in question else "",
        "section": question["section"],
        "options": options,
    }


def picture(curves: dict[str, str], steps: int, alt: str) -> str:
    """Return a figure of schedules as SVG; `curves` has an expression for each label."""
    fig, ax = plotting.figure()
    for label, expression in curves.items():
        plotting.plot_schedule(ax, compute(expression), steps, label=label)
    ax.set(xlim=(0, steps), ylim=(0, None))
    return plotting.svg(fig, alt)


def on_paper(question: dict) -> str:
    """Return a question with all its answers, for a page without JavaScript."""
    choices = "".join(f"<li>{option['text']}</li>" for option in question["options"] if "text" in option)
    answers = "".join(
        f"<li>{'Right' if option.get('right') else 'Wrong'}: {answer_text(option)}. {option['feedback']}</li>"
        for option in question["options"]
    )
    return (
        f"<li><p>{question['text']}</p>{question['figure']}{f'<ul>{choices}</ul>' if choices else ''}"
        f"<details><summary>Answer</summary><ul>{answers}</ul></details></li>"
    )


def answer_text(option: dict) -> str:
    if "text" in option:
        return option["text"]
    return f"{(option['low'] + option['high']) / 2:.4g}" if "low" in option else "any other number"
