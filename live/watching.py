"""Who is online: told to the sockets that watch, to the other processes, and kept as "last seen".

A socket says whom it watches (`presence.watch`) and is told each change, as long as people/online/last_seen.py lets
it. What could end that right is an event of the journal about either of the two: a membership that began or ended, or
the choice who sees it. From that event on nothing is told to the socket until its rights were read anew.

Each process tells the others of the first and last socket of a person, and every `_TELL_S` seconds of all of them;
what was lost on the way is mended by that, and a process that was killed is given up (people/online/online.py).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import gevent
from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from base import clock
from base.logs import logger
from journal.catalogue import read_by
from journal.event_types import Reader
from live.bus import Message
from live.hub import Hub
from live.kept import kept_running
from live.last_seen import LastSeen
from live.limits import Limit
from live.subscribers import Subscriber
from people.online.last_seen import presences, wire_presence
from people.online.online import Key
from people.runtime import Runtime
from schemas.online import Watch

log = logger(__name__)
_LOOK_S = 1.0
_TELL_S = 20.0
_ANSWER_S = 5.0
_MOST_READ = 500  # in one look
_MOST_IDS = 1_000  # in one message
ACTS_ON = read_by(Reader.ONLINE)
_ASKED = Watch()


@dataclass
class WatchList:
    """Whom a socket asked for, and what it was told of those whom it may be told of; `fresh` while that holds."""

    asked: list[UUID]
    told: dict[UUID, bool] = field(default_factory=dict)
    fresh: bool = False
    version: int = 0


class Watching:
    """Online state and its watchers, in one process."""

    def __init__(
        self,
        runtime: Runtime,
        hub: Hub,
        tell: Callable[[str, dict[str, Any], list[Subscriber]], None],
        publish: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._database, self._online = runtime.database, runtime.online
        self._hub, self._tell, self._publish = hub, tell, publish
        self._watches: dict[str, WatchList] = {}
        self._watchers: dict[UUID, set[str]] = {}  # by the person watched
        self._stale: dict[str, None] = {}  # whose rights are to be read anew, in turn
        self._limit = Limit()
        self.last_seen = LastSeen(runtime.database, runtime.online)
        self._told = self._answered = 0.0
        self._asked = self.stopping = False

    def start(self) -> None:
        """Begin to look after it all."""
        loops = {"presence": self._tell_others, "rights": self._read_rights, "last_seen": self.last_seen.run}
        for name, loop in loops.items():
            gevent.spawn(kept_running, name, loop)

    def stop(self) -> None:
        """End."""
        self.stopping = self.last_seen.stopping = True

    def came(self, subscriber: Subscriber) -> None:
        """A socket was let in."""
        key = subscriber.key
        was = key in self._online
        if self._online.came(key):
            self._publish_keys("online", [key])
        if not was:
            self._changed([key])

    def went(self, subscriber: Subscriber) -> None:
        """A socket is gone."""
        key = subscriber.key
        self._unwatch(subscriber.sid)
        self.last_seen.note([key])
        if self._online.went(key):
            self._publish_keys("offline", [key])
            if key not in self._online:
                self._changed([key])

    def watch(self, sid: str, data: Any) -> dict[str, Any]:
        """Watch these persons from now on and no others; the answer tells how it stands with them."""
        subscriber = self._hub.subscriber(sid)
        if subscriber is None:
            return {"ok": False, "code": "not_ready"}
        if not self._limit.allows(subscriber):
            return {"ok": False, "code": "too_many_requests"}
        try:
            asked = list(dict.fromkeys(_ASKED.load(data)["person_ids"]))
        except (ValidationError, TypeError, ValueError):
            return {"ok": False, "code": "invalid"}
        self._unwatch(sid)
        watched = self._watches[sid] = WatchList(asked)
        for person_id in asked:
            self._watchers.setdefault(person_id, set()).add(sid)
        try:
            items = self._read(subscriber, watched)
        except SQLAlchemyError:
            return {"ok": False, "code": "try_again"}
        return {"ok": True, "items": items}

    def apply(self, event: Any) -> None:
        """An event of the journal: whose rights it may change are read anew before they are told anything."""
        if event.type not in ACTS_ON:
            return
        own = [subscriber.sid for subscriber in self._hub.of_person(event.person_id)]
        for sid in (*self._watchers.get(event.person_id, ()), *own):
            if (watched := self._watches.get(sid)) is not None:
                watched.version += 1
                if watched.fresh:  # otherwise it is in line already, or being read, and then read again
                    watched.fresh, self._stale[sid] = False, None

    def announce(self) -> None:
        """Tell the other processes who is online here."""
        self._told, self._asked = time.monotonic(), False
        self._publish_keys("online", self._online.own)

    def hear_hello(self) -> None:
        """Another process asks who is online here; however often, it is told at most once in some seconds."""
        self._asked = True
        self._announce_if_due()

    def hear_online(self, process: str, message: Message) -> None:
        """Another process has sockets of these; raises when the message makes no sense."""
        self._changed(self._online.are_elsewhere(process, _keys(message)))

    def hear_offline(self, process: str, message: Message) -> None:
        """Another process has no sockets of these any more."""
        self._changed(self._online.are_gone(process, _keys(message)))

    def _unwatch(self, sid: str) -> None:
        self._stale.pop(sid, None)
        watched = self._watches.pop(sid, None)
        for person_id in watched.asked if watched else ():
            self._watchers[person_id].discard(sid)
            if not self._watchers[person_id]:
                del self._watchers[person_id]

    def _changed(self, keys: Iterable[Key]) -> None:
        for organisation_id, person_id in keys:
            subscribers, online = [], (organisation_id, person_id) in self._online
            for sid in self._watchers.get(person_id, ()):
                watched, subscriber = self._watches[sid], self._hub.subscriber(sid)
                if subscriber is None or not watched.fresh or subscriber.organisation_id != organisation_id:
                    continue
                if watched.told.get(person_id, online) != online:
                    watched.told[person_id] = online
                    subscribers.append(subscriber)
            self._tell("presence.changed", wire_presence(person_id, online, clock.now()), subscribers)

    def _read(self, subscriber: Subscriber, watched: WatchList) -> list[dict[str, Any]]:
        """Read whom the socket may be told of, again when it changed meanwhile; returns how it stands with them."""
        organisation_id, version = subscriber.organisation_id, -1
        items: list[dict[str, Any]] = []
        try:
            while version != watched.version:
                version = watched.version
                with self._database.transaction(organisation_id) as session:
                    items = presences(
                        session, organisation_id, subscriber.person_id, self._online, watched.asked
                    )
        except Exception:
            self._stale[subscriber.sid] = None
            raise
        for item in items:  # as it is now, not as it was while we read
            person_id = UUID(item["person_id"])
            online = (organisation_id, person_id) in self._online
            left_at = self.last_seen.at((organisation_id, person_id))
            if online != item["online"] or (left_at is not None and not online):
                item |= wire_presence(person_id, online, left_at or clock.now())
        watched.told = {UUID(item["person_id"]): item["online"] for item in items}
        watched.fresh = True
        return items

    def _tell_others(self) -> None:
        """What must be on time, and waits for no database: give up the silent, and announce those who are here."""
        while not self.stopping:
            gevent.sleep(_LOOK_S)
            self._changed(self._online.expire())
            self._announce_if_due()

    def _announce_if_due(self) -> None:
        now = time.monotonic()
        if self._asked and now - self._answered >= _ANSWER_S:
            self._answered = now
            self.announce()
        elif now - self._told >= _TELL_S:
            self.announce()

    def _read_rights(self) -> None:
        while not self.stopping:
            gevent.sleep(_LOOK_S)
            self.read_stale()

    def read_stale(self) -> None:
        """Read anew whose rights may have changed, those first who wait longest; a lost database ends the look."""
        for sid in list(self._stale)[:_MOST_READ]:
            self._stale.pop(sid, None)
            watched, subscriber = self._watches.get(sid), self._hub.subscriber(sid)
            if watched is None or subscriber is None or watched.fresh:
                continue
            before = watched.told
            try:
                items = self._read(subscriber, watched)
            except SQLAlchemyError as error:
                log.warning("presence_not_read", error=type(error).__name__)
                return
            if self._watches.get(sid) is not watched:
                continue
            for item in items:  # what changed while nothing was told
                if before.get(UUID(item["person_id"])) != item["online"]:
                    self._tell("presence.changed", item, [subscriber])

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
