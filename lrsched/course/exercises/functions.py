"""The tasks that are answered by a function: one to write, a program to put right, or an open one."""

import inspect
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from time import perf_counter
from traceback import extract_tb, format_exception_only
from typing import NamedTuple

import numpy as np

from lrsched.course.exercises.curve import picture
from lrsched.course.exercises.guard import TimeLimit
from lrsched.course.exercises.tasks import Task
from lrsched.course.exercises.values import NUMBER, Unfit, agree, difference, numbers, read, short_text
from lrsched.course.exercises.verdict import Message


class Result(NamedTuple):
    """What one call of a function came to: a value, or the trouble with it."""

    value: object = None
    trouble: str = ""
    status: str = "not yet"

    def like(self, other: "Result") -> bool:
        if self.value is None or other.value is None:
            return self.value is other.value and self.trouble == other.trouble
        return agree(self.value, other.value)


@dataclass(kw_only=True, repr=False, eq=False)
class FunctionTask(Task):
    """What these tasks share: the function is called with each of `cases`."""

    answer: Callable
    cases: Sequence[tuple]

    def __post_init__(self):
        self.names = list(inspect.signature(self.answer).parameters)
        self.expected = [NUMBER] * len(self.cases)  # only the shape counts

    def stub(self) -> str:
        return f"def {self.name}({', '.join(self.names)}):\n    return ..."

    def solution_cell(self) -> str:
        return source(self.answer)

    def _judge(self, answer: object) -> Message:
        if not callable(answer):
            what = f"`check` needs the function itself, not {short_text(answer)}: write `check({self.name})`."
            return self._verdict("not yet", what)
        results = self._calls(answer)
        if all(result.status == "not attempted" for result in results):
            return self._not_attempted()
        return self._judge_results(answer, results)

    def _calls(self, function: Callable) -> list[Result]:
        return [self._call(function, *pair) for pair in zip(self.cases, self.expected, strict=True)]

    def _call(self, function: Callable, case: tuple, expected) -> Result:
        self.running = self._written(case)
        arguments = deepcopy(case)
        try:
            value = function(*arguments)
            if perf_counter() > self.deadline:  # it caught the TimeLimit
                raise TimeLimit
        except (KeyboardInterrupt, TimeLimit):
            raise
        except BaseException as error:
            sentence = error_text(error, function)
            if "'ellipsis'" in sentence:
                return Result(trouble="still holds a `...`", status="not attempted")
            return Result(trouble=f"stops with {sentence}", status="error")
        if value is ...:
            return Result(trouble="still gives `...`", status="not attempted")
        for name, before, after in zip(self.names, case, arguments, strict=True):
            if isinstance(before, list | dict | np.ndarray) and repr(before) != repr(after):
                return Result(trouble=f"changes its argument `{name}`: work on a copy")
        if value is None:
            return Result(trouble="gives None: is a `return` missing?")
        try:
            return Result(read(value, expected))
        except Unfit as unfit:
            return Result(trouble=str(unfit))

    def _sentence(self, case: tuple, trouble: str) -> str:
        return f"{self._written(case)} {trouble}" + "." * (not trouble.endswith(("?", "!")))

    def _written(self, case: tuple) -> str:
        arguments = (f"{name}={short_text(value)}" for name, value in zip(self.names, case, strict=True))
        return f"`{self.name}({', '.join(arguments)})`"


