"""Hashes of passwords are dear on purpose: a few are made at a time, a few wait, and whoever comes then is told so.

Each takes a tenth of a second of a core and all the memory that was set for it. A place is taken before the database is
asked for anything, so that a flood of made-up names costs neither its connections nor its rows. The threads stand back
behind the rest of the process: requests that need no hash are answered meanwhile.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from base.database import outside_transaction
from base.errors import Problem

AT_ONCE = os.cpu_count() or 1
_WAITING = 2 * AT_ONCE  # the last of them waits for a quarter of a second
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
        self.free = threading.BoundedSemaphore(AT_ONCE + _WAITING)


_installed: list[_Places] = []


def install(pool: Pool) -> None:
    """Hash in a pool of `AT_ONCE` threads from now on; in a process that never does, in place and without bounds."""
    _installed[:] = [_Places(pool)]


@contextmanager
def place() -> Generator[Run]:
    """A place among those who hash, as what runs a function with its arguments; raises `Busy` at once, or never."""
    if not _installed:
        yield _in_place
        return
    places = _installed[0]
    if not places.free.acquire(blocking=False):
        raise Busy
    try:
        yield lambda function, *arguments: _in_thread(places.pool, function, arguments)
    finally:
        places.free.release()


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
