"""Somebody types: told to the others in the scope, at once, and forgotten after some seconds.

A keystroke costs no query but for the person's name, once for each socket, and for where a thread began, once for each
thread: who is in the scope's room is a member.
A room of more than `LARGEST_ROOM` sockets gets none of it, since whom of hundreds would it help, and each word would go
to all of them. Such a room is not walked through either: anybody in it may type as fast as they like.
"""

import time
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import Uuid, literal, select
from sqlalchemy.exc import SQLAlchemyError

from base.database import Database
from journal.order import position_of
from live.bus import Message, Publish
from live.hub import Hub
from live.measuring import fits
from live.subscribers import Subscriber
from live.telling import tell
from people.models import Person
from schemas.online import Typing, TypingStarted

LARGEST_ROOM = 200
_EXPIRES_S = 6
_PAUSE_S = 2.0
_THREADS = 50  # of a socket, whose positions are kept
_ASKED, _TOLD = Typing(), TypingStarted()


class TypingSignals:
    """Typing in the scopes of this process's sockets."""

    def __init__(self, database: Database, hub: Hub, publish: Publish) -> None:
        self._database, self._hub, self._publish = database, hub, publish
        self._begun: dict[str, dict[UUID, tuple[float, bool]]] = {}  # by socket and scope: when, and still so
        self._names: dict[str, str] = {}
        self._threads: dict[str, dict[UUID, int]] = {}  # by socket and post: where it was told of

    def start(self, sid: str, data: Any) -> None:
        """A socket says that its person types; too often, or where they may not: nothing happens."""
        asked = self._asked(sid, data)
        if asked is None:
            return
        subscriber, scope_id, parent_id = asked
        begun, now = self._begun.setdefault(sid, {}), time.monotonic()
        if scope_id in begun and now - begun[scope_id][0] < _PAUSE_S:
            return
        begun[scope_id] = (now, True)
        self._send(subscriber, scope_id, parent_id, started=True)

    def stop(self, sid: str, data: Any) -> None:
        """It says that they do not any more; told only where it was told that they do."""
        asked = self._asked(sid, data)
        if asked is None:
            return
        subscriber, scope_id, parent_id = asked
        when, typing = self._begun.get(sid, {}).get(scope_id, (0.0, False))
        if typing:
            self._begun[sid][scope_id] = (when, False)
            self._send(subscriber, scope_id, parent_id, started=False)

    def forget(self, sid: str) -> None:
        """A socket is gone."""
        self._begun.pop(sid, None)
        self._names.pop(sid, None)
        self._threads.pop(sid, None)

    def hear(self, message: Message) -> None:
        """Another process's socket types; raises when the message makes no sense."""
        told: Any = _TOLD.load(message["typing"])
        thread = message["thread"]
        if not isinstance(thread, int | None):
            raise TypeError("a thread is a position")
        self._spread(UUID(message["organisation_id"]), told, thread, started=bool(message["started"]))

    def _asked(self, sid: str, data: Any) -> tuple[Subscriber, UUID, UUID | None] | None:
        if not fits(data):
            return None
        try:
            asked: Any = _ASKED.load(data)
        except (ValidationError, TypeError, ValueError):
            return None
        subscriber = self._hub.subscriber(sid)
        if subscriber is None or not self._hears(subscriber, asked["scope_id"]):
            return None
        return subscriber, asked["scope_id"], asked["parent_id"]

    def _hears(self, subscriber: Subscriber, scope_id: UUID) -> bool:
        room = self._hub.scope(scope_id)
        return len(room) <= LARGEST_ROOM and subscriber in room

    def _send(self, subscriber: Subscriber, scope_id: UUID, parent_id: UUID | None, *, started: bool) -> None:
        name, thread = self._name(subscriber), self._thread(subscriber, parent_id)
        # Reading them may have taken a while: by now they may have left.
        if name is None or not self._hears(subscriber, scope_id):
            return
        person = {"id": subscriber.person_id, "name": name}
        told = {"scope_id": scope_id, "person": person, "parent_id": parent_id, "expires_in": _EXPIRES_S}
        if self._spread(subscriber.organisation_id, told, thread, started=started):
            common = {
                "organisation_id": str(subscriber.organisation_id),
                "thread": thread,
                "started": started,
            }
            self._publish("typing", {**common, "typing": _TOLD.dump(told)})

    def _spread(
        self, organisation_id: UUID, told: dict[str, Any], thread: int | None, *, started: bool
    ) -> bool:
        """Tell the others in the room who may read the thread; False when it is too large."""
        room = self._hub.scope(told["scope_id"])
        if len(room) > LARGEST_ROOM:
            return False
        hearers = room.subscribers if told["parent_id"] is None else room.hearers(thread)
        person_id = told["person"]["id"]
        others = [
            subscriber
            for subscriber in hearers
            if subscriber.person_id != person_id and subscriber.organisation_id == organisation_id
        ]
        data: Any = _TOLD.dump(told)
        if not started:
            del data["expires_in"]
        tell("typing.started" if started else "typing.stopped", data, others)
        return True

    def _name(self, subscriber: Subscriber) -> str | None:
        """The person's name, read once for each socket."""
        if subscriber.sid not in self._names:
            try:
                with self._database.transaction(subscriber.organisation_id) as session:
                    name = session.get_one(Person, subscriber.person_id).name
            except SQLAlchemyError:
                return None
            if self._hub.subscriber(subscriber.sid) is not subscriber:
                return None
            self._names[subscriber.sid] = name
        return self._names[subscriber.sid]

    def _thread(self, subscriber: Subscriber, parent_id: UUID | None) -> int | None:
        """Where the post was told of that a thread began with; None where nobody knows."""
        known = self._threads.setdefault(subscriber.sid, {})
        if parent_id is None or parent_id in known:
            return None if parent_id is None else known[parent_id]
        if len(known) >= _THREADS:
            known.clear()
        try:
            with self._database.transaction(subscriber.organisation_id) as session:
                position = session.scalar(select(position_of(literal(parent_id, Uuid))))
        except SQLAlchemyError:
            return None
        if position is not None:
            known[parent_id] = position
        return position
