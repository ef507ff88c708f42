"""HTTP/1.1 and HTTP/2 (cleartext, by prior knowledge) on one port, for the stand-in; a greenlet for each request.

The application may end a connection in the middle: `environ["standin.break"]` takes a way to break
(push/standin/mailbox.py).
"""

import io
import socket
from typing import Any

import gevent
from gevent.lock import RLock
from gevent.pywsgi import WSGIHandler, WSGIServer
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError
from hyperframe.frame import GoAwayFrame

_WINDOW = 1 << 20


class _Handler(WSGIHandler):
    def get_environ(self) -> dict[str, Any]:
        """What the application is told."""
        return super().get_environ() | {"standin.break": self._break}

    def _break(self, way: str) -> None:
        if way != "goaway":
            self.socket.shutdown(socket.SHUT_RDWR)

    def log_error(self, *_: Any) -> None:
        """Nothing: connections are broken on purpose."""


class StandinServer(WSGIServer):
    """Serves an application to both kinds of clients."""

    handler_class = _Handler

    def handle(self, client: Any, address: Any) -> None:
        """One connection, of the kind that its first bytes say."""
        if client.recv(3, socket.MSG_PEEK) == b"PRI":
            _Http2(client, self.application).serve()
        else:
            super().handle(client, address)


class _Http2:
    """One connection."""

    def __init__(self, client: Any, application: Any) -> None:
        self._socket = client
        self._application = application
        self._state = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._requests: dict[int, tuple[dict[str, str], io.BytesIO]] = {}
        self._writing = RLock()
        self._newest = 0
        self._last: int | None = (
            None  # after a GOAWAY: what comes behind it is not looked at (RFC 9113, section 6.8)
        )

    def serve(self) -> None:
        """Until the client leaves."""
        self._state.initiate_connection()
        self._state.increment_flow_control_window(_WINDOW)
        try:
            self._flush()
            while data := self._socket.recv(65_536):
                for event in self._state.receive_data(data):
                    self._take(event)
                self._flush()
        except (OSError, ProtocolError):
            pass
        finally:
            self._socket.close()

    def _take(self, event: Any) -> None:
        if self._last is not None and getattr(event, "stream_id", 0) > self._last:
            return
        if isinstance(event, RequestReceived):
            self._newest = event.stream_id
            self._requests[event.stream_id] = dict(event.headers), io.BytesIO()
        elif isinstance(event, DataReceived):
            self._requests[event.stream_id][1].write(event.data)
            self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            gevent.spawn(self._answer, event.stream_id, *self._requests.pop(event.stream_id))

    def _answer(self, stream: int, headers: dict[str, str], body: io.BytesIO) -> None:
        broken: list[str] = []
        started: list[Any] = []
        environ = _environ(headers, body) | {"standin.break": broken.append}
        text = b"".join(self._application(environ, lambda *answer: started.extend(answer)))
        try:
            if broken and broken[0] in ("cut", "drop"):
                self._socket.shutdown(socket.SHUT_RDWR)
            elif broken == ["refuse"]:
                self._state.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
            else:
                fields = [(name.lower(), value) for name, value in started[1]]
                self._state.send_headers(stream, [(":status", started[0].split()[0]), *fields])
                self._state.send_data(stream, text, end_stream=True)
            self._flush()
            if broken == ["goaway"]:
                self._last = self._newest
                self._socket.sendall(GoAwayFrame(0, last_stream_id=self._last).serialize())
        except (OSError, ProtocolError):
            # The client has left, or given this request up.
            environ.get("standin.unheard", lambda: None)()

    def _flush(self) -> None:
        with self._writing:
            if data := self._state.data_to_send():
                self._socket.sendall(data)


def _environ(headers: dict[str, str], body: io.BytesIO) -> dict[str, Any]:
    path, _, query = headers[":path"].partition("?")
    length = body.tell()
    body.seek(0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": headers[":method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "standin",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/2",
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(length),
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
    }
    return environ | {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items() if name[0] != ":"
    }
