"""Exercises that check themselves.

    >>> from lrsched.course.exercises import ex03
    >>> ex03.first_below.check(150)
    ✗ Predict a step: not yet
      150: After that drop the rate is 0.0125: near, but not yet below 0.01.
      Stuck? `ex03.first_below.hint()`

How to write the exercises of a chapter: ``exNN.py`` is the list of its tasks (`ex03` is the model).

1. A task is a variable of one of four kinds: ``@function(...)`` over the right answer, or over the repaired
   program where ``given=`` is the broken one; ``Number(...)`` to predict; ``Choice(...)`` of one letter, with a
   sentence for every option; ``@open_function(...)`` over one of many answers that keep the `rules`.
2. Each has a `title`, the `section` of the chapter to read again, three `hints` (a question, a rule, the formula)
   and `why` it is so, said with a right answer.
3. A mistake is a wrong answer and a sentence: what is wrong, and what to try. A function needs at least four. Write
   down what a learner would really type, and choose `cases` that tell each of them from the right answer.
4. The file ends with ``chapter = Chapter(title, globals())`` and ``progress = chapter.progress``. A resume code
   counts tasks by their place: new ones go to the end.
5. In ``exercises/exNN_topic.ipynb`` each task has one cell, tagged ``answer-NAME``: what ``task.stub()`` gives, an
   empty line, and ``exNN.NAME.check(NAME)``. The tests find the module and the notebook and prove the rest.
"""

from lrsched.course.exercises.chapter import resume, summary

__all__ = ["resume", "summary"]
