"""Which socket hears which scope: the rooms of one web process.

Rooms are changed by the journal alone, in its order, by the same loop that sends the posts. So after
`membership.ended` at position p, no event of that scope with a later position reaches the person's sockets.

A socket that connects needs its rooms before the next event. Its memberships are read from the database together
with the journal's head h, and the loop of its organisation may meanwhile have gone past h; then the reading is
stale and is done again. Once it is not (nothing yields between the check and the joining), the socket is in its
rooms, and events up to h are not sent to it: the app has them from sync, which it is told to call from h. Memberships
that begin after h are left out of the reading, and begin with their event.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from live.listeners import Listener, Room
from people.audience import SAID, Readable, since_id


class Hub:
    """The sockets of this process, by person and by scope. Used from the event loop only; nothing in it yields."""

    def __init__(self) -> None:
        self.positions: dict[UUID, int] = {}
        self._listeners: dict[str, Listener] = {}
        self._scopes: dict[UUID, Room] = {}
        self._persons: dict[UUID, Room] = {}
        self._organisations: dict[UUID, Room] = {}
        self._ahead: dict[UUID, int] = {}  # up to which position some socket has the events from sync

    @property
    def organisations(self) -> list[UUID]:
        """The organisations that have a socket here."""
        return list(self._organisations)

    def admit(self, listener: Listener, scopes: list[Readable]) -> bool:
        """Put a socket into its rooms; False when the reading is older than what was already sent."""
        organisation_id = listener.organisation_id
        applied = self.positions.setdefault(organisation_id, listener.position)
        if applied > listener.position:
            return False
        if applied < listener.position:
            self._ahead[organisation_id] = max(self._ahead.get(organisation_id, 0), listener.position)
        self._listeners[listener.sid] = listener
        _room(self._persons, listener.person_id).join(listener)
        _room(self._organisations, organisation_id).join(listener)
        for scope in scopes:
            _room(self._scopes, scope.scope_id).join(listener, scope.since_id)
        return True

    def dismiss(self, sid: str) -> Listener | None:
        """Forget a socket, and return it; an organisation without sockets is not followed any more."""
        listener = self._listeners.pop(sid, None)
        if listener is None:
            return None
        for room in list(listener.rooms):
            room.leave(listener)
            for rooms in (self._scopes, self._persons, self._organisations):
                _drop_if_empty(rooms, room)
        if listener.organisation_id not in self._organisations:
            self.positions.pop(listener.organisation_id, None)
            self._ahead.pop(listener.organisation_id, None)
        return listener

    def apply(self, event: Any) -> Sequence[Listener]:
        """Advance to an event: change the rooms as it says, and return the sockets that hear it."""
        organisation_id = event.organisation_id
        self.positions[organisation_id] = event.position
        if event.type == "membership.started":
            self._let_in(event)
        heard = self._hearers(event)
        if organisation_id in self._ahead:
            heard = [listener for listener in heard if listener.position < event.position]
            if self._ahead[organisation_id] <= event.position:
                del self._ahead[organisation_id]
        if event.type == "membership.ended":
            self._put_out(event)
        return heard

    def listener(self, sid: str) -> Listener | None:
        """An admitted socket."""
        return self._listeners.get(sid)

    def listeners(self) -> list[Listener]:
        """All admitted sockets."""
        return list(self._listeners.values())

    def scope(self, scope_id: UUID) -> Room:
        """A scope's room; an empty one where nobody hears it."""
        return self._scopes.get(scope_id) or Room(scope_id)

    def of_person(self, person_id: UUID) -> Sequence[Listener]:
        """The sockets that a person has open here."""
        room = self._persons.get(person_id)
        return () if room is None else room.listeners

    def of_session(self, person_id: UUID, session_id: UUID) -> list[Listener]:
        """The sockets that a person's session has open here."""
        return [one for one in self.of_person(person_id) if one.session_id == session_id]

    def expired(self, before: float) -> list[Listener]:
        """The sockets whose token ran out before a moment (unix seconds)."""
        return [listener for listener in self._listeners.values() if listener.expires_at < before]

    def _hearers(self, event: Any) -> Sequence[Listener]:
        rooms, key = (
            (self._scopes, event.scope_id) if event.person_id is None else (self._persons, event.person_id)
        )
        room = rooms.get(key)
        if room is None:
            return ()
        return room.hearers(event.subject_id) if event.type.startswith(SAID) else room.listeners

    def _let_in(self, event: Any) -> None:
        person = self._persons.get(event.person_id)
        if person is None:
            return
        room = _room(self._scopes, UUID(event.payload["scope_id"]))
        since = since_id(event.payload.get("history", "all"), event.occurred_at)
        for listener in person.listeners:
            if listener.position < event.position:
                room.join(listener, since)
        _drop_if_empty(self._scopes, room)

    def _put_out(self, event: Any) -> None:
        person = self._persons.get(event.person_id)
        room = self._scopes.get(UUID(event.payload["scope_id"]))
        if person is None or room is None:
            return
        for listener in person.listeners:
            if listener.position < event.position:
                room.leave(listener)
        _drop_if_empty(self._scopes, room)


def _room(rooms: dict[UUID, Room], key: UUID) -> Room:
    room = rooms.get(key)
    if room is None:
        room = rooms[key] = Room(key)
    return room


def _drop_if_empty(rooms: dict[UUID, Room], room: Room) -> None:
    if not room and rooms.get(room.key) is room:
        del rooms[room.key]
