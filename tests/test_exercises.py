"""What must hold for the exercises of every chapter, found by their names; then what holds for the machinery."""

import ast
import inspect
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lrsched import Constant
from lrsched.course.exercises import exponential_decay, fair_comparison, learning_rate, progress
from lrsched.course.exercises import step_decay as tasks
from lrsched.course.exercises.curve import picture
from lrsched.course.exercises.functions import FunctionTask, OpenFunction, function
from lrsched.course.exercises.sheet import Sheet, sheets
from lrsched.course.exercises.tasks import Choice, Number
from lrsched.course.exercises.values import short_text

ROOT = Path(__file__).resolve().parents[1]
SHEETS = sheets().values()
TASKS = [pytest.param(t, id=f"{t.chapter}-{t.name}") for sheet in SHEETS for t in sheet.tasks.values()]
FUNCTION_TASKS = [param for param in TASKS if isinstance(param.values[0], FunctionTask)]
OPEN_TASKS = [param for param in TASKS if isinstance(param.values[0], OpenFunction)]
CLOSED_TASKS = [param for param in TASKS if not isinstance(param.values[0], OpenFunction)]
GIVEN_TASKS = [param for param in TASKS if getattr(param.values[0], "given", None)]
NOT_RIGHT = ("not yet", "partly right", "error")

every_sheet = pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.slug)
every_task = pytest.mark.parametrize("task", TASKS)


@pytest.fixture(autouse=True)
def no_progress(monkeypatch):
    monkeypatch.setenv("LRSCHED_PROGRESS", "off")
    monkeypatch.setattr(progress, "memory", {})
    monkeypatch.setattr(progress, "troubles", {""})
    for sheet in SHEETS:
        for task in sheet.tasks.values():
            monkeypatch.setattr(task, "hint_count", 0)
            monkeypatch.setattr(task, "solution_requested", False)


# Each task


@every_task
def test_the_stub_is_not_attempted(task):
    learner = {"np": np}
    exec(task.stub(), learner)
    assert task.check(learner[task.name]).status == "not attempted"


@every_task
def test_the_answer_is_correct_and_says_why(task):
    verdict = task.check(task.answer)
    assert (verdict.status, task.why in verdict.lines) == ("correct", True)


@every_task
def test_each_mistake_gets_its_own_sentence_and_no_other(task):
    sentences = {says for _, says in task.mistakes}
    for wrong, says in task.mistakes:
        verdict = task.check(wrong)
        assert verdict.status in NOT_RIGHT
        assert [s for s in sentences if s in "\n".join(verdict.lines)] == [says]


@pytest.mark.parametrize("task", CLOSED_TASKS)
def test_enough_mistakes_are_known(task):
    assert len(task.mistakes) >= (4 if isinstance(task, FunctionTask) else 3)


@every_task
def test_there_are_three_hints_and_they_come_in_order(task):
    assert [task.hint().lines[0] for _ in range(4)] == [*task.hints, task.hints[-1]]
    assert len(set(task.hints)) == 3


def secrets(task):
    """What gives a solution away: its reason, and its lines that do not stand in the cell already; without spaces."""
    if isinstance(task, Choice):
        return [re.escape(squeezed(task.why))]
    if isinstance(task, Number):
        return [re.escape(squeezed(task.why)), rf"(?<![\d.-]){re.escape(short_text(task.answer))}(?![\d.])"]
    public = squeezed(task.stub() + "".join(cell.source for cell in notebook(task.chapter).cells))
    lines = {line.strip().removeprefix("return ") for line in task.solution_cell().splitlines()}
    lines |= {line.removeprefix(line.split("=")[0] + "=") for line in lines if re.match(r"\w+ = ", line)}
    texts = {squeezed(line) for line in lines if len(line) > 10}
    return [re.escape(text) for text in (squeezed(task.why), *(text for text in texts if text not in public))]


def squeezed(text):
    return re.sub(r"\s", "", text)


@every_task
def test_no_other_verdict_and_no_hint_holds_the_solution(task):
    texts = [repr(task.check(wrong)) for wrong in (..., None, lambda *_: None, *(w for w, _ in task.mistakes))]
    for secret in secrets(task):
        assert not [text for text in [*texts, *task.hints] if re.search(secret, squeezed(text))]


