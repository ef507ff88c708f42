"""Tells what holds up a web process: nothing else runs there while one greenlet computes, or blocks the thread.

    poll ─▶ check ─▶ hub ─switch─▶ greenlet ─switch─▶ hub … ─▶ prepare ─▶ poll
            └───────── each run is timed where it ends; 50 ms and more are told ────┘

What ran and how long is noted by the thread itself, where it switches, so no hold stays unseen. In the middle of one
only another thread can look: a native one takes the stack of a run that lasts. It looks 50 times a second while there
is work, and sleeps when the process does.

Other processes take the CPU, too, and make every run look long. So a hold has two numbers: how long it was, and how
much of that the thread computed. Much time and little computing is a thread that blocks, one that waits for a thread
that does not let go of the interpreter, or a machine that has no time for us; the stack tells which.
"""

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import gevent
import greenlet
from gevent import monkey

from base.doing import DOING, OTHER
from base.logs import logger

log = logger(__name__)
HELD_S = 0.05
_PERIOD_S, _STACK_S, _DOZES_AFTER = 0.02, 0.02, 3
# Of one kind a line in so many seconds, except for what computes that long.
_AGAIN_S, _ALWAYS_S = 10.0, 0.25
_ROOT = str(Path(__file__).resolve().parent.parent) + "/"
_FRAMES = 12
_frames = sys._current_frames  # pyright: ignore[reportPrivateUsage] - a documented function, for debuggers
_sleep = monkey.get_original("time", "sleep")
_lock = monkey.get_original("_thread", "allocate_lock")
_start_thread = monkey.get_original("_thread", "start_new_thread")
_ident = monkey.get_original("_thread", "get_ident")


class Hold(NamedTuple):
    """One run that was too long: in seconds, how long, how much of it was computed at least, and collecting garbage."""

    doing: str
    wall: float
    cpu: float
    gc: float
    stack: list[str]


class Sample(NamedTuple):
    """How much the watched thread had computed, and collected garbage, at a time."""

    at: float
    cpu: float
    gc: float


