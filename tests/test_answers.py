"""Answers as learners type them: those of tests/answers.yml, and curves of many shapes for the open tasks."""

import ast
import linecache
import zlib
from functools import cache

import numpy as np
import pytest
import yaml
from test_exercises import NOT_RIGHT, OPEN_TASKS, ROOT, no_progress, notebook  # noqa: F401 (a fixture)

from lrsched import Constant, Quadratic, RMSProp, train
from lrsched.course.exercises import adaptive_rates, fair_comparison, step_decay, why_decay
from lrsched.course.exercises.functions import OpenFunction
from lrsched.course.exercises.sheet import sheets

ANSWERS = [
    pytest.param(slug, name, text, says, id=f"{slug}-{name}-{i}")
    for slug, of_tasks in yaml.load((ROOT / "tests/answers.yml").read_text("utf-8"), yaml.CSafeLoader).items()
    for name, kinds in of_tasks.items()
    for i, (text, says) in enumerate(
        [*((text, True) for text in kinds["right"]), *((wrong["answer"], wrong["says"]) for wrong in kinds["wrong"])]
    )
]


@cache
def names_of(slug):
    """What the first cell of a notebook gives its learner."""
    names = {}
    exec(next(cell for cell in notebook(slug).cells if cell.cell_type == "code").source, names)
    return names


def written(slug, name, text):
    """An answer as it was typed: an expression, or a program whose last function or value it is."""
    names = dict(names_of(slug))
    try:
        return eval(text, names)
    except SyntaxError:
        # As a notebook does, so that Python finds the text of a function again.
        file = f"<answer {zlib.crc32(text.encode())}>"
        linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
        exec(compile(text, file, "exec"), names)
        last = ast.parse(text).body[-1]
        return names[last.name if isinstance(last, ast.FunctionDef) else last.targets[0].id]


def task_of(slug, name):
    return sheets()[slug].tasks[name]


@pytest.mark.parametrize(("slug", "name", "text", "says"), ANSWERS)
def test_right_answers_are_accepted_and_wrong_ones_are_named(slug, name, text, says):
    verdict = task_of(slug, name).check(written(slug, name, text))
    if says is True:
        assert verdict.status == "correct", verdict
    elif says is None:  # refused, and nothing is claimed about the cause
        assert verdict.status in NOT_RIGHT
        assert not [sentence for _, sentence in named(slug, name) if sentence in repr(verdict)], verdict
    else:
        assert verdict.status in (*NOT_RIGHT, "not attempted")
        assert says in " ".join(verdict.lines), verdict


def named(slug, name):
    task = task_of(slug, name)
    return () if isinstance(task, OpenFunction) else task.mistakes


# Open tasks: whatever meets what is printed is right, and advice that is followed helps


# How the goal of a task is measured, by the chapter.
MEASURES = {
    "why_decay": why_decay.final_loss,
    "step_decay": step_decay.RUN.final_loss,
    "adaptive_rates": adaptive_rates.last,
    "fair_comparison": fair_comparison.RUN.final_loss,
}


def some_answers(seed):
    """Curves of many shapes and heights, some of them absurd."""
    random = np.random.default_rng(seed)
    peak, end, n = 10 ** random.uniform(-2.5, 0.7), 10 ** random.uniform(-3, 0), random.integers(20, 220)
    return [
        lambda t: peak,
        lambda t: peak * end ** (t / n),
        lambda t: peak * end ** (t // n),
        lambda t: peak * (1 - t / n),
        lambda t: peak * max(0, 1 - t / n),
        lambda t: peak * min(1, (t + 1) / 20) * end ** (t / n),
        lambda t: peak * (1 + np.cos(np.pi * min(t, n) / n)) / 2,
        lambda t: peak if t < n else peak * end,
        lambda t: peak + end * t / n,
        lambda t: max(1, round(peak * 10 * t / n)),
        lambda t: 1 if t < 150 + n // 5 else round(50 * peak),
    ]


@pytest.mark.parametrize("task", OPEN_TASKS)
def test_advice_that_is_followed_leads_to_the_goal(task):
    goal = task.requirements[-1]
    for answer in [a for seed in range(3) for a in some_answers(seed)]:
        values = np.array([float(answer(*case)) for case in task.cases])
        allowed = [each.holds(values) for each in task.requirements[:-1]]
        if goal.holds(values) or not all(allowed):
            continue
        before = loss_of(task, values)
        for _ in range(60):
            says, better = task.advice(values)
            assert says
            assert loss_of(task, better) < loss_of(task, values)
            assert all(each.holds(better) for each in task.requirements[:-1])
            values = better
            if goal.holds(values):
                break
        assert goal.holds(values), (before, loss_of(task, values))


def loss_of(task, values):
    return np.nan_to_num(MEASURES[task.chapter](values), nan=np.inf)


@pytest.mark.parametrize("task", OPEN_TASKS)
def test_what_meets_the_goal_by_the_package_is_accepted_and_nothing_else(task):
    met = set()
    near = [lambda t, times=times: times * task.answer(t) for times in (0.6, 0.9, 1, 1.1, 2, 5)]
    for answer in [*near, *(a for seed in range(5) for a in some_answers(seed))]:
        expected = bool(meets(task, answer))
        met.add(expected)
        assert (task.check(answer).status == "correct") == expected
    assert met == {True, False}


def meets(task, answer):
    """Whether an answer meets what its task prints, by other means than the checker's."""
    values = [float(answer(*case)) for case in task.cases]
    if not np.isfinite(values).all():
        return False
    if task.chapter == "why_decay":
        if any(v < 1 or v != int(v) for v in values) or sum(values) > 1000:
            return False
        loss, even = (noisy_loss(sizes) for sizes in (values, [5] * 200))
        return loss <= even / 4
    if task.chapter == "adaptive_rates":
        rates = np.repeat(values, 10)
        run = train(Quadratic((1.0, 100.0), start=2.0), RMSProp(), rates.__getitem__, steps=1500, seeds=1)
        return (
            sorted(values, reverse=True) == values and values[-1] <= values[0] / 10 and run.loss[0, -50:].max() < 1e-6
        )
    run = step_decay.RUN if task.chapter == "step_decay" else fair_comparison.RUN
    if task.chapter == "step_decay":
        lengths = np.diff([0, *(i for i in range(1, 200) if values[i] != values[i - 1]), 10_000])
        if sorted(values, reverse=True) != values or len(lengths) == 1 or min(lengths) < 10:
            return False
    final = [run.problem.expected_loss(f, run.steps)[-1] for f in (values.__getitem__, Constant(run.constant))]
    return final[0] <= 0.6 * final[1]


def noisy_loss(sizes):
    """The exact loss of the third way below the floor, weight by weight."""
    total = 0.0
    for curvature in np.geomspace(0.5, 5, 8):
        square = 1.0
        for size in sizes:
            square = (1 - 0.2 * curvature) ** 2 * square + (0.2 * 0.5) ** 2 / size
        total += curvature / 2 * square
    return total
