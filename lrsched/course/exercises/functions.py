"""The tasks that are answered by a function: one to write, a program to put right, or an open one."""

import dis
import inspect
import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from traceback import extract_tb, format_exception_only
from typing import NamedTuple

import numpy as np

from lrsched.course.exercises import guard
from lrsched.course.exercises.curve import picture
from lrsched.course.exercises.guard import TimeLimit
from lrsched.course.exercises.tasks import Task
from lrsched.course.exercises.values import (
    NUMBER,
    Unfit,
    agree,
    blank,
    difference,
    numbers,
    read,
    rounding,
    same,
    short_text,
    unrolled,
)
from lrsched.course.exercises.verdict import Message


class Result(NamedTuple):
    """What one call of a function came to: a value, or the trouble with it.

    With a trouble, `value` is what could be read all the same, and `cause` the error or the kind of value.
    """

    value: object = None
    trouble: str = ""
    status: str = "not yet"
    cause: str = ""

    def like(self, other: "Result") -> bool:
        """Whether both are the same, a failure with the same wrong list included."""
        if (bool(self.trouble), self.cause) != (bool(other.trouble), other.cause):
            return False
        if self.value is None or other.value is None:
            return self.value is other.value
        return agree(self.value, other.value)


def outcome(function: Callable, arguments: tuple, steps: Sequence[int], shape) -> Result:
    """What one call gives. No value that is expected is at hand here: the function may look around."""
    try:
        with np.errstate(all="ignore"):  # the settings are put back, whatever the function does to them
            value = unrolled(function(*arguments))
            is_schedule = callable(value)
            if steps and is_schedule:
                value = [value(step) for step in steps]
        if guard.time_was_up():  # it caught the TimeLimit
            raise TimeLimit
    except (KeyboardInterrupt, TimeLimit):
        raise
    except BaseException as error:
        sentence = error_text(error, function)
        if "'ellipsis'" in sentence:
            return Result(trouble="still holds a `...`", status="not attempted")
        return Result(trouble=f"stops with {sentence}", status="error", cause=type(error).__name__)
    if value is ...:
        return Result(trouble="still gives `...`", status="not attempted")
    if value is None:
        return Result(trouble="gives None: is a `return` missing?", cause="None")
    if steps and not is_schedule:
        return Result(trouble=f"gives {short_text(value)}, where a schedule should come", cause="no schedule")
    try:
        return Result(read(value, shape))
    except Unfit as unfit:
        return Result(unfit.value, trouble=str(unfit), cause="unfit")


@dataclass(kw_only=True, repr=False, eq=False)
class FunctionTask(Task):
    """What these tasks share: the function is called with each of `cases`.

    Where it should give a schedule, `steps` are the updates whose rates are asked of it.
    """

    answer: Callable
    cases: Sequence[tuple]
    steps: Sequence[int] = ()

    def __post_init__(self):
        self.names = list(inspect.signature(self.answer).parameters)

    def stub(self) -> str:
        return f"def {self.name}({', '.join(self.names)}):\n    return ..."

    def solution_cell(self) -> str:
        return source(self.answer)

    def _run(self, answer: object) -> list[Result] | Message:
        if not callable(answer):
            what = f"`check` needs the function itself, not {short_text(answer)}: write `check({self.name})`."
            return self._verdict("not yet", what)
        results = self._calls(answer)
        if all(result.status == "not attempted" for result in results):
            return self._not_attempted()
        return results

    def _calls(self, function: Callable) -> list[Result]:
        raise NotImplementedError

    def _call(self, function: Callable, case: tuple, expected) -> Result:
        self.running = self._written(case)
        arguments = deepcopy(case)
        result = outcome(function, arguments, self.steps, blank(expected))
        if result.status == "not yet":
            for name, before, after in zip(self.names, case, arguments, strict=True):
                if isinstance(before, list | dict | np.ndarray) and not same(before, after):
                    return Result(trouble=f"changes its argument `{name}`: work on a copy", cause="change")
        return result

    def _sentence(self, case: tuple, trouble: str) -> str:
        return f"{self._written(case)} {trouble}" + "." * (not trouble.endswith(("?", "!")))

    def _written(self, case: tuple) -> str:
        arguments = (f"{name}={short_text(value)}" for name, value in zip(self.names, case, strict=True))
        return f"`{self.name}({', '.join(arguments)})`"

    def _curve(self, name: str, xs: Sequence, yours: object, expected: np.ndarray, label: str) -> str:
        drawable = isinstance(yours, np.ndarray) and yours.shape == expected.shape and np.isfinite(yours).all()
        return picture(name, xs, yours, expected, label) if drawable else ""


