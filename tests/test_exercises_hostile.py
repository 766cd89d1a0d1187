"""Whatever is given to a task, there is one fitting sentence, no traceback, and the kernel lives."""

import re
import sys
import time
from fractions import Fraction

import numpy as np
import pytest
from test_exercises import FUNCTION_TASKS, NOT_RIGHT, TASKS, no_progress  # noqa: F401 (a fixture)

from lrsched.course.exercises import fair_comparison, guard, step_decay
from lrsched.course.exercises.verdict import MARKS


class Evil:
    """Refuses everything that a judge might ask."""

    def _refuse(self, *_):
        raise RuntimeError("no")

    __repr__ = __str__ = __float__ = __array__ = __eq__ = __bool__ = __len__ = __iter__ = __hash__ = _refuse


class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no")


VALUES = {
    "None": None,
    "text": "0.1",
    "empty text": "",
    "bytes": b"0.1",
    "True": True,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "minus infinity": -np.inf,
    "complex": 0.1 + 0j,
    "a number beyond floats": 10**400,
    "a tiny fraction": Fraction(1, 10**9),
    "NotImplemented": NotImplemented,
    "empty list": [],
    "list": [0.1],
    "ragged list": [[1.0], [1.0, 2.0]],
    "list of text": ["0.1"],
    "list of None": [None],
    "list in itself": (loop := [], loop.append(loop))[0],
    "tuple": (0.1, 0.1),
    "long tuple": (1, 2, 3),
    "dict": {"lr": 0.1},
    "set": {0.1},
    "generator": (x for x in [0.1]),
    "array of one": np.array([0.1]),
    "array": np.arange(12.0).reshape(3, 4),
    "complex array": np.array([1j]),
    "array of objects": np.array([None, "x"], dtype=object),
    "array of truths": np.array([True]),
    "masked array": np.ma.masked_all(3),
    "date": np.datetime64("2026-01-01"),
    "type": float,
    "exception": ValueError("x"),
    "module": np,
    "evil object": Evil(),
    "evil type": Evil,
}


def exits(*_):
    sys.exit("bye")


def recurses(*args):
    return recurses(*args)


def allocates(*_):
    return [0.0] * 10**14


def floods(*_):
    for _ in range(2_000):
        print("so much to say")


def quits_silently(*_):
    raise Silent


def raises_evil(*_):
    raise ValueError(Evil())


def raises_base(*_):
    raise BaseException("base")


def stops_iteration(*_):
    raise StopIteration


def leaves_generator(*_):
    raise GeneratorExit


def warns(*_):
    return np.float64(1) / np.float64(0)


def breaks_syntax(*_):
    return eval("1 +")


def is_undefined(*_):
    return undefined_name  # noqa: F821


def closes_output(*_):
    sys.stdout.close()
    print("x")


def replaces_output(*_):
    sys.stdout = None
    print("x")


def yields(*_):
    yield 0.1


async def awaits(*_):
    return 0.1


def takes_nothing():
    return 0.1


def takes_names(*, step):
    return 0.1


def loops(*_):
    while True:
        pass


def loops_quietly(*_):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


def catches_everything(*_):
    try:
        while True:
            pass
    except:  # noqa: E722
        return None


def sleeps(*_):
    time.sleep(600)


DEEDS = [
    exits, recurses, allocates, floods, quits_silently, raises_evil, raises_base, stops_iteration,
    leaves_generator, warns, breaks_syntax, is_undefined, closes_output, replaces_output,
    yields, takes_nothing, takes_names, awaits,
]  # fmt: skip
ENDLESS = [loops, loops_quietly, catches_everything, sleeps]


def judged(task, answer):
    """The verdict, after the demands that hold for all."""
    stdout, stderr = sys.stdout, sys.stderr
    verdict = task.check(answer)
    assert (sys.stdout, sys.stderr) == (stdout, stderr)
    text = repr(verdict)
    assert verdict.status in MARKS
    assert "checker itself failed" not in text
    assert "Traceback" not in text
    assert " at 0x" not in text
    assert len(text) < 1500
    assert len(verdict._repr_html_()) < 6000
    assert len(verdict.lines) >= 2
    assert verdict.lines[0].endswith((".", "?", "!"))
    assert verdict.lines[-1].startswith("Stuck?")
    return verdict


@pytest.mark.parametrize("task", TASKS)
def test_no_value_is_too_strange_for_an_answer(task):
    for name, value in VALUES.items():
        assert judged(task, value).status in NOT_RIGHT, name


