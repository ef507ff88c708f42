"""Work in another process: what computes for long, or reads what strangers sent, without ever holding up this one.

A thread does not help where the interpreter's lock is held: to read twelve megabytes of JSON stops every request of a
web process. So there are a few children, started when they are first needed, by a program of its own (never a fork of
a process with open sockets). They speak over a socket pair: lengths and pickles.

    caller ──▶ a turn (bounded; `Busy` at once where too many wait) ──▶ a child ──▶ its answer, or the `Problem` raised

A child that takes too long, too much memory, or dies, is killed and replaced, and its caller gets `TooMuchWork`. It has
no secrets in its environment, and it ends when its parent does, however that ended: its side of the socket closes.

One person has half of the places, and leaves a child to others: to keep all of them from working takes more than one.

The sockets, locks and the waiting are gevent's own in a process that it has patched.
"""

import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from base.doing import ASKER
from base.errors import Invalid, Problem
from base.logs import logger
from base.work.frames import read_frame, write_frame

log = logger(__name__)
Answer = TypeVar("Answer")
PROCESSES, WAITING = 2, 8
LONGEST_S, PATIENCE_S = 45.0, 20.0
_ROOT = Path(__file__).resolve().parents[2]


class Busy(Problem):
    """All children work, and enough others wait for them."""

    status, code, title = 503, "unavailable", "The service is not available for a moment; try again"


class TooMuchWork(Invalid):
    """More time or memory than any request is given."""

    code, title = "too_much_work", "This takes more time or memory than one request is given"


class Children:
    """Some processes that work for this one."""

    def __init__(
        self, processes: int = PROCESSES, waiting: int = WAITING, longest_s: float = LONGEST_S
    ) -> None:
        self._most, self._longest_s = processes + waiting, longest_s
        self._of_one, self._of_one_at_once = max(2, self._most // 2), max(1, processes - 1)
        self._asked = 0
        self._askers: dict[str, _Asker] = {}
        self._idle: list[_Child] = []
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(processes)

    def run(self, function: Callable[..., Answer], *arguments: Any) -> Answer:
        """What a function of a module gives for these arguments, in a child.

        Raises what `Problem` it raises, `TooMuchWork` and `Busy`.
        """
        asked = pickle.dumps((function, arguments), protocol=pickle.HIGHEST_PROTOCOL)
        with self._turn():
            child = self._idle.pop() if self._idle else _Child()
            try:
                told = child.answer(asked, self._longest_s)
            except (OSError, EOFError):  # a timeout is an OSError
                child.end()
                log.warning("child_ended", function=function.__qualname__)
                raise TooMuchWork from None
            except BaseException:
                child.end()
                raise
            self._idle.append(child)
        if isinstance(told.failure, Exception):
            raise told.failure
        return told.value

    def close(self) -> None:
        """End those that have nothing to do."""
        while self._idle:
            self._idle.pop().end()

    @property
    def pids(self) -> list[int]:
        """The process ids of those that have nothing to do."""
        return [child.pid for child in self._idle]

    @contextmanager
    def _turn(self) -> Generator[None]:
        until = time.monotonic() + PATIENCE_S
        with self._asks() as asker, _taken(asker.turns, until), _taken(self._turns, until):
            yield

    @contextmanager
    def _asks(self) -> Generator["_Asker"]:
        """One more of them who has asked; raises `Busy` where they are too many, or all of one person."""
        who = ASKER.get()
        with self._lock:
            asker = self._askers.get(who) or _Asker(self._of_one_at_once if who else self._most)
            if self._asked >= self._most or (who and asker.asked >= self._of_one):
                raise busy()
            self._askers[who] = asker
            self._asked += 1
            asker.asked += 1
        try:
            yield asker
        finally:
            with self._lock:
                self._asked -= 1
                asker.asked -= 1
                if not asker.asked:
                    del self._askers[who]


class _Asker:
    """One person who has work done: how much of it is there, and how much of that is done at the same time."""

    def __init__(self, at_once: int) -> None:
        self.asked = 0
        self.turns = threading.Semaphore(at_once)


@contextmanager
def _taken(turns: threading.Semaphore, until: float) -> Generator[None]:
    """A turn; raises `Busy` where none comes by a moment of `time.monotonic()`."""
    if not turns.acquire(timeout=max(until - time.monotonic(), 0.0)):
        raise busy()
    try:
        yield
    finally:
        turns.release()


class Told:
    """What a child says: a value, or why there is none."""

    def __init__(self, value: Any = None, failure: Exception | None = None) -> None:
        self.value, self.failure = value, failure


class _Child:
    """One process, which does one thing at a time."""

    def __init__(self) -> None:
        ours, its = socket.socketpair()
        self._socket = ours
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "base.work.apart_child"],
                cwd=_ROOT,
                env={"PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1"},
                stdin=its.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def answer(self, asked: bytes, longest_s: float) -> Told:
        """Raises `EOFError` or `OSError` where there is none in time."""
        until = time.monotonic() + longest_s
        self._socket.settimeout(longest_s)
        write_frame(self._socket, asked)
        return pickle.loads(read_frame(self._socket, until))  # noqa: S301 - it is our own program

    def end(self) -> None:
        self._socket.close()
        with suppress(OSError):
            self._process.kill()
        self._process.wait()


_children = Children()


def apart(function: Callable[..., Answer], *arguments: Any) -> Answer:
    """As `Children.run`, with those of this process."""
    return _children.run(function, *arguments)


def busy() -> Busy:
    """The refusal of what has no turn now."""
    return Busy("Others are having much computed; try again.", headers={"Retry-After": "5"})
