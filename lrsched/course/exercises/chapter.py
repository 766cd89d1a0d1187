"""The tasks of one chapter together, and all chapters together: progress, resume code, what to read again."""

import re
from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules

from lrsched.course.exercises import progress
from lrsched.course.exercises.tasks import Task
from lrsched.course.exercises.verdict import Message, message

MARKS = dict(zip(progress.STATES, "○◐◑✓", strict=True))


class Chapter:
    """Names the tasks of a module by their variables, in the order in which they stand there."""

    def __init__(self, title: str, module: dict[str, object]):
        self.number = module["__name__"][-2:]
        self.title = title
        self.tasks = {name: task for name, task in module.items() if isinstance(task, Task)}
        for name, task in self.tasks.items():
            task.name, task.chapter = name, self.number

    def states(self) -> dict[str, str]:
        return progress.states(self.number, list(self.tasks))

    def code(self) -> str:
        return progress.code(self.number, self.states())

    def bar(self) -> str:
        done = list(self.states().values()).count("done")
        return f"{'█' * done}{'░' * (len(self.tasks) - done)} {done} of {len(self.tasks)} tasks done"

    def progress(self) -> Message:
        """Show the state of each task, and the code with which to go on elsewhere."""
        trouble = progress.sync()
        lines = [f"{MARKS[state]} {self.tasks[name].title}: {state}" for name, state in self.states().items()]
        return message(self.bar(), *lines, go_on([self]), trouble)

    def summary(self) -> list[str]:
        """One line on what is done, one on the sections whose tasks were tried and not solved alone."""
        open_tasks = [name for name, state in self.states().items() if state in ("tried", "solution seen")]
        sections = dict.fromkeys(self.tasks[name].section for name in open_tasks)
        again = f"Read again in chapter {int(self.number)}: {', '.join(sections)}." if sections else ""
        return [f"Chapter {int(self.number)}, {self.title}: {self.bar()}.", again]


def chapters() -> dict[str, Chapter]:
    """All chapters by their numbers, in their order."""
    package = import_module("lrsched.course.exercises")
    names = sorted(module.name for module in iter_modules(package.__path__))
    found = [import_module(f"{package.__name__}.{n}").chapter for n in names if re.fullmatch(r"ex\d\d", n)]
    return {chapter.number: chapter for chapter in found}


def resume(codes: str) -> Message:
    """Take over the progress that one or more resume codes hold. Nothing that is done here is lost."""
    known, lines = chapters(), []
    for code in str(codes).replace(",", " ").split():
        chapter = known.get(code[:2])
        states = progress.decoded(code, list(chapter.tasks)) if chapter else None
        if states is None:
            lines.append(f"`{code}` is no resume code of this course: compare it with the one you noted.")
        else:
            trouble = progress.record(chapter.number, states)
            lines += [chapter.summary()[0], trouble]
    return message("Resume", *(lines or ['Write `resume("CODE")` with the code you noted.']))


def summary() -> Message:
    """Show all chapters, which sections to read again, and the codes with which to go on elsewhere."""
    trouble = progress.sync()
    known = chapters().values()
    lines = [line for chapter in known for line in chapter.summary()]
    return message("Your exercises", *lines, go_on(known), trouble)


def go_on(known: Iterable[Chapter]) -> str:
    codes = " ".join(chapter.code() for chapter in known if set(chapter.states().values()) != {"untouched"})
    return f'To go on elsewhere: `resume("{codes}")`' if codes else ""