@dataclass(kw_only=True, repr=False, eq=False)
class Function(FunctionTask):
    """A function that must give what `answer` gives.

    `given` is the program to put right, where there is one. `curve` is what to draw: (name of the argument to
    vary, its values), or the name of the index where the function returns a whole curve.
    A mistake is known by its results in every case; where the cases are questions of their own, by those in one.
    """

    mistakes: Sequence[tuple[Callable, str]]
    given: Callable | None = None
    separate: bool = False
    curve: tuple[str, Sequence] | str = ""

    @cached_property
    def memory(self) -> dict[tuple[Callable, int], Result]:
        return {}

    @cached_property
    def expected(self) -> list:
        """What `answer` gives in each case; worked out when it is needed, since some answers train."""
        return [numbers(self._own(case)) for case in self.cases]

    def _own(self, case: tuple):
        value = self.answer(*case)
        return [value(step) for step in self.steps] if self.steps else value

    def stub(self) -> str:
        return source(self.given).replace(self.given.__name__, self.name, 1) if self.given else super().stub()

    def _not_attempted(self) -> Message:
        if self.given is None:
            return super()._not_attempted()
        return self._verdict("not attempted", "This is the program as it was given. Change it, then run the cell.")

    def _prepare(self):
        _ = self.expected

    def _run(self, answer: object) -> list[Result] | Message:
        if self.given and is_unedited(answer, self.given):
            return self._not_attempted()
        return super()._run(answer)

    def _calls(self, function: Callable) -> list[Result]:
        return [self._call(function, *pair) for pair in zip(self.cases, self.expected, strict=True)]

    def _judge(self, answer: Callable, results: list[Result]) -> Message:
        right = [not r.trouble and agree(r.value, e) for r, e in zip(results, self.expected, strict=True)]
        if all(right):
            return self._verdict("correct", self.why, curve=lambda: self._drawn(answer, 0))
        first = right.index(False)
        result, expected = results[first], self.expected[first]
        trouble = result.trouble or difference(expected, result.value)
        count = f"{sum(right)} of {len(right)} cases agree." if any(right) else ""
        partly = sum(right) * 2 > len(right) and result.status == "not yet"
        lines = self._sentence(self.cases[first], trouble), power(answer), self._mistake(results), count
        return self._verdict(
            "partly right" if partly else result.status,
            *lines,
            curve="" if result.trouble else lambda: self._drawn(answer, first),
        )

    def _mistake(self, results: list[Result]) -> str:
        """What is known of a mistake that gives these results."""
        if self.separate:
            return " ".join(filter(None, map(self._mistake_in, range(len(results)), results)))
        for wrong, sentence in self.mistakes:
            if self._alike(wrong, results):
                return sentence
        if self.given and self._alike(self.given, results):
            return "Your program differs from the one that was given, and still gives the same in every case."
        if any(result.trouble for result in results):
            return ""
        return rounding([result.value for result in results], self.expected)

    def _mistake_in(self, at: int, result: Result) -> str:
        """What is known of a mistake that gives this result in the case `at`."""
        if not result.trouble and agree(result.value, self.expected[at]):
            return ""
        return next((says for wrong, says in self.mistakes if self._of_ours(wrong, at).like(result)), "")

    def _alike(self, function: Callable, results: list[Result]) -> bool:
        """Whether a function of ours gives the same results in every case."""
        return all(self._of_ours(function, at).like(result) for at, result in enumerate(results))

    def _of_ours(self, function: Callable, at: int) -> Result:
        """What a function of ours gives in the case `at`; worked out once, since some of them train."""
        if (function, at) not in self.memory:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.memory[function, at] = self._call(function, self.cases[at], self.expected[at])
        return self.memory[function, at]

    def _drawn(self, answer: Callable, index: int) -> str:
        """The learner's curve over the expected one for one of the cases; none where either is no curve."""
        case, expected = self.cases[index], self.expected[index]
        if not self.curve:
            return ""
        if isinstance(self.curve, str):
            yours = self._call(answer, case, expected).value
            if isinstance(expected, tuple):  # its first part is the curve
                yours, expected = isinstance(yours, tuple) and yours[0], expected[0]
            return self._curve(self.curve, range(expected.size), yours, expected, "expected curve")
        name, xs = self.curve
        place = self.names.index(name)
        cases = [(*case[:place], x, *case[place + 1 :]) for x in xs]
        expected = np.array([self.answer(*c) for c in cases])
        yours = [self._call(answer, c, NUMBER) for c in cases]
        if any(result.trouble for result in yours):
            return ""
        return self._curve(name, xs, np.array([result.value for result in yours]), expected, "expected curve")


class Requirement(NamedTuple):
    """What an answer to an open task must meet.

    `text` stands in the task, word for word; `breaks` is an answer that breaks this requirement first; `sentence` is
    said then.
    """

    text: str
    holds: Callable[[np.ndarray], bool]
    breaks: Callable
    sentence: str


