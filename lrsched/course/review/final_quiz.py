"""The final quiz: the questions of all chapters that are marked `"final": true`; their own quizzes skip these."""

import re

from IPython.display import Markdown

from lrsched.course.chapters import CHAPTERS, Chapter
from lrsched.course.widgets.quiz import Quiz, made_of


def final_quiz() -> Quiz:
    """Return the final quiz; a wrong answer leads to the part of `read_again` for its chapter."""
    questions = [
        question | {"section": chapter.title} for chapter in CHAPTERS.values() for question in final_questions(chapter)
    ]
    return made_of(questions, name="final", title="Final quiz")


def read_again() -> Markdown:
    """What to read again in each chapter: the sections that the questions of the final quiz are about."""
    return Markdown("\n\n".join(map(_advice, CHAPTERS.values())))


def final_questions(chapter: Chapter) -> list[dict]:
    return [question for question in chapter.content("quiz") if question.get("final")]


def _advice(chapter: Chapter) -> str:
    sections = dict.fromkeys(question["section"] for question in final_questions(chapter))
    links = [f"[{section}]({chapter.slug}.ipynb#{_anchor(section)})" for section in sections]
    return (
        f"## {chapter.title}\n\nRead [the chapter]({chapter.slug}.ipynb) again, above all {', '.join(links)}.\n"
        f"Then solve [its exercises](../exercises/{chapter.slug}.ipynb)."
    )


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
