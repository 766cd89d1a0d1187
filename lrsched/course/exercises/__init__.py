"""Exercises that check themselves.

    >>> from lrsched.course.exercises import step_decay as tasks
    >>> tasks.first_below.check(150)
    ✗ Predict a step: not yet
      150: After that drop the rate is 0.0125: near, but not yet below 0.01.
      Stuck? `tasks.first_below.hint()`

A notebook imports its chapter's module `as tasks`, since a function of the learner may bear the name of the chapter.

How to write the exercises of a chapter: ``course/chapters/<slug>/exercises.py`` is the list of its tasks (that of
`step_decay` is the model).

1. A task is a variable of one of four kinds: ``@function(...)`` over the right answer, or over the repaired
   program where ``given=`` is the broken one; ``Number(...)`` to predict; ``Choice(...)`` of one letter, with a
   sentence for every option; ``@open_function(...)`` over one of many answers that meet the `requirements`.
2. Each has a `title`, the `section` of the chapter to read again, three `hints` (a question, a rule, the formula,
   and never the answer) and `why` it is so, said with a right answer. An answer that trains has its own `seconds`.
3. A mistake is a wrong answer and a sentence: what is wrong, and what to try. A function needs at least four. Write
   down what a learner would really type, with the errors and NaN that it gives. Choose `cases` that tell each of them
   from the right answer and from the others: the first by hand, the rest uneven, large, tiny and at the edges. Where
   two mistakes always look alike, word the sentence so that it is true of both.
4. The requirements of an open task stand in its text, word for word, and there are no others.
5. The file ends with ``sheet = Sheet(globals())`` and ``progress = sheet.progress``. A resume code counts tasks by
   their place: new ones go to the end.
6. In ``exercises/<slug>.ipynb`` each task has one cell, tagged ``answer-NAME``: what ``task.stub()`` gives, an empty
   line, and ``tasks.NAME.check(NAME)``.

The tests find the module and the notebook and prove the rest; ``make mutants`` answers almost right in every way it
can think of. What learners typed is in tests/answers.yml.
"""

from lrsched.course.chapters import CHAPTERS
from lrsched.course.exercises.sheet import resume, summary

__all__ = ["resume", "summary"]


def __getattr__(name):
    """Load the tasks of the chapter `name` from its folder."""
    if name not in CHAPTERS:
        raise AttributeError(f"module 'lrsched.course.exercises' has no attribute {name!r}")
    return CHAPTERS[name].module("exercises")


def __dir__():
    return sorted([*__all__, *CHAPTERS])
