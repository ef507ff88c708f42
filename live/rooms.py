"""python-socketio's table of clients and rooms, made for broadcasts and for many clients.

- A broadcast is encoded once and handed to every socket as the same object.
- What a connect handler emits to its own client waits until the CONNECT packet has gone: nothing overtakes it.
- A client is addressed by its sid without a room of its own, which the stock manager makes for each, and walks through
  on every disconnect.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import socketio
from socketio import packet as kinds

from live.engine.packets import Encoded, Outgoing


def outgoing(packet: socketio.packet.Packet) -> Outgoing:
    """A Socket.IO packet with its attachments, encoded once for all who get it."""
    encoded = packet.encode()
    parts = encoded if isinstance(encoded, list) else [encoded]
    return Outgoing(*("4" + part if isinstance(part, str) else bytes(part) for part in parts))


class RoomManager(socketio.Manager):
    """Rooms of one process."""

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[str, list[Encoded]] = {}

    def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """A client is being let in: hold back what is emitted to it."""
        sid = super().pre_connect(eio_sid, namespace)
        if sid is not None:
            self._held[sid] = []
        return sid

    def connect(self, sid: str, namespace: str) -> str | None:
        """It is in, and has its CONNECT packet: send what was held back."""
        connected = super().connect(sid, namespace)
        if connected is not None:
            self._settle(connected, namespace)
        return connected

    def _settle(self, sid: str, namespace: str) -> None:
        socket = self.server.eio.sockets.get(self.eio_sid_from_sid(sid, namespace))
        held = self._held.pop(sid, None)
        if socket is not None:
            socket.settled = True
            if held:
                socket.send_all(Outgoing(*held))

    def basic_disconnect(self, sid: str, namespace: str, **options: Any) -> None:
        """Forget a client."""
        self._held.pop(sid, None)
        super().basic_disconnect(sid, namespace, **options)

    def basic_enter_room(
        self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None
    ) -> None:
        """Enter a room; the room of a client's own sid is understood."""
        if room != sid:
            super().basic_enter_room(sid, namespace, room, eio_sid)

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        """The rooms of a client."""
        own = [sid] if self.is_sid_room(namespace, sid) else []
        return own + super().get_rooms(sid, namespace)

    def get_participants(self, namespace: str, room: str | Iterable[str] | None) -> Iterator[tuple[str, str]]:
        """The clients in a room or rooms, each once, as (sid, sid of the connection)."""
        everyone = self.rooms.get(namespace, {}).get(None, {})
        if room is None:
            yield from list(everyone.items())
            return
        seen: dict[str, str] = {}
        for name in [room] if isinstance(room, str) else room:
            members = (
                {name: everyone[name]} if name in everyone else self.rooms.get(namespace, {}).get(name, {})
            )
            seen.update(members)
        yield from seen.items()

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **_options: Any,
    ) -> None:
        """Emit to a client, a room, or all; with a callback, each gets an acknowledgement id of its own."""
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        skipped = skip_sid if isinstance(skip_sid, list) else [skip_sid]
        shared = None if callback else self._encoded(event, arguments, namespace, None)
        for sid, eio_sid in self.get_participants(namespace, to or room):
            if sid in skipped:
                continue
            ack = self._generate_ack_id(sid, callback) if callback else None
            self._send(sid, eio_sid, shared or self._encoded(event, arguments, namespace, ack))

    def _encoded(self, event: str, arguments: list[Any], namespace: str, ack: int | None) -> Outgoing:
        packet = self.server.packet_class(kinds.EVENT, [event, *arguments], namespace, ack)
        return outgoing(packet)

    def _send(self, sid: str, eio_sid: str, sent: Outgoing) -> None:
        held = self._held.get(sid)
        socket = self.server.eio.sockets.get(eio_sid)
        if held is not None:
            held.extend(sent.packets)
        elif socket is not None:
            socket.send_all(sent)
