"""Who is online: told to the sockets that watch, to the other processes, and kept as "last seen".

A socket says whom it watches (`presence.watch`) and is told each change, as long as people/last_seen.py lets it. What
could end that right is an event of the journal about either of the two: a membership that began or ended, or the choice
who sees it. From that event on nothing is told to the socket until its rights were read anew.

Each process tells the others of the first and last socket of a person, and every `_TELL_S` seconds of all of them;
what was lost on the way is mended by that, and a process that was killed is given up (people/online.py).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import gevent
from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from base import clock
from base.logs import logger
from live.bus import Message
from live.hub import Hub
from live.listeners import Listener
from people.last_seen import note_seen, presences, wire_presence
from people.online import Key
from people.runtime import Runtime
from schemas.online import Watch

log = logger(__name__)
_LOOK_S = 1.0
_TELL_S = 20.0
_KEEP_S = 60.0
_MOST_IDS = 1_000  # in one message
_CHANGES = ("membership.started", "membership.ended", "last_seen.chosen")
_ASKED = Watch()


@dataclass
class Watched:
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
        tell: Callable[[str, dict[str, Any], list[Listener]], None],
        publish: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._database, self._online = runtime.database, runtime.online
        self._hub, self._tell, self._publish = hub, tell, publish
        self._watches: dict[str, Watched] = {}
        self._watchers: dict[UUID, set[str]] = {}  # by the person watched
        self._seen: dict[Key, datetime] = {}
        self.stopping = False

    def start(self) -> None:
        """Begin to look after it all."""
        gevent.spawn(self._look)

    def came(self, listener: Listener) -> None:
        """A socket was let in."""
        key = _key(listener)
        was = key in self._online
        if self._online.came(key):
            self._publish_keys("online", [key])
        if not was:
            self._changed([key])

    def went(self, listener: Listener) -> None:
        """A socket is gone."""
        key = _key(listener)
        self._unwatch(listener.sid)
        self._seen[key] = clock.now()
        if self._online.went(key):
            self._publish_keys("offline", [key])
            if key not in self._online:
                self._changed([key])

    def watch(self, sid: str, data: Any) -> dict[str, Any]:
        """Watch these persons from now on and no others; the answer tells how it stands with them."""
        try:
            asked = list(dict.fromkeys(_ASKED.load(data)["person_ids"]))
        except (ValidationError, TypeError, ValueError):
            return {"ok": False, "code": "invalid"}
        listener = self._hub.listener(sid)
        if listener is None:
            return {"ok": False, "code": "not_ready"}
        self._unwatch(sid)
        watched = self._watches[sid] = Watched(asked)
        for person_id in asked:
            self._watchers.setdefault(person_id, set()).add(sid)
        try:
            items = self._read(listener, watched)
        except SQLAlchemyError:
            return {"ok": False, "code": "unavailable"}
        return {"ok": True, "items": items}

    def apply(self, event: Any) -> None:
        """An event of the journal: whose rights it may change are read anew before they are told anything."""
        if event.type not in _CHANGES:
            return
        own = [listener.sid for listener in self._hub.of_person(event.person_id)]
        for sid in (*self._watchers.get(event.person_id, ()), *own):
            if sid in self._watches:
                self._watches[sid].fresh = False
                self._watches[sid].version += 1

    def announce(self) -> None:
        """Tell the other processes who is online here."""
        self._publish_keys("online", self._online.own)

    def hear_online(self, process: str, message: Message) -> None:
        """Another process has sockets of these; raises when the message makes no sense."""
        self._changed(self._online.are_elsewhere(process, _keys(message)))

    def hear_offline(self, process: str, message: Message) -> None:
        """Another process has no sockets of these any more."""
        self._changed(self._online.are_gone(process, _keys(message)))

    def _unwatch(self, sid: str) -> None:
        watched = self._watches.pop(sid, None)
        for person_id in watched.asked if watched else ():
            self._watchers[person_id].discard(sid)
            if not self._watchers[person_id]:
                del self._watchers[person_id]

    def _changed(self, keys: Iterable[Key]) -> None:
        for organisation_id, person_id in keys:
            listeners, online = [], (organisation_id, person_id) in self._online
            for sid in self._watchers.get(person_id, ()):
                watched, listener = self._watches[sid], self._hub.listener(sid)
                if listener is None or not watched.fresh or listener.organisation_id != organisation_id:
                    continue
                if watched.told.get(person_id, online) != online:
                    watched.told[person_id] = online
                    listeners.append(listener)
            self._tell("presence.changed", wire_presence(person_id, online, clock.now()), listeners)

    def _read(self, listener: Listener, watched: Watched) -> list[dict[str, Any]]:
        """Read whom the socket may be told of, again when it changed meanwhile; returns how it stands with them."""
        organisation_id, version = listener.organisation_id, -1
        items: list[dict[str, Any]] = []
        while version != watched.version:
            version = watched.version
            with self._database.transaction(organisation_id) as session:
                items = presences(session, organisation_id, listener.person_id, self._online, watched.asked)
        for item in items:  # as it is now, not as it was while we read
            person_id = UUID(item["person_id"])
            online = (organisation_id, person_id) in self._online
            left_at = self._seen.get((organisation_id, person_id))  # not in the database yet
            if online != item["online"] or (left_at is not None and not online):
                item |= wire_presence(person_id, online, left_at or clock.now())
        watched.told = {UUID(item["person_id"]): item["online"] for item in items}
        watched.fresh = True
        return items

    def _look(self) -> None:
        told = kept = time.monotonic()
        while not self.stopping:
            gevent.sleep(_LOOK_S)
            now = time.monotonic()
            self._changed(self._online.expire())
            self._read_stale()
            if now - told >= _TELL_S:
                told = now
                self.announce()
            if now - kept >= _KEEP_S:
                kept = now
                self._seen |= dict.fromkeys(self._online.own, clock.now())
            self._keep_seen()

    def _read_stale(self) -> None:
        for sid, watched in list(self._watches.items()):
            listener = self._hub.listener(sid)
            if watched.fresh or listener is None:
                continue
            before = watched.told
            try:
                items = self._read(listener, watched)
            except SQLAlchemyError:
                continue  # the next look tries again
            if self._watches.get(sid) is not watched:
                continue
            # What changed while nothing was told.
            for item in items:
                if before.get(UUID(item["person_id"])) != item["online"]:
                    self._tell("presence.changed", item, [listener])

    def _keep_seen(self) -> None:
        seen, self._seen = self._seen, {}
        organisations: dict[UUID, list[UUID]] = defaultdict(list)
        for organisation_id, person_id in seen:
            organisations[organisation_id].append(person_id)
        for organisation_id, person_ids in organisations.items():
            at = max(seen[(organisation_id, person_id)] for person_id in person_ids)
            try:
                with self._database.transaction(organisation_id) as session:
                    note_seen(session, organisation_id, person_ids, at)
            except SQLAlchemyError as error:
                log.warning("last_seen_not_kept", error=type(error).__name__)

    def _publish_keys(self, kind: str, keys: Iterable[Key]) -> None:
        organisations: dict[UUID, list[str]] = defaultdict(list)
        for organisation_id, person_id in keys:
            organisations[organisation_id].append(str(person_id))
        for organisation_id, ids in organisations.items():
            for start in range(0, len(ids), _MOST_IDS):
                part = {"organisation_id": str(organisation_id), "person_ids": ids[start : start + _MOST_IDS]}
                self._publish(kind, part)


def _key(listener: Listener) -> Key:
    return listener.organisation_id, listener.person_id


def _keys(message: Message) -> list[Key]:
    organisation_id = UUID(message["organisation_id"])
    return [(organisation_id, UUID(person_id)) for person_id in message["person_ids"]]
