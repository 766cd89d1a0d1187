"""The tasks of one chapter together, and all chapters together: progress, resume code, what to read again."""

from collections.abc import Iterable

from lrsched.course.chapters import CHAPTERS
from lrsched.course.exercises import progress
from lrsched.course.exercises.tasks import Task
from lrsched.course.exercises.values import short_text
from lrsched.course.exercises.verdict import Message, message

MARKS = dict(zip(progress.STATES, "○◐◑✓", strict=True))


class Sheet:
    """The tasks of a chapter, named by the variables of its module, in the order in which they stand there."""

    def __init__(self, module: dict[str, object]):
        *_, self.slug, _ = module["__name__"].split(".")
        self.tasks = {name: task for name, task in module.items() if isinstance(task, Task)}
        for name, task in self.tasks.items():
            task.name, task.chapter = name, self.slug

    def states(self) -> dict[str, str]:
        return progress.states(self.slug, list(self.tasks))

    def code(self) -> str:
        return progress.code(self.slug, self.states())

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
        chapter = CHAPTERS[self.slug]
        again = f"Read again in chapter {chapter.number}: {', '.join(sections)}." if sections else ""
        return [f"Chapter {chapter.number}, {chapter.title}: {self.bar()}.", again]


def sheets() -> dict[str, Sheet]:
    """The tasks of all chapters, in their order."""
    return {slug: chapter.module("exercises").sheet for slug, chapter in CHAPTERS.items()}


def resume(codes: str) -> Message:
    """Take over the progress that one or more resume codes hold. Nothing that is done here is lost."""
    known, lines = sheets(), []
    for code in codes.replace(",", " ").split() if isinstance(codes, str) else ():
        sheet = known.get(progress.slug_of(code))
        states = progress.decoded(code, list(sheet.tasks)) if sheet else None
        if states is None:
            lines.append(f"{short_text(code)} is no resume code of this course: compare it with the one you noted.")
        else:
            trouble = progress.record(sheet.slug, states)
            lines += [sheet.summary()[0], trouble]
    return message("Resume", *(lines or ['Write `resume("CODE")` with the code you noted.']))


def summary() -> Message:
    """Show all chapters, which sections to read again, and the codes with which to go on elsewhere."""
    trouble = progress.sync()
    known = sheets().values()
    lines = [line for sheet in known for line in sheet.summary()]
    return message("Your exercises", *lines, go_on(known), trouble)


def go_on(known: Iterable[Sheet]) -> str:
    codes = " ".join(sheet.code() for sheet in known if set(sheet.states().values()) != {"untouched"})
    return f'To go on elsewhere: `resume("{codes}")`' if codes else ""
