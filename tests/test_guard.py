import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lrsched.course.exercises import guard

MODES = [mode for mode in guard.MODES if mode != "monitoring" or hasattr(sys, "monitoring")]


def for_ever():
    while True:
        pass


def for_ever_but_quiet():
    while True:
        try:
            while True:
                time.perf_counter()
        except Exception:
            pass


def for_ever_with_bare_except():
    try:
        while True:
            pass
    except:  # noqa: E722
        return "caught"


def generating_for_ever():
    return sum(1 for _ in iter(int, 1))


def calling_itself_for_ever():
    def call(depth):
        return call(depth + 1) if depth < 50 else None

    while True:
        call(0)


def work(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


LOOPS = [for_ever, for_ever_but_quiet, generating_for_ever, calling_itself_for_ever]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
@pytest.mark.parametrize("mode", MODES)
def test_an_endless_loop_ends_in_time(mode, loop):
    start = time.process_time()
    assert guard.guarded(loop, seconds=0.1, mode=mode) == (None, "", guard.BUSY)
    assert time.process_time() - start < 1


# Python 3.12's monitoring raises past the `except`, which ends the call sooner.
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "monitoring"])
def test_what_catches_everything_goes_on_and_may_end(mode):
    assert guard.guarded(for_ever_with_bare_except, seconds=0.1, mode=mode) == ("caught", "", "")


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "trace"])  # its tracer goes after one error
def test_catching_everything_again_and_again_ends_all_the_same(mode):
    def stubborn():
        for _ in range(4):
            for_ever_with_bare_except()
        for_ever()

    assert guard.guarded(stubborn, seconds=0.1, mode=mode) == (None, "", guard.BUSY)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_rings_once_the_call_is_over(mode):
    for _ in range(20):
        assert guard.guarded(lambda: 7, seconds=0.01, mode=mode) == (7, "", "")
    work(0.1)


@pytest.mark.parametrize("mode", MODES)
def test_an_error_comes_through_and_nothing_rings_afterwards(mode):
    with pytest.raises(KeyError):
        guard.guarded(lambda: {}["no"], seconds=0.05, mode=mode)
    work(0.15)


def test_sleep_is_cut_short_by_the_signal(monkeypatch):
    monkeypatch.setattr(guard, "WAITING", 0.1)
    assert guard.guarded(lambda: time.sleep(500), mode="signal") == (None, "", guard.WAITS)


class Elsewhere:
    """A machine on which another program has the processor most of the time: clocks to put in the place of `time`'s."""

    def __init__(self, share):
        self.share, self.start = share, time.process_time()

    def perf_counter(self):
        return self.start + (time.process_time() - self.start) / self.share

    def __getattr__(self, name):
        return getattr(time, name)


@pytest.mark.parametrize("mode", MODES)
def test_a_slow_answer_on_a_busy_machine_is_left_to_finish(mode, monkeypatch):
    monkeypatch.setattr(guard, "time", Elsewhere(share=0.02))  # 0.3 s of work take 15 s there

    assert guard.guarded(lambda: work(0.3) or "done", seconds=2, mode=mode) == ("done", "", "")


@pytest.mark.parametrize("mode", MODES)
def test_what_another_thread_does_is_not_counted_where_that_is_known(mode):
    if mode == "thread":
        pytest.skip("the watching thread knows the time of the process alone")
    stop = threading.Event()

    def work_on():
        while not stop.is_set():
            pass

    other = threading.Thread(target=work_on, daemon=True)
    other.start()
    try:
        assert guard.guarded(lambda: time.sleep(0.4) or "done", seconds=0.1, mode=mode) == ("done", "", "")
    finally:
        stop.set()
        other.join()


def test_the_alarm_and_the_tracer_of_others_are_put_back():
    def others(*_):
        return None

    before, tracer = signal.signal(signal.SIGALRM, others), sys.gettrace()
    signal.setitimer(signal.ITIMER_REAL, 50)
    try:
        sys.settrace(others)
        guard.guarded(lambda: 1, mode="trace")
        assert sys.gettrace() is others
        sys.settrace(tracer)
        guard.guarded(lambda: 1, mode="signal")
        assert signal.getsignal(signal.SIGALRM) is others
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 40
    finally:
        sys.settrace(tracer)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_the_mode_fits_the_place(monkeypatch):
    modes = []
    thread = threading.Thread(target=lambda: modes.append(guard.best_mode()))
    thread.start()
    thread.join()
    assert (guard.best_mode(), modes) == ("signal", ["thread"])
    monkeypatch.delattr(signal, "setitimer")
    assert guard.best_mode() == "thread"
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(sys, "monitoring", None, raising=False)
    assert guard.best_mode() == "monitoring"
    monkeypatch.delattr(sys, "monitoring")
    assert guard.best_mode() == "trace"


def test_off_the_main_thread_a_loop_ends_too():
    found = []
    thread = threading.Thread(target=lambda: found.append(guard.guarded(for_ever, seconds=0.1)))
    thread.start()
    thread.join(60)
    assert found == [(None, "", guard.BUSY)]


def test_prints_are_caught_and_cut(monkeypatch):
    outside = io.StringIO()
    monkeypatch.setattr(sys, "stdout", outside)

    def chatty():
        for _ in range(100_000):
            print("x")
        print("y", file=sys.stderr)

    result, printed, late = guard.guarded(chatty)
    assert (result, late, len(printed), outside.getvalue()) == (None, "", guard.KEPT, "")
    assert sys.stdout is outside


@pytest.mark.parametrize("mode", MODES)
def test_prints_are_seen_again_after_the_time_was_up(mode, monkeypatch):
    outside = io.StringIO()
    monkeypatch.setattr(sys, "stdout", outside)
    guard.guarded(for_ever, seconds=0.1, mode=mode)
    print("here")
    assert outside.getvalue() == "here\n"


def newer_pythons():
    """One Python of each minor version that has `sys.monitoring`, where this one has not: on the PATH or pyenv's."""
    found = {}
    for name in () if hasattr(sys, "monitoring") else ("python3.12", "python3.13", "python3.14"):
        folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
        for path in (shutil.which(name), *folder.glob(f"versions/*/bin/{name}")):
            # A name alone may be pyenv's note that this Python is not chosen.
            if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
                found[name] = path
    return found


@pytest.mark.parametrize("python", [pytest.param(path, id=name) for name, path in newer_pythons().items()])
def test_monitoring_limits_time_in_a_newer_python(python, tmp_path):
    """The guard needs nothing but Python, and pytest is written in it: both do without an environment there."""
    package = tmp_path / "lrsched/course/exercises"
    package.mkdir(parents=True)
    shutil.copy(guard.__file__, package)
    shutil.copy(__file__, tmp_path)
    packages = str(Path(pytest.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": packages, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    tests = [
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-rA",
        "-k",
        "monitoring",
        tmp_path / Path(__file__).name,
    ]
    done = subprocess.run(tests, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "PASSED test_guard.py::test_an_endless_loop_ends_in_time[monitoring-for_ever]" in done.stdout
