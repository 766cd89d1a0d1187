"""Run a learner's code so that nothing it does can hurt: a limit on its time, and its prints caught.

What is limited is processor time: on a busy machine a right answer takes long, and costs no more. Code that only waits
costs nothing, so it has a limit on the clock.

Who looks at the time depends on where we run. The alarm signal is best, but only the main thread of Linux and
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

SECONDS = 2  # of processor time
WAITING = 5  # seconds on the clock in which next to nothing is computed
NOTHING = 0.01  # the share of the processor that counts as next to nothing
TICK = 0.05  # seconds until the time is looked at again, also for code that catches the first TimeLimit
KEPT = 2000  # characters of what was printed

BUSY, WAITS = "busy", "waits"


class TimeLimit(BaseException):
    """Raised inside the call whose time is up; a BaseException, so that no ``except Exception`` stops it."""


class Watch:
    """The time of one call: `late` is BUSY when its processor time is up, WAITS when it only waits, else empty."""

    def __init__(self, seconds: float, processor: Callable[[], float]):
        self.processor, self.limit = processor, processor() + seconds
        self.since = time.perf_counter(), processor()
        self.late = ""

    def look(self) -> bool:
        """Whether the time is up."""
        used, now = self.processor(), time.perf_counter()
        if used > self.limit:
            self.late = BUSY
        elif now - self.since[0] > WAITING:
            if used - self.since[1] < NOTHING * (now - self.since[0]):
                self.late = WAITS
            self.since = now, used
        return bool(self.late)


class Prints(io.TextIOBase):
    """A stream that keeps the first characters and forgets the rest."""

    text = ""

    def write(self, text: str) -> int:
        if len(self.text) < KEPT:
            self.text = (self.text + text)[:KEPT]
        return len(text)


watches: list[Watch] = []  # of the calls that are running


def guarded(call: Callable[[], object], *, seconds: float | None = None, mode: str | None = None):
    """Return the result of `call`, what it printed, and why its time was up; None and BUSY or WAITS if it was."""
    prints, mode = Prints(), mode or best_mode()
    watch = Watch(SECONDS if seconds is None else seconds, time.process_time if mode == "thread" else own_time)
    watches.append(watch)
    try:
        with redirect_stdout(prints), redirect_stderr(prints), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return MODES[mode](call, watch), prints.text, ""
            except TimeLimit:
                return None, prints.text, watch.late
    finally:
        watches.remove(watch)


def time_was_up() -> bool:
    """Whether the running call was told to stop, and may have caught it."""
    return any(watch.late for watch in watches)


# Of this thread alone: a kernel has others. The browser has one thread, and no clock for it.
own_time = getattr(time, "thread_time", time.process_time)


def best_mode() -> str:
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        return "signal"
    if sys.platform != "emscripten":
        return "thread"
    return "monitoring" if hasattr(sys, "monitoring") else "trace"


# The first two stop their clock twice: TimeLimit may come in the very line that stops it the first time.


def by_signal(call, watch):
    def ring(_, frame):
        # Python drops what is raised in a destructor, and says so: the next tick is soon enough.
        if watch.look() and not (frame and frame.f_code.co_name == "__del__"):
            raise TimeLimit

    handler = signal.signal(signal.SIGALRM, ring)
    timer = signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    try:
        try:
            return call()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def by_thread(call, watch):
    import ctypes  # only here: it takes longer to import than all the rest

    caller = ctypes.c_ulong(threading.get_ident())
    done = threading.Event()

    def keep_watch():
        while not done.wait(TICK):
            if watch.look():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(caller, ctypes.py_object(TimeLimit))

    def stop():
        done.set()
        watcher.join()

    watcher = threading.Thread(target=keep_watch, daemon=True)
    watcher.start()
    try:
        try:
            return call()
        finally:
            stop()
    finally:
        stop()


def ringing(watch) -> Callable[[], None]:
    """A function that raises TimeLimit when it is called on this thread after the time is up."""
    tick = time.perf_counter() + TICK
    caller = threading.get_ident()

    def ring(*_):
        nonlocal tick
        if time.perf_counter() > tick and threading.get_ident() == caller:
            tick += TICK  # forward first: what cleans up after the exception must be left in peace
            if watch.look():
                raise TimeLimit

    return ring


def by_monitoring(call, watch):
    tool, monitoring, events = 4, sys.monitoring, sys.monitoring.events
    ring = ringing(watch)
    monitoring.use_tool_id(tool, "lrsched")
    for event in (events.PY_START, events.PY_RESUME, events.JUMP):
        monitoring.register_callback(tool, event, ring)
    monitoring.set_events(tool, events.PY_START | events.PY_RESUME | events.JUMP)
    try:
        return call()
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


def by_trace(call, watch):
    ring = ringing(watch)

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