@pytest.mark.parametrize("task", [param for param in TASKS if isinstance(param.values[0], Number)])
def test_no_formula_in_a_hint_or_verdict_gives_the_number(task):
    for text in (*task.hints, *(says for _, says in task.mistakes)):
        for formula in re.findall(r"`([^`]+)`|([\d.]+(?: ?[-+*/] ?[\d.]+)+)", text):
            try:
                value = eval("".join(formula), {"np": np})
            except (NameError, SyntaxError, TypeError):
                continue
            assert value != pytest.approx(task.answer), text


@every_task
def test_the_solution_comes_after_a_try_or_at_the_second_request(task):
    assert task.solution().heading == "Try it once first"
    assert task.solution().code == task.solution_cell()
    progress.memory.clear()
    task.solution_requested = False
    task.check(task.mistakes[0][0])
    assert task.solution().code == task.solution_cell()
    assert task.why in task.solution().lines


@every_task
def test_the_task_does_not_show_its_answer_when_it_is_printed(task):
    assert repr(task) == f"{task.title}: .check(answer), .hint(), .solution()"


@every_task
def test_a_check_takes_less_than_50_ms_or_a_second_where_the_answer_trains(task):
    def seconds(answer):
        start = time.process_time()  # not that of the clock, which other programs lengthen
        task.check(answer)
        return time.process_time() - start

    for answer in (task.answer, task.mistakes[-1][0]):
        assert min(seconds(answer) for _ in range(2 if task.seconds else 5)) < (1.5 if task.seconds else 0.05)


@every_task
def test_a_verdict_is_announced_and_the_same_each_time(task):
    for answer in (task.answer, task.mistakes[0][0], ...):
        one, two = task.check(answer), task.check(answer)
        assert (repr(one), one._repr_html_()) == (repr(two), two._repr_html_())
        assert one._repr_html_().startswith('<div role="status"')


def has_curve(task):
    return isinstance(task, OpenFunction) or getattr(task, "curve", "")


@pytest.mark.parametrize("task", [param for param in TASKS if has_curve(param.values[0])])
def test_a_curve_has_its_conclusion_as_text(task):
    for answer in (task.answer, next(w for w, _ in task.mistakes if task.check(w).curve)):
        curve = task.check(answer).curve
        assert re.search(r'aria-label="Your curve (lies on|leaves) the [^"]+\."', curve)
        assert "nan" not in curve
        assert "#" not in curve, "only currentColor follows the page into dark mode"


def levels(curve):
    """The heights of the expected curve and of the learner's; 0 is the top."""
    expected, yours = re.findall(r'<path d="(M[^"]+)" stroke-width', curve)
    return [[float(y) for y in re.findall(r"(?:M\d+ |V)([\d.]+)", path)] for path in (expected, yours)]


def test_the_picture_shows_both_curves_to_scale():
    ys = np.array([1.0, 1.0, 0.5, 0.0])
    expected, yours = levels(picture("step", range(4), ys / 2, ys, "expected curve"))
    assert np.diff(expected) == pytest.approx(np.diff(yours) * 2, abs=0.2)
    assert yours[-1] == expected[-1]


def test_the_picture_keeps_the_shape_of_the_expected_curve_when_yours_explodes():
    ys = np.array([1.0, 0.5, 0.0])
    near, far = (levels(picture("step", range(3), ys * size, ys, "expected curve")) for size in (1, 1e30))
    assert near[0] == far[0]
    assert min(far[1]) >= 0


def test_the_picture_has_room_for_yours_over_a_level():
    level, yours = levels(picture("step", range(2), np.array([0.3, 0.1]), np.array([0.2, 0.2]), "level"))
    assert yours[0] < level[0] < yours[1]


# Each chapter and its notebook


@cache
def notebook(slug):
    return nbformat.read(ROOT / f"exercises/{slug}.ipynb", as_version=4)


def answer_cells(sheet):
    """The cells that hold an answer, by the name of their task."""
    tagged = [
        (tag.removeprefix("answer-"), cell)
        for cell in notebook(sheet.slug).cells
        for tag in cell.metadata.get("tags", ())
        if tag.startswith("answer-")
    ]
    assert len(dict(tagged)) == len(tagged)
    return dict(tagged)


