import itertools
import json
import re
from pathlib import Path

import pytest

from lrsched.course import final_quiz, quiz
from lrsched.course.chapters import CHAPTERS
from lrsched.course.review.final_quiz import final_questions
from lrsched.course.widgets.quiz import compute

PAGES = Path(__file__).parents[1] / "chapters"
QUESTIONS = [
    pytest.param(question, id=f"{slug}-{at}")
    for slug, chapter in CHAPTERS.items()
    for at, question in enumerate(chapter.content("quiz"), start=1)
]


def sentences(question):
    return [option["feedback"] for option in question["options"]]


@pytest.mark.parametrize("slug", CHAPTERS)
def test_a_quiz_has_five_to_eight_questions_and_no_two_alike(slug):
    questions = quiz(slug).content["questions"]
    assert 5 <= len(questions) <= 8
    assert len({question["key"] for question in questions}) == len(questions)


def test_the_final_quiz_asks_about_every_chapter_in_its_order_and_repeats_no_question():
    questions = final_quiz().content["questions"]
    sections = [question["section"] for question in questions]
    assert list(dict.fromkeys(sections)) == [chapter.title for chapter in CHAPTERS.values()]
    assert all(len(final_questions(chapter)) >= 2 for chapter in CHAPTERS.values())
    keys = [question["key"] for one in [final_quiz(), *map(quiz, CHAPTERS)] for question in one.content["questions"]]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("slug", CHAPTERS)
def test_the_sections_to_read_again_are_headings_of_the_chapter(slug):
    cells = json.loads((PAGES / f"{slug}.ipynb").read_text("utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    sections = {question["section"] for question in CHAPTERS[slug].content("quiz")}
    assert sections <= set(re.findall("(?m)^## (.+)$", text))


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_option_has_its_own_sentence_of_feedback(question):
    feedback = sentences(question)
    assert len(set(feedback)) == len(feedback) >= 3
    for sentence in feedback:
        assert re.fullmatch(r"[A-Z$`].{30,}\.", sentence), sentence


@pytest.mark.parametrize("question", QUESTIONS)
def test_right_answers_are_as_many_as_the_kind_says(question):
    right = sum(option.get("right", False) for option in question["options"])
    if question["kind"] == "several":
        assert 1 <= right < len(question["options"])
    else:
        assert question["kind"] in ("one", "number") and right == 1


def test_neither_length_nor_place_gives_the_right_choice_away():
    choices = [q.values[0]["options"] for q in QUESTIONS if q.values[0]["kind"] == "one"]
    longest = last = 0
    for options in choices:
        (right,) = (option for option in options if option.get("right"))
        longest += all(len(right["text"]) > len(option["text"]) for option in options if option is not right)
        last += right is options[-1]
    assert 0.15 <= longest / len(choices) <= 0.4
    assert 0.15 <= last / len(choices) <= 0.35


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_stands_alone(question):
    assert not re.search(r"(?i)\b(the same schedule|the last question|question \d|as above|again)\b", question["text"])


def numbers(question):
    return [compute(option["value"]) for option in question["options"] if "value" in option]


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.values[0]["kind"] == "number"])
def test_numbers_are_far_enough_apart_to_tell_the_answers_apart(question):
    values = sorted(numbers(question))
    assert len(values) >= 3
    for low, high in itertools.pairwise(values):
        assert low + abs(low) * question["tolerance"] < high - abs(high) * question["tolerance"]
    assert "value" not in question["options"][-1]  # feedback for any other number comes last


@pytest.mark.parametrize("question", [q for q in QUESTIONS if "figure" in q.values[0]])
def test_the_text_beside_a_curve_has_its_numbers(question):
    figure = question["figure"]
    for expression in figure["curves"].values():
        rates = {compute(expression)(t) for t in range(figure["steps"])}
        assert {f"{lr:g}" for lr in rates} <= set(re.findall(r"\d+(?:\.\d+)?", figure["alt"]))


def test_numbers_are_computed_by_lrsched():
    [question] = [q for q in quiz("step_decay").content["questions"] if q["kind"] == "number"]
    right = question["options"][0]
    assert (right["low"] + right["high"]) / 2 == pytest.approx(0.025)
    assert question["options"][-1].keys() == {"feedback"}


def test_what_the_quiz_on_step_decay_claims_about_schedules():
    step = compute("StepDecay(0.1, decay_rate=0.5, step_size=10)")
    smooth = compute("ExponentialDecay(0.1, decay_rate=0.5, step_size=10)")
    assert next(t for t in range(50) if step(t) == 0.05) == 10
    assert all(step(t) == pytest.approx(smooth(t)) for t in range(0, 100, 10))
    assert all(step(t) > smooth(t) for t in range(100) if t % 10)
    per_update = compute("StepDecay(0.1, decay_rate=0.1, step_size=30)")
    assert per_update(99) == pytest.approx(0.1 / 1000)
    early = compute("StepDecay(0.1, decay_rate=0.1, step_size=10)")
    assert sum(early(t) for t in range(30, 10_000)) < early(0)


def test_without_script_every_question_shows_its_options_and_answers():
    widget = quiz("step_decay")
    page = widget.without_script
    questions = widget.content["questions"]
    assert page.count("<details>") == len(questions)
    for question in questions:
        for option in question["options"]:
            assert option["feedback"] in page
    assert "Right: 0.025." in page and 'role="img" aria-label="A staircase' in page


def test_an_unknown_quiz_is_named():
    with pytest.raises(ValueError, match=r"slug must be one of .*'step_decay'.*, got '99'"):
        quiz("99")
