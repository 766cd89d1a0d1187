"""What all tasks share, and those that are answered by a number or a letter.

A mistake is a wrong answer and one sentence: what is wrong, and what to try. The checker compares with the wrong
answer to recognise a learner's; the tests submit it and demand that very sentence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from math import floor, isfinite, isnan, log10

from lrsched.course.exercises import guard, progress
from lrsched.course.exercises.values import NUMBER, Unfit, agree, numbers, quiet, read, short_text
from lrsched.course.exercises.verdict import Message, message, verdict


@dataclass(kw_only=True, repr=False, eq=False)
class Task:
    """A task is declared by its fields; `Sheet` sets the last two."""

    title: str
    section: str  # of the chapter, to read again
    hints: tuple[str, str, str]  # a question, a rule, the formula
    why: str  # said with a right answer and with the solution
    seconds: float | None = None  # of processor time, where an answer may take longer than others
    name: str = field(default="", init=False)
    chapter: str = field(default="", init=False)

    hint_count = 0
    solution_requested = False
    running = "Your answer"

    def __repr__(self):
        return f"{self.title}: .check(answer), .hint(), .solution()"

    @quiet
    def check(self, answer: object = ...) -> Message:
        """Judge an answer. Whatever it is, there is a verdict."""
        self._prepare()
        result, printed, late = guard.guarded(lambda: self._fenced(self._run, answer), seconds=self.seconds)
        if late:
            found = self._verdict("too slow", self._late(late))
        else:
            found = result if isinstance(result, Message) else self._fenced(self._judge, answer, result)
        # A curve takes calls of its own: none is drawn where they do not end, and the verdict stands.
        curve = guard.guarded(found.curve)[0] or "" if callable(found.curve) else found.curve
        lines = list(found.lines)
        if found.status != "correct":
            lines.append(f"It printed: {' '.join(printed.split())[:200]}" if printed.strip() else "")
            verb = "hint" if self.hint_count < len(self.hints) else "solution"
            lines.append(f"Stuck? `tasks.{self.name}.{verb}()`")
        if found.status != "not attempted":
            lines.append(self._record("done" if found.status == "correct" else "tried"))
        return self._verdict(found.status, *lines, curve=curve)

    def hint(self) -> Message:
        """Show the next of three hints, from a question to the formula."""
        self.hint_count = min(self.hint_count + 1, len(self.hints))
        return message(f"Hint {self.hint_count} of {len(self.hints)}", self.hints[self.hint_count - 1])

    def solution(self) -> Message:
        """Show the answer and its reason: after one try, or when asked twice."""
        trouble = progress.sync()
        if not self.solution_requested and progress.states(self.chapter, [self.name])[self.name] == "untouched":
            self.solution_requested = True
            return message("Try it once first", "Even a wrong answer helps. Or ask again.", trouble)
        trouble = self._record("solution seen") or trouble
        return message(f"Solution: {self.title}", self.why, trouble, code=self.solution_cell())

    def stub(self) -> str:
        """What stands in the learner's cell at first."""
        return f"{self.name} = ..."

    def _prepare(self):
        """Do what takes time and is not the learner's."""

    def _run(self, answer: object):
        """Run what is the learner's, within the time limit: what `_judge` needs, or a verdict already."""

    def _judge(self, answer: object, result: object) -> Message:
        raise NotImplementedError

    def _fenced(self, part: Callable, *arguments: object):
        if arguments[0] is ...:
            return self._not_attempted()
        try:
            return part(*arguments)
        except Exception as error:
            fault = f"The checker itself failed ({type(error).__name__}: {error}): please report your answer."
            return self._verdict("error", fault)

    def _late(self, late: str) -> str:
        if late == guard.WAITS:
            return f"{self.running} did nothing for {guard.WAITING} seconds: does it sleep, or wait for something?"
        return (
            f"{self.running} was stopped after {self.seconds or guard.SECONDS} seconds of processor time: "
            "either a loop never ends, or there is a much quicker way."
        )

    def _not_attempted(self) -> Message:
        return self._verdict("not attempted", "Put your answer in the place of `...` and run the cell again.")

    def _verdict(self, status: str, *lines: str, curve: str | Callable[[], str] = "") -> Message:
        return verdict(status, self.title, *lines, curve=curve)

    def _record(self, state: str) -> str:
        return progress.record(self.chapter, {self.name: state})


