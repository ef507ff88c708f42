"""`GET /metrics` of a worker, on a port of its own."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlalchemy.exc import SQLAlchemyError

from base.database import Database
from base.logs import logger
from base.settings import Settings
from push.plans.planner import READER
from push.reports.metrics import metrics

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
log = logger(__name__)
_LOOK_S = 0.5
_TAKEN_S = 30.0


def serve_metrics(
    settings: Settings, database: Database, stopping: threading.Event, again_s: float = _TAKEN_S
) -> None:
    """Answer until `stopping`; one at a time has the database, however many ask.

    Where another worker of the machine has the port, it tells the same; this one says so once, looks every `again_s`
    seconds, and takes over when the other has gone.
    """
    taken = False
    while not stopping.is_set():
        try:
            with ThreadingHTTPServer(_address(settings), _handler(settings, database)) as server:
                log.info("metrics_served", host=settings.metrics_host, port=server.server_port)
                server.timeout = _LOOK_S
                while not stopping.is_set():
                    server.handle_request()
        except OSError as error:
            if not taken:
                log.warning(
                    "metrics_port_not_had", port=settings.metrics_port, error=error.strerror or str(error)
                )
            taken = True
            stopping.wait(again_s)


def _address(settings: Settings) -> tuple[str, int]:
    return settings.metrics_host, settings.metrics_port or 0


def _handler(settings: Settings, database: Database) -> type[BaseHTTPRequestHandler]:
    turn = threading.Lock()
    # Without push nobody plans, and nobody is behind.
    reader = None if settings.firebase_credentials is None else READER

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path != "/metrics":
                return self._answer(404, "")
            try:
                with turn, database.transaction() as session:
                    return self._answer(200, metrics(session, reader, database.lately.commit_s()))
            except SQLAlchemyError:
                return self._answer(503, "")

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