@every_sheet
def test_the_section_to_read_again_is_a_heading_of_the_chapter(sheet):
    page = ROOT / f"chapters/{sheet.slug}.ipynb"
    headings = re.findall(r"^## (.*)", "\n".join(cell.source for cell in nbformat.read(page, 4).cells), re.MULTILINE)
    assert {task.section for task in sheet.tasks.values()} <= {*headings}


@every_sheet
def test_there_are_five_tasks_and_each_has_its_cell_in_order(sheet):
    assert len(sheet.tasks) >= 5
    assert list(answer_cells(sheet)) == list(sheet.tasks)


@every_sheet
def test_each_cell_holds_the_stub_and_its_check(sheet):
    for name, cell in answer_cells(sheet).items():
        assert cell.source.split() == f"{sheet.tasks[name].stub()} tasks.{name}.check({name})".split()


@every_sheet
def test_as_shipped_every_task_is_not_attempted(sheet):
    for name, cell in answer_cells(sheet).items():
        (output,) = cell.outputs
        assert output.data["text/plain"].startswith(f"○ {sheet.tasks[name].title}: not attempted")


@pytest.mark.parametrize("task", FUNCTION_TASKS)
def test_stub_and_solution_have_the_same_arguments(task):
    stub, solution = (ast.parse(text).body[0].args for text in (task.stub(), task.solution_cell()))
    assert ast.dump(stub) == ast.dump(solution)
    assert list(inspect.signature(task.answer).parameters) == task.names


@every_sheet
def test_the_solutions_typed_into_the_notebook_get_full_marks(sheet):
    learner = {}
    for cell in notebook(sheet.slug).cells:
        if cell.cell_type == "code":
            exec(cell.source, learner)
    for name, task in sheet.tasks.items():
        exec(task.solution_cell(), learner)
        assert eval(f"tasks.{name}.check({name})", learner).status == "correct"
    assert f"{len(sheet.tasks)} of {len(sheet.tasks)} tasks done" in repr(learner["tasks"].progress())


@every_sheet
def test_the_options_of_a_choice_stand_above_its_cell(sheet):
    cells = notebook(sheet.slug).cells
    for name, cell in answer_cells(sheet).items():
        if isinstance(sheet.tasks[name], Choice):
            prose = cells[cells.index(cell) - 1].source
            assert re.findall(r"^- \*\*(\w)\*\*: ", prose, re.M) == list(sheet.tasks[name].options)


@every_sheet
def test_what_is_required_and_how_precisely_stands_above_the_cell(sheet):
    cells = notebook(sheet.slug).cells
    for name, cell in answer_cells(sheet).items():
        task, at = sheet.tasks[name], cells.index(cell)
        start = next(i for i in range(at, 0, -1) if cells[i].source.startswith("## "))
        prose = "\n".join(c.source for c in cells[start:at])
        for requirement in getattr(task, "requirements", ()):
            assert requirement.text in prose
        if getattr(task, "digits", 0):
            assert f"at least {('', '', 'two', 'three', 'four')[task.digits]} digits" in prose


def test_every_chapter_has_a_task_that_trains():
    for sheet in SHEETS:
        assert any(task.seconds for task in sheet.tasks.values() if isinstance(task, FunctionTask)), sheet.slug


def test_the_letters_of_the_right_choices_differ():
    letters = [task.answer for sheet in SHEETS for task in sheet.tasks.values() if isinstance(task, Choice)]
    assert max(letters.count(letter) for letter in letters) <= len(letters) / 3


@every_sheet
def test_each_task_is_a_section_with_an_example(sheet):
    cells = notebook(sheet.slug).cells
    titles = [
        re.sub(r"^## \d+\. ", "", line) for c in cells for line in c.source.splitlines() if line.startswith("## ")
    ]
    assert [t for t in titles if t in [task.title for task in sheet.tasks.values()]] == [
        task.title for task in sheet.tasks.values()
    ]
    assert sum("*Example*" in c.source for c in cells) == len(sheet.tasks)


@pytest.mark.parametrize("answer", [180, 180.0, np.int64(180), np.array(180)])
def test_a_number_may_be_of_any_kind(answer):
    assert tasks.first_below.check(answer).status == "correct"


def test_a_letter_may_be_large():
    for letter in (" B ", "b)", "(b)", "b."):
        assert fair_comparison.fair_race.check(letter).status == "correct"