@dataclass(kw_only=True, repr=False, eq=False)
class OpenFunction(FunctionTask):
    """A function that may be anything that meets the requirements; the last of them is the goal.

    `holds`, `report` and `advice` receive the values of all cases as an array. The advice on a missed goal comes with
    the values of an answer that follows it, and these are better: it was tried.
    `beside` is what the learner's curve is drawn over: (name of the argument, label, value).
    """

    requirements: Sequence[Requirement]
    report: Callable[[np.ndarray], str]
    advice: Callable[[np.ndarray], tuple[str, np.ndarray]]
    beside: tuple[str, str, float]

    def __post_init__(self):
        super().__post_init__()
        self.mistakes = [(requirement.breaks, requirement.sentence) for requirement in self.requirements]

    def allows(self, values: np.ndarray) -> bool:
        """Whether these meet every requirement but the goal, as what the advice leads to must."""
        return all(requirement.holds(values) for requirement in self.requirements[:-1])

    def _calls(self, function: Callable) -> list[Result]:
        """Up to the first trouble: there may be a thousand cases."""
        results = []
        for case in self.cases:
            result = self._call(function, case, NUMBER)
            if not result.trouble and not np.isfinite(result.value):
                result = Result(result.value, trouble=f"gives {short_text(result.value)}")
            results.append(result)
            if result.trouble:
                break
        return results

    def _judge(self, answer: Callable, results: list[Result]) -> Message:
        if results[-1].trouble:
            trouble = self._sentence(self.cases[len(results) - 1], results[-1].trouble)
            return self._verdict(results[-1].status, trouble, power(answer))
        values = np.array([result.value for result in results])
        name, label, level = self.beside
        xs = [case[self.names.index(name)] for case in self.cases]
        curve = picture(name, xs, values, np.full(len(xs), level), label)
        unmet = [requirement for requirement in self.requirements if not requirement.holds(values)]
        if not unmet:
            return self._verdict("correct", self.report(values), self.why, curve=curve)
        met = [requirement.text for requirement in self.requirements if requirement not in unmet]
        goal_alone = unmet == [self.requirements[-1]]
        return self._verdict(
            "partly right" if 2 * len(met) > len(self.requirements) else "not yet",
            unmet[0].sentence,
            self.report(values),
            self.advice(values)[0] if goal_alone else "",
            power(answer),
            f"Not met: {'; '.join(requirement.text for requirement in unmet)}." if len(self.requirements) > 1 else "",
            f"Met: {'; '.join(met)}." if met else "",
            curve=curve,
        )


def function(**declaration) -> Callable[[Callable], Function]:
    """Declare a `Function` by decorating its answer."""
    return lambda answer: Function(answer=answer, **declaration)


def open_function(**declaration) -> Callable[[Callable], OpenFunction]:
    """Declare an `OpenFunction` by decorating one of its answers."""
    return lambda answer: OpenFunction(answer=answer, **declaration)


def source(function: Callable) -> str:
    """The source of a function, without its decorator."""
    text = inspect.getsource(function)
    return text[text.index(f"def {function.__name__}(") :].rstrip()


def error_text(error: BaseException, function: Callable) -> str:
    """An error in one line, with the line of the learner's own code at which it arose."""
    text = " ".join("".join(format_exception_only(error)).split())[:200]
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [frame for frame in extract_tb(error.__traceback__, limit=-50) if frame.filename == file]
    return f"{text}, in line {lines[-1].lineno}: `{lines[-1].line}`" if lines and lines[-1].line else text


def is_unedited(function: object, given: Callable) -> bool:
    """Whether a program is the one that was given: by its text, where Python knows it, else by its instructions."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    try:
        return lines_of(function)[1:] == lines_of(given)[1:]
    except (OSError, TypeError, SyntaxError, ValueError):
        # compiled anew: an import beside the function changes how Python translates it
        own = next(part for part in compile(source(given), "given", "exec").co_consts if inspect.iscode(part))
        return (code.co_code, code.co_consts, code.co_names) == (own.co_code, own.co_consts, own.co_names)


def lines_of(function: Callable) -> list[str]:
    return [line.rstrip() for line in source(function).splitlines()]


def power(function: Callable) -> str:
    """What to say to a learner who takes `^` for a power."""

    def has_xor(code) -> bool:
        own = (step for step in dis.get_instructions(code) if step.opname == "BINARY_OP")
        nested = (part for part in code.co_consts if inspect.iscode(part))
        return any(step.argrepr in ("^", "^=") for step in own) or any(map(has_xor, nested))

    code = getattr(function, "__code__", None)
    return "In Python `^` is no power: use `**`." if code and has_xor(code) else ""
