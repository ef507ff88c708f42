"""Every refusal and every fault leaves as problem+json; a 500 says nothing about its cause."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, TimeoutError
from werkzeug.exceptions import HTTPException

from api import bounds
from api.translations import asked_locale, translated
from base.database import is_away, is_full
from base.errors import Problem
from base.logs import logger
from base.text import shortened
from schemas.base import MOST_FAULTS

log = logger(__name__)
_FRAMEWORK_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    414: "too_long",
    415: "unsupported_media_type",
    429: "too_many_requests",
}
_FRAMEWORK_HEADERS = ("Allow", "Retry-After")


@dataclass(frozen=True)
class Refusal:
    """What a caller is told, whoever refused; `detail` is the title again where there is no more to say.

    Of `errors` only so many are told, and none at length: a refusal must not cost more than what it refuses.
    """

    status: int
    code: str
    title: str
    detail: str = ""
    errors: list[dict[str, str]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem) -> "Refusal":
        """A problem of ours."""
        headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
        return cls(
            problem.status,
            problem.code,
            problem.title,
            problem.detail,
            problem.errors,
            problem.extra,
            {**problem.headers, **headers},
        )

    def body(self) -> dict[str, Any]:
        """The wire form; sentences are in the caller's language where a translation is there."""
        locale = asked_locale()
        return {
            "type": f"/errors#{self.code}",
            "title": translated(self.title, locale),
            "status": self.status,
            "detail": shortened(translated(self.detail or self.title, locale), bounds.DETAIL),
            "code": self.code,
            "request_id": g.request_id,
            "errors": [_told(error) for error in self.errors[:MOST_FAULTS]],
            **({"more_errors": True} if len(self.errors) > MOST_FAULTS else {}),
            **self.extra,
        }

    def response(self) -> Response:
        """The answer itself."""
        headers = {"Content-Language": asked_locale(), **self.headers}
        return Response(orjson.dumps(self.body()), self.status, headers, mimetype="application/problem+json")


def _told(error: dict[str, str]) -> dict[str, str]:
    return {
        "pointer": shortened(error["pointer"], bounds.POINTER),
        "message": shortened(error["message"], bounds.MESSAGE),
    }


INTERNAL = Refusal(500, "internal", "Something went wrong on our side")
_UNAVAILABLE, _FULL = (
    Refusal(
        503,
        "unavailable",
        "The service is not available for a moment; try again",
        headers={"Retry-After": after_s},
    )
    for after_s in ("2", "30")  # nobody makes room on a disk within two seconds
)


def register_problems(app: Flask) -> None:
    """Answer problems, the framework's own errors, a lost database and whatever else goes wrong."""
    app.register_error_handler(Problem, lambda problem: Refusal.of(problem).response())
    app.register_error_handler(HTTPException, _framework_error)
    app.register_error_handler(DBAPIError, _database_fails)
    app.register_error_handler(TimeoutError, _database_lost)
    app.register_error_handler(Exception, _fault)


def _framework_error(error: HTTPException) -> Response:
    status = error.code or 500
    code = _FRAMEWORK_CODES.get(status, "bad_request" if status < 500 else "internal")
    headers = {name: value for name, value in error.get_headers() if name in _FRAMEWORK_HEADERS}
    return Refusal(status, code, error.name, error.description or "", headers=headers).response()


def _database_fails(error: DBAPIError) -> Response:
    if is_full(error):
        log.error("database_disk_full")
        return _FULL.response()
    return _database_lost(error) if is_away(error) else _fault(error)


def _database_lost(error: Exception) -> Response:
    log.error("database_unavailable", error=type(error).__name__)
    return _UNAVAILABLE.response()


def _fault(error: Exception) -> Response:
    log.error("request_failed", exc_info=error, request_id=g.request_id, path=request.path)
    return INTERNAL.response()
