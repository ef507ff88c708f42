"""Who has a socket open, in any web process: what this process knows of it, in memory.

Its own sockets it counts. What the others have they tell (live/announcing.py), again and again: a process of which
nothing was heard for `LASTS_S` seconds is dead, and so are its sockets. Nothing here waits for anything, so a request
may ask; without word from the others only the process's own sockets count.

Whether somebody may be told of it is another question: people/online/last_seen.py.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from uuid import UUID

LASTS_S = 60.0
Key = tuple[UUID, UUID]  # organisation, person: word of another organisation's never counts


class Online:
    """The persons who are online. Used from one thread or the event loop; nothing in it yields."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._own: Counter[Key] = Counter()
        self._elsewhere: dict[Key, dict[str, float]] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._own or key in self._elsewhere

    @property
    def own(self) -> list[Key]:
        """Those with a socket in this process."""
        return list(self._own)

    def came(self, key: Key) -> bool:
        """A socket was let in; True when it is the person's first here."""
        self._own[key] += 1
        return self._own[key] == 1

    def went(self, key: Key) -> bool:
        """A socket went; True when it was the person's last here."""
        self._own[key] -= 1
        if self._own[key] > 0:
            return False
        del self._own[key]
        return True

    def are_elsewhere(self, process: str, keys: Iterable[Key]) -> list[Key]:
        """Another process has sockets of these; returns those who thereby came online."""
        theirs = list(keys)
        new = [key for key in theirs if key not in self]
        for key in theirs:
            self._elsewhere.setdefault(key, {})[process] = self._now() + LASTS_S
        return new

    def are_gone(self, process: str, keys: Iterable[Key]) -> list[Key]:
        """Another process has no socket of these any more; returns those who are offline now."""
        return [key for key in keys if self._forget(process, key)]

    def expire(self) -> list[Key]:
        """Give up processes that have gone silent; returns those who thereby are offline."""
        now = self._now()
        over = [
            (process, key)
            for key, processes in self._elsewhere.items()
            for process, until in processes.items()
            if until <= now
        ]
        return [key for process, key in over if self._forget(process, key)]

    def _forget(self, process: str, key: Key) -> bool:
        processes = self._elsewhere.get(key)
        if processes is None or processes.pop(process, None) is None:
            return False
        if not processes:
            del self._elsewhere[key]
        return key not in self
