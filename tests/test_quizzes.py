import itertools
import json
import re
from pathlib import Path

import pytest

from lrsched.course import quiz
from lrsched.course.widgets.quiz import QUIZZES, compute

CHAPTERS = Path(__file__).parents[1] / "chapters"
NAMES = sorted(path.stem for path in QUIZZES.glob("*.json"))
QUESTIONS = [
    pytest.param(question, id=f"{name}-{at}")
    for name in NAMES
    for at, question in enumerate(json.loads((QUIZZES / f"{name}.json").read_text("utf-8"))["questions"], start=1)
]


def sentences(question):
    return [option["feedback"] for option in question["options"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_quiz_has_five_to_eight_questions_the_final_one_more_and_no_two_alike(name):
    questions = quiz(name).content["questions"]
    fewest, most = (20, 30) if name == "final" else (5, 8)
    assert fewest <= len(questions) <= most
    assert len({question["key"] for question in questions}) == len(questions)


@pytest.mark.parametrize("name", NAMES)
def test_the_sections_to_read_again_are_headings_of_the_chapter(name):
    [chapter] = CHAPTERS.glob(f"{name}_*.ipynb")
    cells = json.loads(chapter.read_text("utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert {asked["section"] for asked in quiz(name).content["questions"]} <= set(re.findall("(?m)^## (.+)$", text))


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_option_has_its_own_sentence_of_feedback(question):
    told = sentences(question)
    assert len(set(told)) == len(told) >= 3
    for sentence in told:
        assert re.fullmatch(r"[A-Z$`].{30,}\.", sentence), sentence


@pytest.mark.parametrize("question", QUESTIONS)
def test_right_answers_are_as_many_as_the_kind_says(question):
    right = sum(option.get("right", False) for option in question["options"])
    if question["kind"] == "several":
        assert 1 <= right < len(question["options"])
    else:
        assert question["kind"] in ("one", "number") and right == 1


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
    [question] = [q for q in quiz("03").content["questions"] if q["kind"] == "number"]
    right = question["options"][0]
    assert (right["low"] + right["high"]) / 2 == pytest.approx(0.025)
    assert question["options"][-1].keys() == {"feedback"}


def test_what_the_third_quiz_claims_about_schedules():
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
    shown = quiz("03")
    page = shown.without_script
    questions = shown.content["questions"]
    assert page.count("<details>") == len(questions)
    for question in questions:
        for option in question["options"]:
            assert option["feedback"] in page
    assert "Right: 0.025." in page and 'role="img" aria-label="A staircase' in page


def test_an_unknown_quiz_is_named():
    with pytest.raises(ValueError, match=r"name must be one of .*'03'.*, got '99'"):
        quiz("99")
