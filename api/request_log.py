"""Every request has an id, which the answer tells, and a line in the log."""

import re
import time

from flask import Flask, Response, g, request

from base import ids
from base.doing import DOING
from base.logs import logger

log = logger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def register_request_log(app: Flask) -> None:
    """Name each request as it begins, by the id that it came with if that will do; log it as it ends."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.monotonic()
    given = request.headers.get("X-Request-Id", "")
    DOING.set(f"{request.method} {_route()}")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else str(ids.new_id())


def _end(response: Response) -> Response:
    log.info(
        "request",
        method=request.method,
        route=_route(),
        status=response.status_code,
        ms=round((time.monotonic() - g.started) * 1000, 1),
        request_id=g.request_id,
    )
    response.headers["X-Request-Id"] = g.request_id
    return response


def _route() -> str:
    return str(request.url_rule) if request.url_rule else "none"
