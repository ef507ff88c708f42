"""Every refusal and every fault leaves as problem+json; a 500 says nothing about its cause."""

import re
from typing import Any

import orjson
from flask import Flask, Response, g, request
from sqlalchemy.exc import OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from api.translations import translated
from base import ids
from base.errors import Problem
from base.logs import logger

log = logger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_FRAMEWORK_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    414: "too_long",
    415: "unsupported_media_type",
    429: "too_many_requests",
}


def register_problems(app: Flask) -> None:
    """Answer problems, the framework's own errors, a lost database and whatever else goes wrong."""
    app.before_request(_name_request)
    app.after_request(_tell_request_id)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _framework_error)
    app.register_error_handler(OperationalError, _database_lost)
    app.register_error_handler(TimeoutError, _database_lost)
    app.register_error_handler(Exception, _fault)


def problem_response(
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer itself."""
    body = problem_body(status, code, title, detail, errors, extra)
    told = {"Content-Language": _locale(), **(headers or {})}
    return Response(orjson.dumps(body), status, told, mimetype="application/problem+json")


def problem_body(
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    extra: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A problem in wire form; sentences are in the caller's language where a translation is there."""
    return {
        "type": f"/errors#{code}",
        "title": translated(title, _locale()),
        "status": status,
        "detail": translated(detail, _locale()),
        "code": code,
        "request_id": g.request_id,
        "errors": errors or [],
        **(extra or {}),
    }


def _locale() -> str:
    return request.accept_languages.best_match(("en", "ko"), "en")


def _problem(problem: Problem) -> Response:
    headers = dict(problem.headers)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response(
        problem.status, problem.code, problem.title, problem.detail, problem.errors, problem.extra, headers
    )


def _framework_error(error: HTTPException) -> Response:
    status = error.code or 500
    code = _FRAMEWORK_CODES.get(status, "bad_request" if status < 500 else "internal")
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return problem_response(status, code, error.name, error.description or error.name, headers=headers)


def _database_lost(error: Exception) -> Response:
    log.error("database_unavailable", error=type(error).__name__)
    title = "The service is not available for a moment; try again"
    return problem_response(503, "unavailable", title, title, headers={"Retry-After": "2"})


def _fault(error: Exception) -> Response:
    log.error("request_failed", exc_info=error, request_id=g.request_id, path=request.path)
    title = "Something went wrong on our side"
    return problem_response(500, "internal", title, title)


def _name_request() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else str(ids.new_id())


def _tell_request_id(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    return response
