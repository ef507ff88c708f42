"""`GET /metrics` of a worker, on a port of its own."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlalchemy.exc import SQLAlchemyError

from base.database import Database
from base.settings import Settings
from push.plans.planner import READER
from push.reports.metrics import metrics

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LOOK_S = 0.5


def serve_metrics(settings: Settings, database: Database, stopping: threading.Event) -> None:
    """Answer until `stopping`; one at a time has the database, however many ask."""
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path != "/metrics":
                return self._answer(404, "")
            try:
                with turn, database.transaction() as session:
                    return self._answer(200, metrics(session, READER, database.lately.commit_s()))
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

    server = ThreadingHTTPServer((settings.metrics_host, settings.metrics_port or 0), Handler)
    server.timeout = _LOOK_S
    with server:
        while not stopping.is_set():
            server.handle_request()