@pytest.mark.parametrize("run", [tasks.RUN, fair_comparison.RUN])
def test_the_constant_rate_of_the_open_task_is_the_best(run):
    rates = run.constant * np.linspace(0.7, 1.4, 151)
    losses = [run.problem.expected_loss(Constant(rate), run.steps)[-1] for rate in rates]
    assert rates[np.argmin(losses)] == pytest.approx(run.constant, abs=0.005)
    assert run.final_loss([run.constant] * run.steps) == pytest.approx(min(losses), rel=0.002)


def test_a_failing_case_is_named_with_what_was_expected_and_what_came():
    verdict = tasks.step_decay.check(lambda peak_lr, decay_rate, step_size, step: 0.3)
    assert verdict.status == "not yet"
    assert verdict.lines[0] == (
        "`step_decay(peak_lr=0.1, decay_rate=0.5, step_size=10, step=0)` should give 0.1, but yours gives 0.3."
    )


def test_an_error_is_shown_in_one_line_with_its_place():
    def step_decay(peak_lr, decay_rate, step_size, step):
        periods = step // (step_size - 10)
        return peak_lr * decay_rate**periods

    line = step_decay.__code__.co_firstlineno + 1
    verdict = tasks.step_decay.check(step_decay)
    assert verdict.status == "error"
    assert re.fullmatch(
        r"`step_decay\(.*step=0\)` stops with ZeroDivisionError: .* by zero, "
        rf"in line {line}: `periods = step // \(step_size - 10\)`\.",
        verdict.lines[0],
    )


def test_the_function_is_asked_for_when_its_value_is_given():
    verdict = tasks.step_decay.check(0.1)
    assert verdict.lines[0] == "`check` needs the function itself, not 0.1: write `check(step_decay)`."


@pytest.mark.parametrize("name", ["step_decay", "train", "my_schedule"])
def test_a_missing_return_is_named(name):
    assert tasks.sheet.tasks[name].check(lambda *_: None).lines[0].endswith(")` gives None: is a `return` missing?")


