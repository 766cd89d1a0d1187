"""Run a learner's code so that nothing it does can hurt: a time limit, and its prints caught.

How time is limited depends on where we run. The alarm signal is best, but only the main thread of Linux and
macOS has it. Next comes a watching thread. In a browser no thread can start: there Python itself is asked to
call us back as it goes along, by `sys.monitoring`, or by `sys.settrace` before Python 3.12.
None can stop a loop inside C code, such as ``sum(iter(int, 1))``.
"""

import io
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout

SECONDS = 2
AGAIN = 0.05  # seconds until the next TimeLimit, for code that catches the first
KEPT = 2000  # characters of what was printed


class TimeLimit(BaseException):
    """Raised inside the call whose time is up; a BaseException, so that no ``except Exception`` stops it."""


class Prints(io.TextIOBase):
    """A stream that keeps the first characters and forgets the rest."""

    text = ""

    def write(self, text: str) -> int:
        if len(self.text) < KEPT:
            self.text = (self.text + text)[:KEPT]
        return len(text)


def guarded(call: Callable[[], object], *, seconds: float | None = None, mode: str | None = None):
    """Return the result of `call` (None if its time was up), what it printed, and whether it was in time."""
    prints = Prints()
    with redirect_stdout(prints), redirect_stderr(prints), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result, in_time = MODES[mode or best_mode()](call, seconds or SECONDS), True
        except TimeLimit:
            result, in_time = None, False
    return result, prints.text, in_time


def best_mode() -> str:
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        return "signal"
    if sys.platform != "emscripten":
        return "thread"
    return "monitoring" if hasattr(sys, "monitoring") else "trace"


# The first two stop their clock twice: TimeLimit may come in the very line that stops it the first time.


def by_signal(call, seconds):
    def ring(*_):
        raise TimeLimit

    handler = signal.signal(signal.SIGALRM, ring)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        try:
            return call()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def by_thread(call, seconds):
    import ctypes  # only here: it takes longer to import than all the rest

    caller = ctypes.c_ulong(threading.get_ident())
    done = threading.Event()

    def watch():
        wait = seconds
        while not done.wait(wait):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(caller, ctypes.py_object(TimeLimit))
            wait = AGAIN

    def stop():
        done.set()
        watcher.join()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        try:
            return call()
        finally:
            stop()
    finally:
        stop()


def ringing(seconds) -> Callable[[], None]:
    """A function that raises TimeLimit when it is called on this thread after the time is up."""
    deadline = time.perf_counter() + seconds
    caller = threading.get_ident()

    def ring(*_):
        nonlocal deadline
        if time.perf_counter() > deadline and threading.get_ident() == caller:
            deadline += AGAIN  # forward first: what cleans up after the exception must be left in peace
            raise TimeLimit

    return ring


def by_monitoring(call, seconds):
    tool, monitoring, events = 4, sys.monitoring, sys.monitoring.events
    ring = ringing(seconds)
    monitoring.use_tool_id(tool, "lrsched")
    for event in (events.PY_START, events.PY_RESUME, events.JUMP):
        monitoring.register_callback(tool, event, ring)
    monitoring.set_events(tool, events.PY_START | events.PY_RESUME | events.JUMP)
    try:
        return call()
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


def by_trace(call, seconds):
    ring = ringing(seconds)

    def trace(frame, event, arg):
        frame.f_trace_opcodes = True  # `while True: pass` on one line never reaches another line
        ring()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return call()
    finally:
        sys.settrace(before)


MODES = {"signal": by_signal, "thread": by_thread, "monitoring": by_monitoring, "trace": by_trace}
