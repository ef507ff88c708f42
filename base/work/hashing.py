"""Hashes of passwords are dear on purpose: a few are made at a time, a few wait, and whoever comes then is told so.

Each takes a tenth of a second of a core and all the memory that was set for it. A place is taken before the database is
asked for anything, so that a flood of made-up names costs neither its connections nor its rows. The threads stand back
behind the rest of the process: requests that need no hash are answered meanwhile.

Who has some places already leaves the last ones to those who have none: one address that floods a process with guesses
has others wait for a moment, and does not keep them out.
"""

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from base.database import outside_transaction
from base.errors import Problem

AT_ONCE = os.cpu_count() or 1
_WAITING = 2 * AT_ONCE  # the last of them waits for a quarter of a second
_FOR_OTHERS = AT_ONCE
_RETRY_S = 1
_NICE = 5
# Runs a function with its arguments in a native thread; the caller waits without holding up others.
Pool = Callable[[Callable[..., Any], tuple[Any, ...]], Any]
Run = Callable[..., Any]


class Busy(Problem):
    """All who may wait for a hash are there already."""

    status, code, title = 503, "busy", "Too many are signing in at this moment; try again"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": str(_RETRY_S)})


class _Places:
    """A pool's threads, with room for those who wait for them."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.free = AT_ONCE + _WAITING
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, whose: str) -> bool:
        """Whether there is a place for them."""
        with self._lock:
            has_room = self.free > (_FOR_OTHERS if self._taken[whose] else 0)
            if has_room:
                self.free -= 1
                self._taken[whose] += 1
            return has_room

    def give_back(self, whose: str) -> None:
        """They need it no more."""
        with self._lock:
            self.free += 1
            self._taken -= Counter((whose,))


_installed: list[_Places] = []


def install(pool: Pool) -> None:
    """Hash in a pool of `AT_ONCE` threads from now on; in a process that never does, in place and without bounds."""
    _installed[:] = [_Places(pool)]


@contextmanager
def place(whose: str | None = None) -> Generator[Run]:
    """A place among those who hash, as what runs a function with its arguments; raises `Busy` at once, or never.

    `whose` address or account it is for; those of whom it is not known are one.
    """
    if not _installed:
        yield _in_place
        return
    places = _installed[0]
    whose = whose or ""
    if not places.take(whose):
        raise Busy
    try:
        yield lambda function, *arguments: _in_thread(places.pool, function, arguments)
    finally:
        places.give_back(whose)


def _in_place(function: Callable[..., Any], *arguments: Any) -> Any:
    outside_transaction()
    return function(*arguments)


def _in_thread(pool: Pool, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    outside_transaction()
    return pool(_standing_back, (function, arguments))


def _standing_back(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    with contextlib.suppress(OSError):  # only Linux knows niceness of threads
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
    return function(*arguments)