@dataclass(kw_only=True, repr=False, eq=False)
class Function(FunctionTask):
    """A function that must give what `answer` gives.

    `given` is the program to put right, where there is one. `curve` is what to draw: (name of the argument to
    vary, its values), or the name of the index where the function returns a whole curve.
    """

    mistakes: Sequence[tuple[Callable, str]]
    given: Callable | None = None
    curve: tuple[str, Sequence] | str = ""

    def __post_init__(self):
        super().__post_init__()
        self.expected = [numbers(self.answer(*case)) for case in self.cases]

    def stub(self) -> str:
        return source(self.given).replace(self.given.__name__, self.name, 1) if self.given else super().stub()

    def _not_attempted(self) -> Message:
        if self.given is None:
            return super()._not_attempted()
        return self._verdict("not attempted", "This is the program as it was given. Change it, then run the cell.")

    def _judge_results(self, answer: Callable, results: list[Result]) -> Message:
        right = [r.value is not None and agree(r.value, e) for r, e in zip(results, self.expected, strict=True)]
        if all(right):
            return self._verdict("correct", self.why, curve=self._curve(answer, 0))
        if self.given and self._alike(self.given, results):
            return self._not_attempted()
        first = right.index(False)
        result, expected = results[first], self.expected[first]
        trouble = result.trouble or difference(expected, result.value)
        mistake = next((sentence for wrong, sentence in self.mistakes if self._alike(wrong, results)), "")
        count = f"{sum(right)} of {len(right)} cases agree." if any(right) else ""
        status = "partly right" if any(right) and result.status == "not yet" else result.status
        lines = self._sentence(self.cases[first], trouble), mistake, count
        curve = "" if result.trouble else self._curve(answer, first)
        return self._verdict(status, *lines, curve=curve)

    def _alike(self, function: Callable, results: list[Result]) -> bool:
        """Whether a function of ours gives the same results in every case."""
        return all(map(Result.like, self._calls(function), results))

    def _curve(self, answer: Callable, index: int) -> str:
        """The learner's curve over the expected one for one of the cases; none where either is no curve."""
        case, expected = self.cases[index], self.expected[index]
        if not self.curve:
            return ""
        if isinstance(self.curve, str):
            yours = self._call(answer, case, expected).value
            if isinstance(expected, tuple):  # its first part is the curve
                yours, expected = yours and yours[0], expected[0]
            name, xs = self.curve, range(expected.size)
        else:
            name, xs = self.curve
            place = self.names.index(name)
            cases = [(*case[:place], x, *case[place + 1 :]) for x in xs]
            expected = np.array([self.answer(*c) for c in cases])
            yours = np.array([self._call(answer, c, NUMBER).value for c in cases], dtype=float)
        drawable = yours is not None and np.isfinite(yours).all()
        return picture(name, xs, yours, expected, "expected curve") if drawable else ""


@dataclass(kw_only=True, repr=False, eq=False)
class OpenFunction(FunctionTask):
    """A function that may be anything that keeps the rules; each rule comes with a function that breaks it.

    A rule is (holds, breaks, sentence); `holds` and `report` receive the values of all cases as an array.
    `beside` is what the learner's curve is drawn over: (name of the argument, label, value).
    """

    rules: Sequence[tuple[Callable[[np.ndarray], bool], Callable, str]]
    report: Callable[[np.ndarray], str]
    beside: tuple[str, str, float]

    def __post_init__(self):
        super().__post_init__()
        self.mistakes = [(breaks, sentence) for _, breaks, sentence in self.rules]

    def _calls(self, function: Callable) -> list[Result]:
        """Up to the first trouble: there may be a thousand cases."""
        results = []
        for case in self.cases:
            results.append(self._call(function, case, NUMBER))
            if results[-1].trouble:
                break
        return results

    def _judge_results(self, answer: Callable, results: list[Result]) -> Message:
        for case, result in zip(self.cases, results, strict=False):
            if result.value is None or not np.isfinite(result.value):
                trouble = result.trouble or f"gives {short_text(result.value)}"
                return self._verdict(result.status, self._sentence(case, trouble))
        values = np.array([result.value for result in results])
        name, label, level = self.beside
        xs = [case[self.names.index(name)] for case in self.cases]
        curve = picture(name, xs, values, np.full(len(xs), level), label)
        for met, (holds, _, sentence) in enumerate(self.rules):
            if not holds(values):
                count = f"{met} of {len(self.rules)} requirements are met so far." if met else ""
                status = "partly right" if met else "not yet"
                return self._verdict(status, sentence, self.report(values), count, curve=curve)
        return self._verdict("correct", self.report(values), self.why, curve=curve)


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
