"""Sockets that watch who is online, and are told each change.

A socket says whom it watches (`presence.watch`) and is told (`presence.changed`) as long as people/online/last_seen.py
lets it. What could end that right is an event of the journal about either of the two: a membership that began or
ended, or the choice who sees it. From that event on nothing is told to the socket until its rights were read anew.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import gevent
from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from base import clock
from base.logs import logger
from journal.catalogue import read_by
from journal.event_types import Reader
from live.hub import Hub
from live.last_seen import LastSeen
from live.limits import Limit
from live.measuring import fits
from live.subscribers import Subscriber
from live.telling import tell
from live.watches import Line, WatchList, WatchLists
from people.online.last_seen import online_states, wire_online_state
from people.online.online import Key
from people.runtime import Runtime
from schemas.online import MOST_PERSONS, Watch

log = logger(__name__)
_LOOK_S = 1.0
_MOST_READ = 500  # in one look
ACTS_ON = read_by(Reader.ONLINE)
_ASKED = Watch()


class Watching:
    """The sockets of one process that watch, and their right to."""

    def __init__(self, runtime: Runtime, hub: Hub, last_seen: LastSeen) -> None:
        self._database, self._online = runtime.database, runtime.online
        self._hub, self._last_seen = hub, last_seen
        self._lists = WatchLists()
        self._unread = Line()  # whose rights are to be read anew
        self._limit = Limit()
        self.stopping = False

    def watch(self, sid: str, data: Any) -> dict[str, Any]:
        """Watch these persons from now on and no others; the answer tells how it stands with them."""
        subscriber = self._hub.subscriber(sid)
        if subscriber is None:
            return {"ok": False, "code": "not_ready"}
        if not self._limit.allows(subscriber):
            return {"ok": False, "code": "too_many_requests"}
        asked = _asked(data)
        if asked is None:
            return {"ok": False, "code": "invalid"}
        watched = WatchList(list(dict.fromkeys(asked)))
        self._unread.leave(sid)
        self._lists.put(sid, watched)
        try:
            items = self._read(subscriber, watched)
        except SQLAlchemyError:
            return {"ok": False, "code": "try_again"}
        return {"ok": True, "items": items}

    def forget(self, sid: str) -> None:
        """A socket is gone."""
        self._unread.leave(sid)
        self._lists.drop(sid)

    def apply(self, event: Any) -> None:
        """An event of the journal: whose rights it may change are read anew before they are told anything."""
        if event.type not in ACTS_ON:
            return
        for sid, watched in self._concerned(event.person_id):
            was_fresh = watched.fresh
            watched.changes += 1
            if was_fresh:  # otherwise it is in line already, or being read, and then read again
                self._unread.join(sid)

    def tell_changed(self, keys: Iterable[Key]) -> None:
        """These came online or are offline now: tell it to those who watch them."""
        for key in keys:
            organisation_id, person_id = key
            online = key in self._online
            hearers = [
                subscriber
                for sid, watched in self._lists.of_person(person_id)
                if (subscriber := self._hub.subscriber(sid)) is not None
                and subscriber.organisation_id == organisation_id
                and watched.is_to_hear(person_id, online)
            ]
            tell("presence.changed", wire_online_state(person_id, online, clock.now()), hearers)

    def run(self) -> None:
        """Read rights anew until `stopping`."""
        while not self.stopping:
            gevent.sleep(_LOOK_S)
            self.read_rights()

    def read_rights(self) -> None:
        """Read anew whose rights may have changed, those first who wait longest; a lost database ends the look."""
        for sid in self._unread.first(_MOST_READ):
            self._unread.leave(sid)
            watched, subscriber = self._lists.of_socket(sid), self._hub.subscriber(sid)
            if watched is None or subscriber is None or watched.fresh:
                continue
            try:
                self._read_again(subscriber, watched)
            except SQLAlchemyError as error:
                log.warning("watch_rights_not_read", error=type(error).__name__)
                return

    def _concerned(self, person_id: UUID) -> Iterable[tuple[str, WatchList]]:
        """Who watches a person, and the person's own sockets that watch; one that does both comes twice."""
        yield from self._lists.of_person(person_id)
        for subscriber in self._hub.of_person(person_id):
            if (watched := self._lists.of_socket(subscriber.sid)) is not None:
                yield subscriber.sid, watched

    def _read_again(self, subscriber: Subscriber, watched: WatchList) -> None:
        """Read, and tell what changed while nothing was told."""
        before = watched.told
        items = self._read(subscriber, watched)
        if self._lists.of_socket(subscriber.sid) is not watched:
            return
        for item in items:
            if before.get(UUID(item["person_id"])) != item["online"]:
                tell("presence.changed", item, [subscriber])

    def _read(self, subscriber: Subscriber, watched: WatchList) -> list[dict[str, Any]]:
        """Read whom the socket may be told of, again when it changed meanwhile; returns how it stands with them."""
        organisation_id, items = subscriber.organisation_id, list[dict[str, Any]]()
        try:
            while not watched.fresh:
                changes = watched.changes
                with self._database.transaction(organisation_id) as session:
                    items = online_states(
                        session, organisation_id, subscriber.person_id, self._online, watched.asked
                    )
                watched.read = changes
        except Exception:
            self._unread.join(subscriber.sid)
            raise
        items = [self._as_now(organisation_id, item) for item in items]
        watched.told = {UUID(item["person_id"]): item["online"] for item in items}
        return items

    def _as_now(self, organisation_id: UUID, item: dict[str, Any]) -> dict[str, Any]:
        """How it stands with somebody now, and not while we read."""
        person_id = UUID(item["person_id"])
        online = (organisation_id, person_id) in self._online
        left_at = self._last_seen.at((organisation_id, person_id))
        if online == item["online"] and (online or left_at is None):
            return item
        return wire_online_state(person_id, online, left_at or clock.now())


def _asked(data: Any) -> list[UUID] | None:
    """Whom a socket asks for; None where that makes no sense."""
    if not fits(data, person_ids=MOST_PERSONS):
        return None
    try:
        asked: Any = _ASKED.load(data)
    except (ValidationError, TypeError, ValueError):
        return None
    return asked["person_ids"]
