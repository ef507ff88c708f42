"""Whom the sockets of this process watch: lists that are found by the socket, and by the person watched."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID


@dataclass
class WatchList:
    """Whom a socket asked for, and what it was told of those whom it may be told of.

    `changes` counts the events that may have changed its rights, and `read` says as of which of them they were read.
    """

    asked: list[UUID]
    told: dict[UUID, bool] = field(default_factory=dict[UUID, bool])
    changes: int = 0
    read: int | None = None

    @property
    def fresh(self) -> bool:
        """Whether its rights are as they were read."""
        return self.read == self.changes

    def is_to_hear(self, person_id: UUID, online: bool) -> bool:
        """Whether to tell the socket, which then was told: not what it knows, and nothing while rights are unread."""
        if not self.fresh or self.told.get(person_id, online) == online:
            return False
        self.told[person_id] = online
        return True


class WatchLists:
    """The lists of all sockets."""

    def __init__(self) -> None:
        self._lists: dict[str, WatchList] = {}
        self._watchers: dict[UUID, set[str]] = {}  # by the person watched

    def put(self, sid: str, watched: WatchList) -> None:
        """A socket watches these and no others."""
        self.drop(sid)
        self._lists[sid] = watched
        for person_id in watched.asked:
            self._watchers.setdefault(person_id, set()).add(sid)

    def drop(self, sid: str) -> None:
        """A socket watches nobody any more."""
        watched = self._lists.pop(sid, None)
        for person_id in watched.asked if watched else ():
            self._watchers[person_id].discard(sid)
            if not self._watchers[person_id]:
                del self._watchers[person_id]

    def of_socket(self, sid: str) -> WatchList | None:
        """The list of a socket."""
        return self._lists.get(sid)

    def of_person(self, person_id: UUID) -> Iterator[tuple[str, WatchList]]:
        """Who watches a person: each socket with its list."""
        for sid in tuple(self._watchers.get(person_id, ())):
            yield sid, self._lists[sid]


class Line:
    """Who waits for a turn: each once, in the order of coming."""

    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}

    def join(self, sid: str) -> None:
        """Wait; who waits already keeps the place."""
        self._waiting.setdefault(sid)

    def leave(self, sid: str) -> None:
        """Wait no more."""
        self._waiting.pop(sid, None)

    def first(self, most: int) -> list[str]:
        """Those whose turn it is; they wait on until they leave."""
        return list(self._waiting)[:most]
