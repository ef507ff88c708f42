"""Who is online here, told to the other processes; who is online there, heard from them.

Each process tells the others of the first and last socket of a person, and every `_ALL_S` seconds of all of them; what
was lost on the way is mended by that, and a process that was killed is given up (people/online/online.py). One that
has just begun asks with `hello`.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from uuid import UUID

import gevent

from live.bus import Message, Publish
from people.online.online import Key, Online

_LOOK_S = 1.0
_ALL_S = 20.0
_ANSWER_S = 5.0
_MOST_IDS = 1_000  # in one message


class Rhythm:
    """When all are to be announced: now and then, and where somebody asked; but not for each of many who ask."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._announced = self._answered = 0.0
        self._asked = False

    def ask(self) -> None:
        """Somebody wants to know."""
        self._asked = True

    def announced(self) -> None:
        """All were announced, to everybody."""
        self._announced, self._asked = self._now(), False

    def comes_due(self) -> bool:
        """Whether to announce now; it is the answer of those who asked."""
        now = self._now()
        if self._asked and now - self._answered >= _ANSWER_S:
            self._answered = now
            return True
        return now - self._announced >= _ALL_S


class Announcing:
    """For one process. `changed` takes those who came online or are offline now, wherever their sockets are."""

    def __init__(self, online: Online, publish: Publish, changed: Callable[[Iterable[Key]], None]) -> None:
        self._online, self._publish, self._changed = online, publish, changed
        self._rhythm = Rhythm()
        self.stopping = False

    def came(self, key: Key) -> None:
        """A socket was let in."""
        was_online = key in self._online
        if self._online.came(key):
            self._publish_keys("online", [key])
        if not was_online:
            self._changed([key])

    def went(self, key: Key) -> None:
        """A socket is gone."""
        if self._online.went(key):
            self._publish_keys("offline", [key])
            if key not in self._online:
                self._changed([key])

    def announce(self) -> None:
        """Tell the other processes who is online here."""
        self._rhythm.announced()
        self._publish_keys("online", self._online.own)

    def hear_hello(self) -> None:
        """Another process asks who is online here; however often, it is told at most once in some seconds."""
        self._rhythm.ask()
        self._announce_if_due()

    def hear_online(self, process: str, message: Message) -> None:
        """Another process has sockets of these; raises when the message makes no sense."""
        self._changed(self._online.are_elsewhere(process, _keys(message)))

    def hear_offline(self, process: str, message: Message) -> None:
        """Another process has no sockets of these any more."""
        self._changed(self._online.are_gone(process, _keys(message)))

    def run(self) -> None:
        """What must be on time, and waits for no database: give up the silent, and announce those who are here."""
        while not self.stopping:
            gevent.sleep(_LOOK_S)
            self._changed(self._online.expire())
            self._announce_if_due()

    def _announce_if_due(self) -> None:
        if self._rhythm.comes_due():
            self.announce()

    def _publish_keys(self, kind: str, keys: Iterable[Key]) -> None:
        organisations: dict[UUID, list[str]] = defaultdict(list)
        for organisation_id, person_id in keys:
            organisations[organisation_id].append(str(person_id))
        for organisation_id, ids in organisations.items():
            for start in range(0, len(ids), _MOST_IDS):
                part = {"organisation_id": str(organisation_id), "person_ids": ids[start : start + _MOST_IDS]}
                self._publish(kind, part)


def _keys(message: Message) -> list[Key]:
    organisation_id = UUID(message["organisation_id"])
    return [(organisation_id, UUID(person_id)) for person_id in message["person_ids"]]
