"""A socket that writes down what it hears, and what it ought to have heard: the journal, replayed from its start."""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import websocket

from base import clock
from journal.order import BEGINNING
from people.audience import since

WAIT_S = 120.0
_MOVES = ("membership.started", "membership.ended")


class Ear:
    """One WebSocket of a person at one process. It hears everything after `position`."""

    def __init__(self, address: str, token: str, person_id: str) -> None:
        self.person_id = UUID(person_id)
        self.heard: list[dict[str, Any]] = []
        self.code = ""
        self._socket = websocket.create_connection(
            address.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket", timeout=WAIT_S
        )
        self._socket.send("40" + json.dumps({"token": token}))
        name, data = self._next_event()
        assert name == "ready", (name, data)
        self.position: int = data["position"]
        self.admitted_at = clock.now()
        self.closed = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """End the connection, and wait until nothing more can be heard."""
        self._socket.send_close()
        assert self.closed.wait(WAIT_S)

    def waits_for(self, position: int) -> None:
        """Until it has heard the event of that position, or a later one."""
        deadline = time.monotonic() + WAIT_S
        while not (self.heard and self.heard[-1]["position"] >= position):
            assert not self.closed.wait(0.02), self.code
            assert time.monotonic() < deadline

    def _listen(self) -> None:
        try:
            while True:
                name, data = self._next_event()
                if name == "connection.closing":
                    self.code = data["code"]
                else:
                    self.heard.append(data)
        except (websocket.WebSocketException, OSError):
            self._socket.shutdown()
            self.closed.set()

    def _next_event(self) -> tuple[str, Any]:
        while True:
            packet = self._socket.recv()
            if not packet:
                raise websocket.WebSocketConnectionClosedException
            if packet == "2":
                self._socket.send("3")
            elif packet.startswith("42"):
                name, data = json.loads(packet[2:])
                return name, data


@dataclass
class Due:
    """What a socket hears: `must` by all means, `may` in addition; ids in the journal's order."""

    must: list[str] = field(default_factory=list)
    may: list[str] = field(default_factory=list)


def due(journal: Sequence[Any], ear: Ear, until: int) -> Due:
    """What a socket has to have heard of the journal's events up to a position.

    Memberships count from their event's position to their end's. One freedom: what a socket hears of a scope may wait
    for a change of its membership that was committed before the socket was let in, and came into the journal after.
    """
    found, scopes, ahead = Due(), {journal[0].organisation_id: BEGINNING}, _committed_before(journal, ear)
    for event in journal[:until]:
        own = event.person_id == ear.person_id
        if own and event.type in _MOVES:
            scope_id = UUID(event.payload["scope_id"])
            scopes.pop(scope_id, None)
            scopes |= _entry(event)
            if ahead.get(scope_id) is event:
                del ahead[scope_id]
        if event.position <= ear.position or not (own or event.person_id is None):
            continue
        if own or _reads(scopes, event):
            found.may.append(str(event.event_id))
            if event.scope_id not in ahead:
                found.must.append(str(event.event_id))
    return found


def _committed_before(journal: Sequence[Any], ear: Ear) -> dict[UUID, Any]:
    """The next change of each scope's membership after a socket's position, if it was made before it was let in."""
    changes: dict[UUID, Any] = {}
    for event in journal[ear.position :]:
        if event.person_id == ear.person_id and event.type in _MOVES:
            changes.setdefault(UUID(event.payload["scope_id"]), event)
    return {scope_id: event for scope_id, event in changes.items() if event.occurred_at <= ear.admitted_at}


def _entry(event: Any) -> dict[UUID, int]:
    """The scope that an event lets in to, with the position after which all that is said may be heard of."""
    if event.type != "membership.started":
        return {}
    return {UUID(event.payload["scope_id"]): since(event.payload["history"], event.position)}


def _reads(scopes: dict[UUID, int], event: Any) -> bool:
    return event.scope_id in scopes and scopes[event.scope_id] < event.subject_position
