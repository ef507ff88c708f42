"""The product's socket server with what protocol suites expect of one, for suites of any origin.

    PORT=3000 PING_INTERVAL=0.3 PING_TIMEOUT=0.2 .venv/bin/python tests/conformance_app.py

On `/` and `/custom` it says `auth` with the auth data at connect, answers `message` with `message-back` and
`message-with-ack` through the acknowledgement; `leave` on `/` has it say `last-words` and end the connection.
PING_INTERVAL, PING_TIMEOUT and CONNECT_TIMEOUT are seconds; BUDGET is what a
client may have done at once, A_SECOND what comes back of it.
"""

# ruff: noqa: E402 - gevent has to come before everything that opens a socket
from gevent import monkey

monkey.patch_all()

import os
import sys
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask_socketio import emit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from live.engine.budget import Budget
from live.engine.channel import Backlog
from live.engine.heartbeat import Timing
from live.front.intake import Times
from live.front.seats import Room
from live.front.server import FrontServer
from live.sockets import LiveSocketIO


def make_app(timing: Timing, backlog: Backlog, budget: Budget) -> Flask:
    """An application with the two namespaces."""
    app = Flask("conformance")
    socketio = LiveSocketIO(
        app,
        timing=timing,
        backlog=backlog,
        budget=budget,
        max_http_buffer_size=1_000_000,
    )

    def greet(auth: Any = None) -> None:
        emit("auth", auth or {})

    def echo(*arguments: Any) -> None:
        emit("message-back", arguments)

    def acknowledge(*arguments: Any) -> tuple[Any, ...]:
        return arguments

    def flood(size: int, count: int) -> None:
        for number in range(count):
            socketio.emit("flood", (number, "x" * size), to=request.sid)  # type: ignore[attr-defined]

    def send_away() -> None:
        emit("last-words")
        socketio.server.end(request.sid)  # type: ignore[attr-defined]

    socketio.on_event("leave", send_away)
    for namespace in ("/", "/custom"):
        socketio.on_event("connect", greet, namespace=namespace)
        socketio.on_event("message", echo, namespace=namespace)
        socketio.on_event("message-with-ack", acknowledge, namespace=namespace)
        socketio.on_event("flood", flood, namespace=namespace)
    return app


def main() -> None:
    """Serve until killed."""
    timing = Timing(
        ping_interval=float(os.environ.get("PING_INTERVAL", "0.3")),
        ping_timeout=float(os.environ.get("PING_TIMEOUT", "0.2")),
        connect_timeout=float(os.environ.get("CONNECT_TIMEOUT", "1.5")),
    )
    backlog = Backlog(most_bytes=int(os.environ.get("BACKLOG_BYTES", Backlog.most_bytes)))
    most = int(os.environ.get("BUDGET", 100_000_000))
    budget = Budget(at_once=most, a_second=int(os.environ.get("A_SECOND", most // 8)))
    address = ("127.0.0.1", int(os.environ.get("PORT", "3000")))
    FrontServer(address, make_app(timing, backlog, budget), Times(), Room(per_address=0)).serve_forever()


if __name__ == "__main__":
    main()