@pytest.mark.parametrize("task", FUNCTION_TASKS)
def test_no_value_is_too_strange_for_a_function_to_return(task):
    for name, value in VALUES.items():
        assert judged(task, lambda *_, value=value: value).status in NOT_RIGHT, name


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.filterwarnings("ignore:coroutine")
def test_nothing_that_a_function_does_gets_out(task):
    for deed in DEEDS:
        assert judged(task, deed).status in NOT_RIGHT, deed.__name__


@pytest.mark.parametrize("task", FUNCTION_TASKS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a limit that falls into a destructor
def test_what_does_not_end_is_too_slow(task, monkeypatch):
    monkeypatch.setattr(task, "seconds", 0.05)
    busy = "was stopped after 0.05 seconds of processor time: either a loop never ends, or there is a much quicker way"
    waits = "did nothing for 0.05 seconds: does it sleep, or wait for something?"
    for deed in ENDLESS:
        if deed is sleeps:
            monkeypatch.setattr(guard, "WAITING", 0.05)
        verdict = judged(task, deed)
        assert verdict.status == "too slow", deed.__name__
        assert re.fullmatch(rf"`{task.name}\(.*\)` {re.escape(waits if deed is sleeps else busy)}\.?", verdict.lines[0])


def test_the_limits_are_those_that_the_page_names():
    assert (guard.SECONDS, guard.WAITING) == (2, 5)


def test_a_slow_curve_takes_nothing_from_a_right_answer(monkeypatch):
    task, calls = step_decay.step_decay, []
    monkeypatch.setattr(guard, "SECONDS", 0.1)

    def slow_later(*arguments):
        calls.append(arguments)
        if len(calls) > len(task.cases):
            loops()
        return task.answer(*arguments)

    verdict = task.check(slow_later)
    assert (verdict.status, verdict.curve) == ("correct", "")


class Yes(str):
    """Says yes to everything."""

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__

    def strip(self, *_):
        return self

    def lower(self):
        return self


class Text:
    """Claims to be a text."""

    __class__ = str


def test_no_cheat_is_taken_for_a_choice():
    for cheat in Yes("z"), Text():
        assert judged(fair_comparison.fair_race, cheat).status == "not yet"


@pytest.mark.parametrize("task", FUNCTION_TASKS)
def test_no_setting_of_numpy_breaks_the_checker(task):
    def strict(*_):
        np.seterr(all="raise")
        return 1e300

    before = np.geterr()
    for answer in strict, lambda *_: 1e300, lambda *_: [1e300] * 6, lambda *_: (1e300, [1e300]):
        with np.errstate(all="raise"):
            assert judged(task, answer).status in NOT_RIGHT
        assert np.geterr() == before


@pytest.mark.parametrize("task", FUNCTION_TASKS)
def test_who_looks_around_finds_no_expected_value(task):
    found = []

    def looks(*_):
        frame = sys._getframe(1)
        found.append({name for name, value in frame.f_locals.items() if name in ("self", "expected", "case")})
        return frame.f_locals["shape"]

    assert judged(task, looks).status in NOT_RIGHT
    assert set().union(*found) == set()


def test_an_interrupt_by_the_learner_comes_through():
    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step_decay.step_decay.check(interrupted)


def test_a_fault_of_the_checker_is_a_verdict_too(monkeypatch):
    monkeypatch.setattr(step_decay.first_below, "mistakes", None)
    verdict = step_decay.first_below.check(7)
    assert verdict.status == "error"
    assert verdict.lines[0].startswith("The checker itself failed (TypeError: ")


def test_a_learner_who_spoils_numpy_spoils_no_verdict(monkeypatch):
    monkeypatch.setattr(np, "allclose", lambda *_, **__: True)
    monkeypatch.setattr(np, "asarray", lambda *_, **__: 180.0)
    monkeypatch.setattr(np, "isclose", lambda *_, **__: True)
    assert step_decay.first_below.check(7).status == "not yet"
    assert step_decay.step_decay.check(lambda *_: 0.3).status == "not yet"


@pytest.mark.parametrize("task", FUNCTION_TASKS)
def test_the_cases_are_safe_from_the_answer(task):
    before = repr(task.cases)
    task.check(lambda *args: [getattr(a, "clear", int)() for a in args] and 0.1)
    assert repr(task.cases) == before
