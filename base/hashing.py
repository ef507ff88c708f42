"""Hashes of passwords are dear on purpose: a few are made at a time, a few wait, and whoever comes then is told so.

Each takes a tenth of a second of a core and all the memory that was set for it. A place is taken before the database is
asked for anything, so that a flood of made-up names costs neither its connections nor its rows. One network, or one
person, may keep all threads at work, but not all places: whoever else comes finds one. The threads stand back behind
the rest of the process: requests that need no hash are answered meanwhile.
"""

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from typing import Any

from base.database import outside_transaction
from base.errors import Problem

AT_ONCE = os.cpu_count() or 1
_WAITING = 2 * AT_ONCE  # the last of them waits for a quarter of a second
MOST_OF_ONE = AT_ONCE + _WAITING // 2
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
        self._taken = Counter[Hashable]()

    def take(self, whose: Hashable) -> None:
        """Nothing here switches to another greenlet."""
        too_many = whose is not None and self._taken[whose] >= MOST_OF_ONE
        if too_many or self._taken.total() >= AT_ONCE + _WAITING:
            raise Busy
        self._taken[whose] += 1

    def give_back(self, whose: Hashable) -> None:
        self._taken[whose] -= 1
        self._taken += Counter()  # forgets who has none


_installed: list[_Places] = []


def install(pool: Pool) -> None:
    """Hash in a pool of `AT_ONCE` threads from now on; in a process that never does, in place and without bounds."""
    _installed[:] = [_Places(pool)]


@contextmanager
def place(whose: Hashable = None) -> Generator[Run]:
    """A place among those who hash, as what runs a function with its arguments; raises `Busy` at once, or never.

    `whose` says who is counted as one: a network, a person. Nobody in particular is not.
    """
    if not _installed:
        yield _in_place
        return
    places = _installed[0]
    places.take(whose)
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