def test_what_still_holds_the_dots_is_not_attempted():
    for answer in (lambda *_: ..., lambda p, d, s, t: p * ... ** (t // s)):
        assert tasks.step_decay.check(answer).status == "not attempted"


@pytest.mark.parametrize("task", GIVEN_TASKS)
def test_the_program_as_it_was_given_is_not_attempted_and_an_edited_one_is_not_it(task, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    text = inspect.getsource(inspect.getmodule(task.answer))
    imports = "\n".join(line for line in text.splitlines() if line.startswith(("import", "from")))

    def verdict_on(name, program):
        (tmp_path / f"{name}.py").write_text(f"{imports}\n{program}\n")
        return task.check(getattr(__import__(name), task.name))

    given = verdict_on(f"given_{task.name}", task.stub())
    assert given.status == "not attempted", given
    edited = verdict_on(f"edited_{task.name}", task.stub().replace("\n", "\n    # a line\n", 1))
    assert edited.status != "not attempted", edited
    assert "as it was given" not in repr(edited)
    assert ("still" if task.separate else "still gives the same in every case") in repr(edited)


def test_a_caret_is_named():
    for answer in (lambda p, d, s, t: p * d ^ (t // s), lambda p, d, s, t: p * d ** (t ^ s)):
        assert "In Python `^` is no power: use `**`." in tasks.step_decay.check(answer).lines
    assert "`^`" not in repr(tasks.step_decay.check(lambda p, d, s, t: p * d ** (t // s)))


def test_a_number_is_told_what_is_wrong_with_it():
    half_life = exponential_decay.half_life
    for typed, says in {
        13.5: "is right as far as it goes: give more digits.",
        "13.51": "leave out the quotes",
        (13, 51): "Write a point in the place of the decimal comma.",
        -5: "is negative, and the answer is not.",
        17.2: "is too large.",
        float("nan"): "is no number.",
    }.items():
        assert says in half_life.check(typed).lines[0]
    assert "has the right size and the wrong sign" in tasks.first_below.check(-180).lines[0]
    assert half_life.check(13.51).status == half_life.check(13.5134).status == "correct"


def test_rounding_is_named():
    verdict = tasks.step_decay.check(lambda *a: round(tasks.step_decay.answer(*a), 3))
    assert "You round to 3 places: give the numbers as they are." in verdict.lines


def test_a_long_list_is_watched_to_its_last_number():
    @function(title="", section="", hints=(), why="", mistakes=[], cases=[(np.arange(3000.0),)])
    def last(values):
        return values[-1]

    last.name = "last"

    def spoils(values):
        values[1500] = 7
        return values[-1]

    assert "changes its argument `values`: work on a copy" in last.check(spoils).lines[0]
    assert last.check(last.answer).status == "correct"


def test_a_few_right_cases_are_not_partly_right():
    one_update = learning_rate.one_update
    verdict = one_update.check(lambda w, best, c, lr: w + lr * c * (w - best))
    assert (verdict.status, verdict.lines[2]) == ("not yet", f"1 of {len(one_update.cases)} cases agree.")


def test_failures_are_compared_by_what_failed():
    resume = fair_comparison.rates_after_resume
    too_many = resume.check(lambda s, done, n: [s(t) for t in range(done, n + 1)])
    zeros = resume.check(lambda s, done, n: [0] * done + [s(t) for t in range(done, n)])
    assert "one rate too many at its end" in too_many.lines[1]
    assert "an entry for each update that is done" in zeros.lines[1]


def test_requirements_are_listed_where_they_are_counted():
    verdict = tasks.my_schedule.check(lambda t: 0.3)
    assert verdict.status == "not yet"
    assert "Not met: the rate falls at least once, and never rises; the expected loss ends at" in repr(verdict)
    assert "Met: each level lasts 10 updates or more." in verdict.lines


def test_a_changed_argument_is_named():
    @function(title="", section="", hints=(), why="", mistakes=[], cases=[([1.0, 2.0], np.ones(2))])
    def total(values, weights):
        return sum(values) + sum(weights)

    total.name = "total"

    def popping(values, weights):
        weights *= 2
        return values.pop(0) + values[0] + 2.0

    def scaling(values, weights):
        weights *= 2
        return sum(values) + 2.0

    says = "`total(values=[1, 2], weights=[1, 1])` changes its argument `{}`: work on a copy."
    assert total.check(popping).lines[0] == says.format("values")
    assert total.check(scaling).lines[0] == says.format("weights")
    assert total.check(total.answer).status == "correct"


def test_a_wrong_shape_is_named():
    short = tasks.train.check(lambda schedule, epochs: ([0.6], [0.4]))
    assert "gives a list of 1 number, where a list of 6 numbers should come" in short.lines[0]
    single = tasks.train.check(lambda schedule, epochs: [0.6])
    assert "gives [0.6], where 2 values are expected" in single.lines[0]


def test_what_the_answer_prints_is_shown_until_it_is_right():
    def loud(p, d, s, t):
        print("k =", t // s)
        return p

    assert tasks.step_decay.check(loud).lines[-2].startswith("It printed: k = 0 k = 0 k = 1")
    assert "printed" not in repr(tasks.step_decay.check(lambda *a: print("hello") or tasks.step_decay.answer(*a)))


def test_what_a_learner_writes_is_no_html():
    html = fair_comparison.fair_race.check("<b>&`x`")._repr_html_()
    assert "&lt;b&gt;&amp;<code>x</code>" in html
    assert "<b>" not in html


# The package


def test_a_sheet_takes_its_tasks_in_the_order_of_the_file():
    module = {"__name__": "chapters.other.exercises", "b": tasks.first_below, "x": 1, "a": tasks.train}
    try:
        sheet = Sheet(module)
        assert (sheet.slug, list(sheet.tasks), tasks.train.name) == ("other", ["b", "a"], "a")
    finally:
        Sheet(vars(tasks))


def test_importing_the_exercises_is_light():
    code = (
        "import sys, time; start = time.process_time(); import numpy, numpy.random; between = time.process_time()\n"
        "from lrsched.course.exercises import step_decay; print((time.process_time() - between) / (between - start))\n"
        "print(*{'matplotlib', 'IPython', 'ipywidgets', 'anywidget'} & set(sys.modules))"
    )
    outputs = [subprocess.check_output([sys.executable, "-c", code], text=True).split("\n") for _ in range(5)]
    assert {heavy for _, heavy, _ in outputs} == {""}
    # 0.4 on a quiet machine, 0.9 where busy processes share the caches; a heavy package takes more than 2
    assert min(float(ratio) for ratio, _, _ in outputs) < 2
