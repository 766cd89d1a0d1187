"""A quiz: questions with a sentence of feedback for every answer, kept in the reader's browser.

`quiz.json` in a chapter's folder holds its questions. Their numbers and curves are expressions in the names of
`lrsched.schedules`, so that they are computed here and stand nowhere else. Those marked `"final": true` are asked by
the final quiz only.
"""

import hashlib
import json

from lrsched import plotting, schedules
from lrsched.course.chapters import chapter
from lrsched.course.markup import to_html
from lrsched.course.widgets.widget import Widget, script


class Quiz(Widget):
    """What `quiz` returns."""

    _esm = script("quiz")


def quiz(slug: str) -> Quiz:
    """Return the quiz of the chapter `slug`.

    >>> quiz("step_decay")
    Quiz(step_decay: 7 questions; ...)
    """
    one = chapter(slug)
    own = [question for question in one.content("quiz") if not question.get("final")]
    return made_of(own, name=slug, title=f"Quiz: {one.title[0].lower()}{one.title[1:]}")


def made_of(questions: list[dict], *, name: str, title: str) -> Quiz:
    """Return a quiz of `questions`; by `name` the browser knows what was answered."""
    questions = [ready(question) for question in questions]
    widget = Quiz(content={"title": title, "name": name, "questions": questions})
    widget.summary = f"{name}: {len(questions)} questions"
    widget.without_script = f"<ol>{''.join(map(on_paper, questions))}</ol>"
    return widget


def compute(expression: str) -> object:
    """Return what an expression in the names of `lrsched.schedules` is.

    >>> compute("StepDecay(0.1, decay_rate=0.5, step_size=10)(25)")
    0.025
    """
    return eval(expression, dict(vars(schedules)))


def ready(question: dict) -> dict:
    """Return a question of the file as the page needs it: HTML instead of text, ranges instead of expressions."""
    options = [{**option, "feedback": to_html(option["feedback"])} for option in question["options"]]
    for option in options:
        if "text" in option:
            option["id"] = digest(option["text"])
            option["text"] = to_html(option["text"])
        if "value" in option:
            value = compute(option.pop("value"))
            margin = abs(value) * question["tolerance"]
            option |= {"low": value - margin, "high": value + margin}
    return {
        "key": digest(json.dumps(question)),  # a changed question begins anew
        "kind": question["kind"],
        "text": to_html(question["text"]),
        "figure": picture(**question["figure"]) if "figure" in question else "",
        "section": question["section"],
        "options": options,
    }


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


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
