"""No request computes so long that everybody else of its process would feel it. Computing time, not the clock's: other
tests use the machine, too."""

import gc
import threading
import time
from typing import Any

from flask import Flask, request

MOST_S = 0.25
# Who may compute longer, and why. Whatever is here holds up everybody.
ALLOWED = {
    "POST /v1/admin/places/import": "judges all the places of a file in the request that brings it, up to thousands",
}
# Who does many things in a transaction each: between them others have their turn, and their sum holds up nobody.
IN_TURNS = frozenset(("POST /v1/me/outbox",))


def is_too_long(doing: str, seconds: float) -> bool:
    """Whether a route, or whatever else held up a process, computed longer than it may."""
    return seconds > MOST_S and doing not in ALLOWED


class Held:
    """Measures the requests of an application, each in the thread that handles it; collecting garbage is the tests'."""

    def __init__(self, app: Flask) -> None:
        self._here = threading.local()
        self._found: list[str] = []
        self._wrapped = app.wsgi_app
        app.wsgi_app = self._handle  # type: ignore[method-assign]
        app.before_request(self._begins)
        gc.callbacks.append(self._collects)

    def taken(self) -> list[str]:
        """Those that computed too long since it was asked last."""
        found, self._found = self._found, []
        return found

    def _handle(self, environ: dict[str, Any], start_response: Any) -> Any:
        self._here.doing, self._here.garbage = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", 0.0
        began = time.thread_time()
        try:
            return self._wrapped(environ, start_response)
        finally:
            took = time.thread_time() - began - self._here.garbage
            if self._here.doing not in IN_TURNS and is_too_long(self._here.doing, took):
                self._found.append(f"{self._here.doing} computed {took * 1000:.0f} ms")

    def _begins(self) -> None:
        if request.url_rule is not None:
            self._here.doing = f"{request.method} {request.url_rule}"

    def _collects(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._here.collecting = time.thread_time()
        else:
            self._here.garbage = (
                getattr(self._here, "garbage", 0.0) + time.thread_time() - self._here.collecting
            )