@dataclass(kw_only=True, repr=False, eq=False)
class Number(Task):
    """A number to predict, right to within the part `rtol`, or to as many significant `digits` as the task asks for."""

    answer: float
    mistakes: Sequence[tuple[float, str]]
    rtol: float = 1e-6
    digits: int = 0

    def solution_cell(self) -> str:
        return f"{self.name} = {short_text(self.answer)}"

    def _run(self, answer: object) -> float | Message:
        try:
            return float(read(answer, NUMBER))
        except Unfit as unfit:
            whole = isinstance(answer, tuple) and len(answer) == 2 and all(type(part) is int for part in answer)
            hint = " Write a point in the place of the decimal comma." if whole else ""
            return self._verdict("not yet", f"Your answer {unfit}.{hint}")

    def _judge(self, answer: object, result: float) -> Message:
        if self._is_right(result):
            return self._verdict("correct", self.why)
        distances = {sentence: abs(result - wrong) for wrong, sentence in self.mistakes if as_typed(result, wrong)}
        distances |= {sentence: 0 for wrong, sentence in self.mistakes if result == wrong}
        if distances:
            return self._verdict("not yet", f"{short_text(result)}: {min(distances, key=distances.get)}")
        return self._verdict("not yet", f"{short_text(result)} {self._fault(result)}")

    def _is_right(self, value: float) -> bool:
        if not self.digits:
            return agree(numbers(value), numbers(self.answer), self.rtol)
        half_a_unit = 0.5 * 10.0 ** (floor(log10(abs(self.answer))) + 1 - self.digits)
        return abs(value - self.answer) <= half_a_unit * (1 + 1e-9)

    def _fault(self, value: float) -> str:
        if isnan(value):
            return "is no number."
        if as_typed(value, self.answer, least=1):
            return "is right as far as it goes: give more digits."
        if agree(numbers(-value), numbers(self.answer), self.rtol):
            return "has the right size and the wrong sign."
        if value * self.answer < 0:
            return f"is {'negative' if value < 0 else 'positive'}, and the answer is not."
        return f"is too {'large' if abs(value) > abs(self.answer) else 'small'}."


def as_typed(value: float, exact: float, least: int = 2) -> bool:
    """Whether `value` is `exact`, or that number rounded or cut off after as many digits, `least` or more."""
    if not isfinite(value) or not isfinite(exact) or value == 0:
        return value == exact
    typed = Decimal(repr(value)).normalize()
    if agree(numbers(value), numbers(exact)):
        return True
    unit = Decimal(1).scaleb(typed.as_tuple().exponent)
    cut = (Decimal(exact).quantize(unit, rounding) for rounding in (ROUND_HALF_EVEN, ROUND_DOWN))
    return len(typed.as_tuple().digits) >= least and typed in cut


@dataclass(kw_only=True, repr=False, eq=False)
class Choice(Task):
    """One letter of several: a sentence for every option; that of the right one is its `why`."""

    answer: str
    options: dict[str, str]
    why: str = field(default="", init=False)

    def __post_init__(self):
        self.why = self.options[self.answer]
        self.mistakes = [(letter, sentence) for letter, sentence in self.options.items() if letter != self.answer]

    def solution_cell(self) -> str:
        return f'{self.name} = "{self.answer}"'

    def _judge(self, answer: object, result: object) -> Message:
        # The methods of `str` itself: those of a subclass may say anything.
        letter = str.lower(str.strip(answer, " \t\n.:()\"'")) if issubclass(type(answer), str) else None
        if letter not in self.options:
            allowed = ", ".join(f'"{option}"' for option in self.options)
            return self._verdict("not yet", f"Your answer is {short_text(answer)}: give one of {allowed}, in quotes.")
        return self._verdict("correct" if letter == self.answer else "not yet", self.options[letter])
