"""What all tasks share, and those that are answered by a number or a letter.

A mistake is a wrong answer and one sentence: what is wrong, and what to try. The checker compares with the wrong
answer to recognise a learner's; the tests submit it and demand that very sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from lrsched.course.exercises import guard, progress
from lrsched.course.exercises.values import NUMBER, Unfit, agree, numbers, read, short_text
from lrsched.course.exercises.verdict import Message, message, verdict


@dataclass(kw_only=True, repr=False, eq=False)
class Task:
    """A task is declared by its fields; `Sheet` sets the last two."""

    title: str
    section: str  # of the chapter, to read again
    hints: tuple[str, str, str]  # a question, a rule, the formula
    why: str  # said with a right answer and with the solution
    name: str = field(default="", init=False)
    chapter: str = field(default="", init=False)

    hint_count = 0
    solution_requested = False
    running = "Your answer"

    def __repr__(self):
        return f"{self.title}: .check(answer), .hint(), .solution()"

    def check(self, answer: object = ...) -> Message:
        """Judge an answer. Whatever it is, there is a verdict."""
        self.deadline = perf_counter() + guard.SECONDS
        found, printed, in_time = guard.guarded(lambda: self._fenced(answer))
        if not in_time:
            late = f"{self.running} did not finish in {guard.SECONDS} seconds: look for a loop that never ends."
            found = self._verdict("too slow", late)
        lines = list(found.lines)
        if found.status != "correct":
            lines.append(f"It printed: {' '.join(printed.split())[:200]}" if printed.strip() else "")
            verb = "hint" if self.hint_count < len(self.hints) else "solution"
            lines.append(f"Stuck? `tasks.{self.name}.{verb}()`")
        if found.status != "not attempted":
            lines.append(self._record("done" if found.status == "correct" else "tried"))
        return self._verdict(found.status, *lines, curve=found.curve)

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

    def _fenced(self, answer: object) -> Message:
        if answer is ...:
            return self._not_attempted()
        try:
            return self._judge(answer)
        except Exception as error:
            fault = f"The checker itself failed ({type(error).__name__}: {error}): please report your answer."
            return self._verdict("error", fault)

    def _not_attempted(self) -> Message:
        return self._verdict("not attempted", "Put your answer in the place of `...` and run the cell again.")

    def _verdict(self, status: str, *lines: str, curve: str = "") -> Message:
        return verdict(status, self.title, *lines, curve=curve)

    def _record(self, state: str) -> str:
        return progress.record(self.chapter, {self.name: state})


@dataclass(kw_only=True, repr=False, eq=False)
class Number(Task):
    """A number to predict, right to within the part `rtol`."""

    answer: float
    mistakes: Sequence[tuple[float, str]]
    rtol: float = 1e-3

    def solution_cell(self) -> str:
        return f"{self.name} = {short_text(self.answer)}"

    def _judge(self, answer: object) -> Message:
        try:
            value = read(answer, NUMBER)
        except Unfit as unfit:
            return self._verdict("not yet", f"Your answer {unfit}.")
        if agree(value, numbers(self.answer), self.rtol):
            return self._verdict("correct", self.why)
        for wrong, sentence in self.mistakes:
            if agree(value, numbers(wrong), self.rtol):
                return self._verdict("not yet", f"{short_text(value)}: {sentence}")
        side = "too large" if value > self.answer else "too small" if value < self.answer else "no number"
        return self._verdict("not yet", f"{short_text(value)} is {side}.")


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

    def _judge(self, answer: object) -> Message:
        letter = answer.strip().lower() if isinstance(answer, str) else None
        if letter not in self.options:
            allowed = ", ".join(f'"{option}"' for option in self.options)
            return self._verdict("not yet", f"Your answer is {short_text(answer)}: give one of {allowed}, in quotes.")
        return self._verdict("correct" if letter == self.answer else "not yet", self.options[letter])
