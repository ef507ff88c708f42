"""The product's Socket.IO server: Flask-SocketIO over python-socketio over `live/engine`.

What differs from the stock server, each with a test in tests/live/test_socket_conformance.py: what a client sends is
checked before anything is done with it, and a client that breaks the protocol is disconnected; a client that never
connects to a namespace is, too; an unknown namespace is refused in the protocol's words; a client's messages are
handled one after the other.
"""

from collections.abc import Mapping
from typing import Any

import socketio
from flask import Flask
from flask_socketio import SocketIO
from socketio import packet as kinds

from live import codec
from live.engine.packets import Encoded, Outgoing
from live.engine.server import EngineServer
from live.engine.socket import EngineSocket
from live.rooms import RoomManager, outgoing

_MOST_ATTACHMENTS = 10
_RESERVED = frozenset(("connect", "connect_error", "disconnect", "disconnecting"))
_KEPT = ("REMOTE_ADDR", "HTTP_HOST", "HTTP_USER_AGENT", "flask.app", "wsgi.url_scheme")
_FORWARDED, _MOST_FORWARDED = "HTTP_X_FORWARDED_FOR", 200  # its end is what trusted proxies wrote
_CONSTANT = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/socket.io/",
    "SCRIPT_NAME": "",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
}


class SocketServer(socketio.Server):
    """python-socketio's server on `EngineServer`."""

    eio: EngineServer
    manager: RoomManager

    def __init__(self, **options: Any) -> None:
        # One handler at a time for each client: events keep their order, and a flood of them waits in the network.
        super().__init__(client_manager=RoomManager(), async_handlers=False, **options)
        self.eio.overspent_packets = Outgoing(codec.event("connection.closing", {"code": "too_much"}), "41")

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def _handle_eio_connect(self, eio_sid: str, environ: Mapping[str, Any]) -> None:
        super()._handle_eio_connect(eio_sid, _kept(environ))

    def _handle_eio_message(self, eio_sid: str, data: Encoded) -> None:
        try:
            packet = self._packet(eio_sid, data)
        except (ValueError, TypeError, LookupError):
            self._fail(eio_sid)
            return
        if packet is not None:
            self._dispatch(eio_sid, packet)

    def _packet(self, eio_sid: str, data: Encoded) -> socketio.packet.Packet | None:
        """The whole packet that a message completes; raises when there is no such packet."""
        partial = self._binary_packet.get(eio_sid)
        if (partial is None) == isinstance(data, bytes):
            raise ValueError("text and attachments out of turn")
        if partial is None:
            packet = self.packet_class(encoded_packet=data)
            if packet.attachment_count:
                _check_partial(packet)
                self._binary_packet[eio_sid] = packet
                return None
        elif partial.add_attachment(data):
            packet = self._binary_packet.pop(eio_sid)
        else:
            return None
        _check(packet)
        return packet

    def _dispatch(self, eio_sid: str, packet: socketio.packet.Packet) -> None:
        if packet.packet_type == kinds.CONNECT:
            self._handle_connect(eio_sid, packet.namespace, packet.data)
            return
        socket = self.eio.sockets.get(eio_sid)
        if self.manager.sid_from_eio_sid(eio_sid, packet.namespace or "/") is None:
            # A namespace that we have just left may still be spoken to; one who never connected has no business here.
            if socket is not None and not socket.settled:
                self._fail(eio_sid)
        elif packet.packet_type == kinds.DISCONNECT:
            self._handle_disconnect(eio_sid, packet.namespace, self.reason.CLIENT_DISCONNECT)
        elif packet.packet_type in (kinds.EVENT, kinds.BINARY_EVENT):
            self._handle_event(eio_sid, packet.namespace, packet.id, packet.data)
        else:
            self._handle_ack(eio_sid, packet.namespace, packet.id, packet.data)

    def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        namespace = namespace or "/"
        if namespace not in self.handlers and namespace not in self.namespace_handlers:
            refusal = {"message": "Invalid namespace"}
            self._send_packet(eio_sid, self.packet_class(kinds.CONNECT_ERROR, refusal, namespace))
            return
        super()._handle_connect(eio_sid, namespace, data)

    def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._binary_packet.pop(eio_sid, None)
        super()._handle_eio_disconnect(eio_sid, reason)

    def socket_of(self, sid: str, namespace: str = "/") -> EngineSocket | None:
        """The connection of a client."""
        return self.eio.sockets.get(self.manager.eio_sid_from_sid(sid, namespace) or "")

    def end(self, sid: str, reason: str = "server disconnect") -> None:
        """Disconnect a client from `/`, and its connection behind it."""
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        self.disconnect(sid)
        if eio_sid is not None:
            self.eio.disconnect(eio_sid, reason)

    def _fail(self, eio_sid: str) -> None:
        """Let a client go that broke the protocol."""
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None:
            socket.fail("parse error")

    def cut_off(self, sid: str) -> None:
        """End a client's connection as the network would: clients try again by themselves."""
        socket = self.socket_of(sid)
        if socket is not None:
            socket.go_away("transport error")

    def _send_packet(self, eio_sid: str, pkt: Any) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None:
            socket.send_all(outgoing(pkt))


class LiveSocketIO(SocketIO):
    """Flask-SocketIO with our server in the place of the stock one. `options` are those of `EngineServer` too."""

    def init_app(self, app: Flask, **options: Any) -> None:
        """Mount the server beside the application."""
        super().init_app(app, async_mode="gevent", json=codec, manage_session=False)
        self.server = SocketServer(json=codec, **options)
        self.sockio_mw.engineio_app = self.server


def _kept(environ: Mapping[str, Any]) -> dict[str, Any]:
    """What a handler's request context needs; the whole environment would be 10 KB for every idle socket."""
    forwarded = {_FORWARDED: environ.get(_FORWARDED, "")[-_MOST_FORWARDED:]}
    return _CONSTANT | {name: environ[name] for name in _KEPT if name in environ} | forwarded


def _check_partial(packet: socketio.packet.Packet) -> None:
    if packet.packet_type not in (kinds.BINARY_EVENT, kinds.BINARY_ACK):
        raise ValueError("attachments of a packet that has none")
    if packet.attachment_count > _MOST_ATTACHMENTS:
        raise ValueError("too many attachments")


def _check(packet: socketio.packet.Packet) -> None:
    """Raise ValueError unless the data has the form that its type demands."""
    kind, data = packet.packet_type, packet.data
    if kind == kinds.CONNECT:
        good = data is None or isinstance(data, dict)
    elif kind == kinds.DISCONNECT:
        good = data is None
    elif kind in (kinds.EVENT, kinds.BINARY_EVENT):
        good = isinstance(data, list) and data and isinstance(data[0], str) and data[0] not in _RESERVED
    elif kind in (kinds.ACK, kinds.BINARY_ACK):
        good = isinstance(data, list) and bool(packet.id)
    else:
        good = False
    if not good:
        raise ValueError("data that does not fit the packet's type")