class Watchdog:
    """Watches the event loop of the thread that starts it. `says` gets the lines, and else the log."""

    def __init__(self, says: Callable[..., Any] | None = None) -> None:
        self._says = says
        self.holds: Counter[str] = Counter()
        self.longest: dict[str, float] = {}
        self.looks = 0
        self.gc_longest = self.gc_all = 0.0
        self._told: dict[str, float] = {}
        self._untold: Counter[str] = Counter()
        self._turn = 0
        self._since: float | None = None  # when the present run began; None in the poll
        self._stack: tuple[int, list[str]] = (0, [])  # of which run
        self._sample = Sample(0.0, 0.0, 0.0)
        self._dozes = self.stopping = False
        self._bell = _lock()
        self._bell.acquire()

    def start(self) -> None:
        """Watch from now on."""
        self._hub = gevent.get_hub()
        self._thread = _ident()
        self._clock = time.pthread_getcpuclockid(self._thread)
        loop: Any = self._hub.loop
        self._prepare, self._check = loop.prepare(), loop.check()
        # gevent runs what is ready as it prepares; only the very last may say that the thread is about to sleep.
        self._prepare.priority, self._check.priority = loop.MINPRI, loop.MAXPRI
        self._prepare.start(self._sleeps)
        self._check.start(self._wakes)
        greenlet.settrace(self._switches)
        gc.callbacks.append(self._collects)
        self._take_sample(time.monotonic())
        _start_thread(self._watch, ())

    def stop(self) -> None:
        """Watch no more."""
        self.stopping = True
        greenlet.settrace(None)
        self._prepare.stop()
        self._check.stop()
        gc.callbacks.remove(self._collects)
        self._ring()

    def lines(self) -> list[str]:
        """What Prometheus is told."""
        name = "hereabouts_loop_held"
        found = [
            f"# HELP {name}_total Runs that held up the process for 50 ms or more.",
            f"# TYPE {name}_total counter",
        ]
        found += [f'{name}_total{{doing="{doing}"}} {count}' for doing, count in sorted(self.holds.items())]
        found += [f"# HELP {name}_seconds_max The longest of them.", f"# TYPE {name}_seconds_max gauge"]
        found += [f'{name}_seconds_max{{doing="{d}"}} {wall:.3f}' for d, wall in sorted(self.longest.items())]
        for short, value, what in (("max", self.gc_longest, "The longest"), ("total", self.gc_all, "All")):
            name = f"hereabouts_gc_seconds_{short}"
            kind = "gauge" if short == "max" else "counter"
            found += [
                f"# HELP {name} {what} of collecting garbage.",
                f"# TYPE {name} {kind}",
                f"{name} {value:.3f}",
            ]
        return found

    # -- in the thread that is watched

    def _sleeps(self) -> None:
        self._ends_run(self._hub)
        self._since = None

    def _wakes(self) -> None:
        self._since = time.monotonic()
        self._turn += 1
        self._take_sample(self._since)
        self._ring()

    def _switches(self, _event: str, origin_and_target: tuple[Any, Any]) -> None:
        self._ends_run(origin_and_target[0])

    def _ends_run(self, ran: Any) -> None:
        now, since = time.monotonic(), self._since
        self._since = now
        turn, self._turn = self._turn, self._turn + 1
        if since is not None and now - since >= HELD_S:
            # Told by the hub in a moment: nothing may fail, and nobody may wait, in the middle of a switch.
            self._hub.loop.run_callback(self._tell, self._hold(ran, turn, since, now))
        self._take_sample(now)

    def _hold(self, ran: Any, turn: int, since: float, now: float) -> Hold:
        sample, wall = self._sample, now - since
        # The sample is of a little before the run, and all of the time between may have been computed.
        cpu = time.clock_gettime(self._clock) - sample.cpu - (since - sample.at)
        stack = (
            self._stack[1] if self._stack[0] == turn else [f"ended at {each}" for each in _own(_frame(ran))]
        )
        return Hold(_doing(ran, self._hub), wall, min(max(cpu, 0.0), wall), self.gc_all - sample.gc, stack)

    def _tell(self, hold: Hold) -> None:
        self.holds[hold.doing] += 1
        self.longest[hold.doing] = max(hold.wall, self.longest.get(hold.doing, 0.0))
        now = time.monotonic()
        if hold.cpu < _ALWAYS_S and now - self._told.get(hold.doing, -_AGAIN_S) < _AGAIN_S:
            self._untold[hold.doing] += 1
            return
        self._told[hold.doing] = now
        (self._says or log.warning)(
            "loop_held",
            doing=hold.doing,
            ms=round(hold.wall * 1000),
            cpu_ms=round(hold.cpu * 1000),
            gc_ms=round(hold.gc * 1000),
            stack=hold.stack,
            untold=self._untold.pop(hold.doing, 0),
        )

    def _collects(self, phase: str, _info: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._collecting = now
            return
        took = now - self._collecting
        self.gc_all += took
        self.gc_longest = max(self.gc_longest, took)

    def _take_sample(self, now: float) -> None:
        """Now and then: to ask for the thread's time at each switch would cost more than the switch."""
        if now - self._sample.at >= _PERIOD_S:
            self._sample = Sample(now, time.clock_gettime(self._clock), self.gc_all)

    def _ring(self) -> None:
        if self._dozes:
            self._dozes = False
            self._bell.release()

    # -- in a thread of its own

    def _watch(self) -> None:
        seen, idle = 0, 0
        while not self.stopping:
            _sleep(_PERIOD_S)
            self.looks += 1
            turn, since, now = self._turn, self._since, time.monotonic()
            if since is not None and now - since >= _STACK_S and self._stack[0] != turn:
                self._stack = (turn, _own(_frames().get(self._thread)))
            idle = idle + 1 if turn == seen and since is None else 0
            seen = turn
            if idle >= _DOZES_AFTER:
                idle, self._dozes = 0, True
                self._bell.acquire()


def _frame(ran: Any) -> FrameType | None:
    return getattr(ran, "gr_frame", None)


def _own(frame: FrameType | None) -> list[str]:
    """Where that is, the innermost first: the frame itself, and those of the product."""
    found: list[str] = []
    while frame is not None and len(found) < _FRAMES:
        file = frame.f_code.co_filename
        ours = file.startswith(_ROOT) and "/.venv/" not in file
        if ours or not found:
            found.append(f"{file.removeprefix(_ROOT)}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return found


def _doing(ran: Any, hub: Any) -> str:
    """The route, or that it was a callback of the loop."""
    if ran is hub:
        return "loop"
    context = getattr(ran, "gr_context", None)
    return OTHER if context is None else context.get(DOING, OTHER)
