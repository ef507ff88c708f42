"""Which socket hears which scope: the rooms of one web process.

Rooms are changed by the journal alone, in its order, by the same loop that sends the posts. So after
`membership.ended` at position p, no event of that scope with a later position reaches the person's sockets.

A socket that connects needs its rooms before the next event. Its memberships are read from the database together
with the journal's head h, and the loop of its organisation may meanwhile have gone past h; then the reading is
stale and is done again. Once it is not (nothing yields between the check and the joining), the socket is in its
rooms, and events up to h are not sent to it: the app has them from sync, which it is told to call from h.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from people.audience import Readable, since_id


@dataclass
class Listener:
    """One connected socket."""

    sid: str
    person_id: UUID
    session_id: UUID
    organisation_id: UUID
    position: int
    scopes: dict[UUID, UUID] = field(default_factory=dict)  # scope → the smallest id that may be heard of


class Hub:
    """The sockets of this process, by person and by scope. Used from the event loop only; nothing in it yields."""

    def __init__(self) -> None:
        self.positions: dict[UUID, int] = {}
        self._listeners: dict[str, Listener] = {}
        self._by_scope: dict[UUID, dict[str, Listener]] = defaultdict(dict)
        self._by_person: dict[UUID, dict[str, Listener]] = defaultdict(dict)
        self._by_organisation: dict[UUID, set[str]] = defaultdict(set)

    @property
    def organisations(self) -> list[UUID]:
        """The organisations that have a socket here."""
        return list(self._by_organisation)

    def admit(self, listener: Listener, scopes: list[Readable]) -> bool:
        """Put a socket into its rooms; False when the reading is older than what was already sent."""
        applied = self.positions.setdefault(listener.organisation_id, listener.position)
        if applied > listener.position:
            return False
        self._listeners[listener.sid] = listener
        self._by_person[listener.person_id][listener.sid] = listener
        self._by_organisation[listener.organisation_id].add(listener.sid)
        for scope in scopes:
            self._join(listener, scope.scope_id, scope.since_id)
        return True

    def dismiss(self, sid: str) -> None:
        """Forget a socket; an organisation without sockets is not followed any more."""
        listener = self._listeners.pop(sid, None)
        if listener is None:
            return
        for scope_id in list(listener.scopes):
            self._leave(listener, scope_id)
        _discard(self._by_person, listener.person_id, sid)
        sockets = self._by_organisation[listener.organisation_id]
        sockets.discard(sid)
        if not sockets:
            del self._by_organisation[listener.organisation_id]
            self.positions.pop(listener.organisation_id, None)

    def apply(self, event: Any) -> list[str]:
        """Advance to an event: change the rooms as it says, and return the sockets that hear it, in no order."""
        self.positions[event.organisation_id] = event.position
        if event.type == "membership.started":
            self._let_in(event)
        heard = [listener.sid for listener in self._hearers(event) if listener.position < event.position]
        if event.type == "membership.ended":
            for listener in list(self._by_person.get(event.person_id, {}).values()):
                self._leave(listener, UUID(event.payload["scope_id"]))
        return heard

    def sockets_of_session(self, session_id: UUID) -> list[str]:
        """The sockets that a session has open here."""
        return [sid for sid, listener in self._listeners.items() if listener.session_id == session_id]

    def room(self, scope_id: UUID) -> set[str]:
        """The sockets that hear a scope."""
        return set(self._by_scope.get(scope_id, {}))

    def _hearers(self, event: Any) -> list[Listener]:
        if event.person_id is not None:
            return list(self._by_person.get(event.person_id, {}).values())
        room = self._by_scope.get(event.scope_id, {})
        return [who for who in room.values() if who.scopes[event.scope_id] <= event.subject_id]

    def _let_in(self, event: Any) -> None:
        scope_id = UUID(event.payload["scope_id"])
        since = since_id(event.payload.get("history", "all"), event.occurred_at)
        for listener in self._by_person.get(event.person_id, {}).values():
            if listener.position < event.position:
                self._join(listener, scope_id, since)

    def _join(self, listener: Listener, scope_id: UUID, since: UUID) -> None:
        listener.scopes[scope_id] = since
        self._by_scope[scope_id][listener.sid] = listener

    def _leave(self, listener: Listener, scope_id: UUID) -> None:
        if listener.scopes.pop(scope_id, None) is not None:
            _discard(self._by_scope, scope_id, listener.sid)


def _discard(rooms: dict[UUID, dict[str, Listener]], key: UUID, sid: str) -> None:
    rooms[key].pop(sid, None)
    if not rooms[key]:
        del rooms[key]
