"""`GET /metrics` of a process, on a port of its own, in Prometheus' text format."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from base.logs import logger

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
log = logger(__name__)
_LOOK_S = 0.5
_TAKEN_S = 30.0


def gauge(name: str, what: str, value: float) -> list[str]:
    """The lines of one number without labels."""
    return [f"# HELP {name} {what}", f"# TYPE {name} gauge", f"{name} {value:g}"]


def expose(
    host: str, port: int, tell: Callable[[], str | None], stopping: threading.Event, again_s: float = _TAKEN_S
) -> None:
    """Answer with what `tell` says until `stopping`, one at a time, however many ask; 503 where it says nothing.

    Where another process of the machine has the port, this one says so once, looks every `again_s` seconds, and takes
    over when the other has gone.
    """
    taken = False
    while not stopping.is_set():
        try:
            with ThreadingHTTPServer((host, port), _handler(tell)) as server:
                log.info("metrics_served", host=host, port=server.server_port)
                server.timeout = _LOOK_S
                while not stopping.is_set():
                    server.handle_request()
        except OSError as error:
            if not taken:
                log.warning("metrics_port_not_had", port=port, error=error.strerror or str(error))
            taken = True
            stopping.wait(again_s)


def _handler(tell: Callable[[], str | None]) -> type[BaseHTTPRequestHandler]:
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path != "/metrics":
                return self._answer(404, "")
            with turn:
                said = tell()
            return self._answer(503 if said is None else 200, said or "")

        def _answer(self, status: int, body: str) -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", _TYPE)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *_: object) -> None:
            """A scrape every few seconds is nothing to log."""

    return Handler
