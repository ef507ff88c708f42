"""The Engine.IO server: every request of its path, and the table of sockets.

Overridden of `engineio.Server`: serving a request, opening a session, sending, disconnecting, shutting down. Used as
they are: handlers, compression of polling answers, ids, background tasks.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import engineio
import orjson
from werkzeug.exceptions import HTTPException

from base.errors import Problem
from live.engine import packets
from live.engine.budget import Budget
from live.engine.channel import Backlog
from live.engine.farewells import Farewells
from live.engine.handshake import asks_for_websocket, open_channel
from live.engine.heartbeat import Heartbeat, Timing
from live.engine.origins import NOBODY_ELSE, Origins, Welcomes
from live.engine.packets import Malformed, Outgoing
from live.engine.polls import SecondPoll
from live.engine.socket import EngineSocket

Reply = dict[str, Any]
_TEXT = [("Content-Type", "text/plain; charset=UTF-8")]
_TAKEN: Reply = {}


class EngineServer(engineio.Server):
    """See the package's essay.

    `welcomes` says of an origin and a request whether pages of it may connect; phones name none, and may.
    """

    sockets: dict[str, EngineSocket]

    def __init__(
        self,
        *,
        timing: Timing | None = None,
        backlog: Backlog | None = None,
        budget: Budget | None = None,
        deflates: bool = True,
        name: str = "",
        welcomes: Welcomes = NOBODY_ELSE,
        **options: Any,
    ) -> None:
        timing = timing or Timing()
        super().__init__(
            async_mode="gevent",
            monitor_clients=False,
            ping_interval=timing.ping_interval,
            ping_timeout=timing.ping_timeout,
            **options,
        )
        self.heartbeat = Heartbeat(timing)
        self.backlog = backlog or Backlog()
        self.budget = budget or Budget()
        self.ping_packet = Outgoing(packets.PING)
        self.close_packet = Outgoing(packets.CLOSE)
        self.overspent_packets = Outgoing()
        self.farewells = Farewells()
        self._deflates = deflates
        self._name = name
        self._origins = Origins(welcomes)
        self._beating: Any = None

    def generate_id(self) -> str:
        """An id of a session. It begins with this process's name, so that a proxy finds the way back to it."""
        unguessable = super().generate_id()
        return f"{self._name}.{unguessable}" if self._name else unguessable

    # -- requests

    def handle_request(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Serve one request of the socket's path."""
        reply = self._refused_origin(environ) or self._reply(environ)
        if reply is _TAKEN:
            return []
        self._compress(environ, reply)
        start_response(reply["status"], reply["headers"] + self._origins.headers(environ))
        return [reply["response"]]

    def _reply(self, environ: dict[str, Any]) -> Reply:
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            return self._ok()
        query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        transport = query.get("transport")
        if transport not in self.transports:
            return self._bad_request("Unknown transport")
        if method not in ("GET", "POST"):
            return self._bad_request("Bad method")
        websocket = transport == "websocket"
        if websocket and not asks_for_websocket(environ):
            return self._bad_request("Not a WebSocket handshake")
        if "sid" not in query:
            return self._first_request(environ, query, method, websocket)
        socket = self._living(query["sid"])
        if socket is None:
            return self._after_the_end(query["sid"], method, websocket)
        if websocket:
            return self._upgrade(socket, environ)
        if socket.upgraded:
            return self._bad_request("Not by this transport any more")
        return self._poll(socket) if method == "GET" else self._post(socket, environ)

    def _first_request(
        self, environ: dict[str, Any], query: Mapping[str, str], method: str, websocket: bool
    ) -> Reply:
        if query.get("EIO") != "4":
            return self._bad_request("Unsupported protocol version")
        if method != "GET":
            return self._bad_request("A session begins with GET")
        return self._open(environ, websocket)

    def _open(self, environ: dict[str, Any], websocket: bool) -> Reply:
        """A new session."""
        self._start_beating()
        socket = EngineSocket(self, self.generate_id())
        self.sockets[socket.sid] = socket
        self._trigger_event("connect", socket.sid, environ, run_async=False)
        opening = self._opening(socket.sid, websocket)
        self.heartbeat.begin(socket)
        if not websocket:
            return self._packets([opening])
        socket.attach(self._channel(environ))
        socket.send_all(Outgoing(opening))
        return _TAKEN

    def _opening(self, sid: str, websocket: bool) -> str:
        timing = self.heartbeat.timing
        facts = {
            "sid": sid,
            "upgrades": [] if websocket else [name for name in self.transports if name == "websocket"],
            "pingInterval": round(timing.ping_interval * 1000),
            "pingTimeout": round(timing.ping_timeout * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        return packets.OPEN + orjson.dumps(facts).decode()

    def _channel(self, environ: Mapping[str, Any]) -> Any:
        limit = self.max_http_buffer_size
        return open_channel(environ, limit, self.backlog, self.budget, deflates=self._deflates)

    def _upgrade(self, socket: EngineSocket, environ: Mapping[str, Any]) -> Reply:
        """A WebSocket for a session that polls; a second one is heard out, told so, and ended, as clients expect."""
        channel = self._channel(environ)
        if socket.upgraded or socket.upgrading:
            channel.close(1008, "the session has its WebSocket")
        else:
            socket.begin_upgrade(channel)
        return _TAKEN

    def _after_the_end(self, sid: str, method: str, websocket: bool) -> Reply:
        """What a client is answered that has not heard the last of its session."""
        if websocket or sid not in self.farewells:
            return self._bad_request("Unknown session")
        return self._packets(self.farewells.take(sid)) if method == "GET" else self._taken()

    def _poll(self, socket: EngineSocket) -> Reply:
        try:
            return self._packets(socket.poll() or [packets.NOOP])
        except SecondPoll:
            socket.fail("transport error")
            return self._bad_request("Another request is waiting")

    def _post(self, socket: EngineSocket, environ: Mapping[str, Any]) -> Reply:
        if socket.posting:
            socket.fail("transport error")
            return self._bad_request("Another request is being read")
        socket.posting = True
        try:
            body = environ["wsgi.input"].read(self.max_http_buffer_size + 1)
        except (Problem, HTTPException):  # it did not come in its time, or not whole
            socket.fail("transport error")
            return self._bad_request("The body did not come")
        finally:
            socket.posting = False
        if len(body) > self.max_http_buffer_size:
            socket.fail("transport error")
            return {"status": "413 CONTENT TOO LARGE", "headers": list(_TEXT), "response": b"too large"}
        try:
            socket.receive_posted(packets.packets_of(body.decode()), len(body))
        except (Malformed, UnicodeDecodeError):
            socket.fail("transport error")
            return self._bad_request("Malformed packet")
        return self._taken()

    def _taken(self) -> Reply:
        return {"status": "200 OK", "headers": list(_TEXT), "response": b"ok"}

    def _packets(self, taken: list[packets.Encoded]) -> Reply:
        return {"status": "200 OK", "headers": list(_TEXT), "response": packets.payload(taken).encode()}

    def _living(self, sid: str) -> EngineSocket | None:
        """The socket of a session as it stands now: what its WebSocket said is heard, and an overdue pong ends it."""
        socket = self.sockets.get(sid)
        if socket is not None and socket.upgrading is not None:
            socket.upgrading.listen_now()
        if socket is not None and self.heartbeat.overdue(socket):
            socket.fail("ping timeout")
            return None
        return socket

    def _refused_origin(self, environ: dict[str, Any]) -> Reply | None:
        return None if self._origins.let_in(environ) else self._bad_request("Not an accepted origin")

    def _compress(self, environ: Mapping[str, Any], reply: Reply) -> None:
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        if len(reply["response"]) >= self.compression_threshold and "gzip" in accepted:
            reply["response"] = self._gzip(reply["response"])
            reply["headers"].append(("Content-Encoding", "gzip"))

    # -- what python-socketio asks of an Engine.IO server

    def send(self, sid: str, data: Any) -> None:
        """Send a message: text, or bytes."""
        socket = self.sockets.get(sid)
        if socket is not None:
            socket.send_all(Outgoing(data if isinstance(data, bytes) else packets.MESSAGE + data))

    def disconnect(self, sid: str | None = None, reason: str | None = None) -> None:
        """End one session, or all."""
        chosen = list(self.sockets.values()) if sid is None else [self.sockets.get(sid)]
        for socket in chosen:
            if socket is not None:
                socket.close(reason or self.reason.SERVER_DISCONNECT)

    def shutdown(self) -> None:
        """Let every client go, to connect again elsewhere or later, and end the heartbeat."""
        for socket in list(self.sockets.values()):
            socket.go_away(self.reason.SERVER_DISCONNECT)
        if self._beating is not None:
            self._beating.kill()
            self._beating = None

    # -- what sockets tell

    def socket_said(self, sid: str, message: packets.Encoded) -> None:
        """A client's message; in that client's greenlet."""
        self._trigger_event("message", sid, message, run_async=False)

    def socket_closed(self, sid: str) -> None:
        """A client is cut off: nobody finds it any more."""
        self.sockets.pop(sid, None)

    def socket_ended(self, sid: str, reason: str) -> None:
        """A client's end, behind its messages."""
        self._trigger_event("disconnect", sid, reason, run_async=False)

    def _start_beating(self) -> None:
        if self._beating is None:
            self._beating = self.start_background_task(self.heartbeat.run)
