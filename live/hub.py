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

from journal.catalogue import MEMBERSHIP_ENDED, MEMBERSHIP_STARTED, is_said
from live.subscribers import Room, Subscriber
from people.audience import Window, since

MOST_OF_A_PERSON = 20  # sockets in one process: on phones and in browsers, and what a thief opens
# What changes the rooms before the event itself is heard, and what changes them after it.
_LETS_IN = frozenset((MEMBERSHIP_STARTED.name,))
_PUTS_OUT = frozenset((MEMBERSHIP_ENDED.name,))
ACTS_ON = _LETS_IN | _PUTS_OUT


class Hub:
    """The sockets of this process, by person and by scope. Used from the event loop only; nothing in it yields."""

    def __init__(self) -> None:
        self.positions: dict[UUID, int] = {}
        self.epoch: UUID | None = None  # which the positions are of
        self._subscribers: dict[str, Subscriber] = {}
        self._scopes: dict[UUID, Room] = {}
        self._persons: dict[UUID, Room] = {}
        self._organisations: dict[UUID, Room] = {}
        self._ahead: dict[UUID, int] = {}  # up to which position some socket has the events from sync

    @property
    def organisations(self) -> list[UUID]:
        """The organisations that have a socket here."""
        return list(self._organisations)

    def is_in(self, epoch: UUID) -> bool:
        """Whether positions of an epoch can be compared with those here. The first socket brings its own."""
        if not self._subscribers:
            self.epoch = epoch
        return self.epoch == epoch

    def admit(self, subscriber: Subscriber, scopes: list[Window]) -> bool:
        """Put a socket into its rooms; False when the reading is older than what was already sent."""
        organisation_id = subscriber.organisation_id
        applied = self.positions.setdefault(organisation_id, subscriber.position)
        if applied > subscriber.position:
            return False
        if applied < subscriber.position:
            self._ahead[organisation_id] = max(self._ahead.get(organisation_id, 0), subscriber.position)
        self._subscribers[subscriber.sid] = subscriber
        _room(self._persons, subscriber.person_id).join(subscriber)
        _room(self._organisations, organisation_id).join(subscriber)
        for scope in scopes:
            _room(self._scopes, scope.scope_id).join(subscriber, scope.since)
        return True

    def dismiss(self, sid: str) -> Subscriber | None:
        """Forget a socket, and return it; an organisation without sockets is not followed any more."""
        subscriber = self._subscribers.pop(sid, None)
        if subscriber is None:
            return None
        for room in list(subscriber.rooms):
            room.leave(subscriber)
            for rooms in (self._scopes, self._persons, self._organisations):
                _drop_if_empty(rooms, room)
        if subscriber.organisation_id not in self._organisations:
            self.positions.pop(subscriber.organisation_id, None)
            self._ahead.pop(subscriber.organisation_id, None)
        return subscriber

    def apply(self, event: Any) -> Sequence[Subscriber]:
        """Advance to an event: change the rooms as it says, and return the sockets that hear it."""
        organisation_id = event.organisation_id
        self.positions[organisation_id] = event.position
        if event.type in _LETS_IN and event.payload is not None:
            self._let_in(event)
        heard = self._hearers(event)
        if organisation_id in self._ahead:
            heard = [subscriber for subscriber in heard if subscriber.position < event.position]
            if self._ahead[organisation_id] <= event.position:
                del self._ahead[organisation_id]
        if event.type in _PUTS_OUT and event.payload is not None:
            self._put_out(event)
        return heard

    def unsettled(self, event: Any) -> Sequence[Subscriber]:
        """The sockets whose rooms an event changes without saying which: it was emptied. They have to begin anew."""
        return (
            list(self.of_person(event.person_id)) if event.type in ACTS_ON and event.payload is None else ()
        )

    def subscriber(self, sid: str) -> Subscriber | None:
        """An admitted socket."""
        return self._subscribers.get(sid)

    def subscribers(self) -> list[Subscriber]:
        """All admitted sockets."""
        return list(self._subscribers.values())

    def scope(self, scope_id: UUID) -> Room:
        """A scope's room; an empty one where nobody hears it."""
        return self._scopes.get(scope_id) or Room(scope_id)

    def of_person(self, person_id: UUID) -> Sequence[Subscriber]:
        """The sockets that a person has open here."""
        room = self._persons.get(person_id)
        return () if room is None else room.subscribers

    def beyond(self, person_id: UUID) -> list[Subscriber]:
        """The oldest sockets of a person who has more here than anybody may."""
        return list(self.of_person(person_id))[:-MOST_OF_A_PERSON]

    def of_session(self, person_id: UUID, session_id: UUID) -> list[Subscriber]:
        """The sockets that a person's session has open here."""
        return [one for one in self.of_person(person_id) if one.session_id == session_id]

    def expired(self, before: float) -> list[Subscriber]:
        """The sockets whose token ran out before a moment (unix seconds)."""
        return [subscriber for subscriber in self._subscribers.values() if subscriber.expires_at < before]

    def _hearers(self, event: Any) -> Sequence[Subscriber]:
        rooms, key = (
            (self._scopes, event.scope_id) if event.person_id is None else (self._persons, event.person_id)
        )
        room = rooms.get(key)
        if room is None:
            return ()
        return room.hearers(event.subject_position) if is_said(event.type) else room.subscribers

    def _let_in(self, event: Any) -> None:
        person = self._persons.get(event.person_id)
        if person is None:
            return
        room = _room(self._scopes, UUID(event.payload["scope_id"]))
        after = since(event.payload.get("history", "all"), event.position)
        for subscriber in person.subscribers:
            if subscriber.position < event.position:
                room.join(subscriber, after)
        _drop_if_empty(self._scopes, room)

    def _put_out(self, event: Any) -> None:
        person = self._persons.get(event.person_id)
        room = self._scopes.get(UUID(event.payload["scope_id"]))
        if person is None or room is None:
            return
        for subscriber in person.subscribers:
            if subscriber.position < event.position:
                room.leave(subscriber)
        _drop_if_empty(self._scopes, room)


def _room(rooms: dict[UUID, Room], key: UUID) -> Room:
    room = rooms.get(key)
    if room is None:
        room = rooms[key] = Room(key)
    return room


def _drop_if_empty(rooms: dict[UUID, Room], room: Room) -> None:
    if not room and rooms.get(room.key) is room:
        del rooms[room.key]
