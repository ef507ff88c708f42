"""Taking a connection out of the WSGI server's hands, and the WebSocket handshake (RFC 6455, section 4).

The handler that read the request ends as with any other, so its greenlet, environment and buffers go; what stays is
a copy of the file descriptor.
"""

import base64
import binascii
import hashlib
import os
import socket as sockets
from collections.abc import Mapping
from typing import Any

from gevent import monkey
from gevent.pywsgi import WSGIHandler

from live.engine import deflate
from live.engine.budget import Budget
from live.engine.channel import Backlog, Channel
from live.engine.frames import FrameReader

CONNECTION = "live.connection"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_Socket = monkey.get_original("socket", "socket")


class Connection:
    """The connection of one request, which a WSGI application may take over. Found in the environment."""

    def __init__(self, handler: "SocketHandler") -> None:
        self._handler: SocketHandler | None = handler

    def take(self) -> Any:
        """The plain, non-blocking socket; the WSGI server will not write to it any more."""
        handler, self._handler = self._handler, None
        if handler is None:
            raise RuntimeError("a connection is taken once")
        return handler.give_up_socket()


class SocketHandler(WSGIHandler):
    """pywsgi's handler with connections that can be taken.

    Small answers leave at once: headers and body are two writes, and Nagle's algorithm would hold the second back
    for 40 ms on a kept connection.
    """

    def __init__(self, sock: Any, *rest: Any) -> None:
        sock.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        super().__init__(sock, *rest)

    def get_environ(self) -> dict[str, Any]:
        """The WSGI environment; with the connection, where the client asks for another protocol."""
        environ = super().get_environ()
        if "HTTP_UPGRADE" in environ:
            environ[CONNECTION] = Connection(self)
        return environ

    def give_up_socket(self) -> Any:
        """Let go of the connection."""
        taken = _Socket(fileno=os.dup(self.socket.fileno()))
        taken.setblocking(False)
        self.socket = None
        self.close_connection = True
        return taken

    def process_result(self) -> None:
        """Answer, unless the connection has gone."""
        if self.socket is not None:
            super().process_result()


def asks_for_websocket(environ: Mapping[str, Any]) -> bool:
    """Whether the request is a WebSocket handshake that can be answered."""
    connection = environ.get("HTTP_CONNECTION", "").lower()
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""), validate=True)
    except binascii.Error:
        return False
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in [part.strip() for part in connection.split(",")]
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and len(key) == 16
        and CONNECTION in environ
    )


def open_channel(
    environ: Mapping[str, Any], limit: int, backlog: Backlog, budget: Budget, *, deflates: bool
) -> Channel:
    """Shake hands, and return the channel; `limit` is the largest message in bytes that is read."""
    deflates = deflates and deflate.accepted(environ.get("HTTP_SEC_WEBSOCKET_EXTENSIONS", ""))
    digest = hashlib.sha1(environ["HTTP_SEC_WEBSOCKET_KEY"].strip().encode() + _GUID, usedforsecurity=False)
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {base64.b64encode(digest.digest()).decode()}",
    ]
    if deflates:
        lines.append(f"Sec-WebSocket-Extensions: {deflate.ACCEPTED}")
    channel = Channel(environ[CONNECTION].take(), FrameReader(limit, deflates), backlog, deflates, budget)
    channel.write("\r\n".join([*lines, "", ""]).encode(), 0)
    return channel
