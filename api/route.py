"""How every route is declared, and the life of every request:

    check the token ─▶ read the body ─▶ open the transaction ─▶ load the actor ─▶ check the permission
    ─▶ repeat of an earlier request? ─▶ parse ─▶ act ─▶ commit ─▶ answer

A view that has nothing to tell yet may ask to wait (`Answer.wait_s`): its transaction ends, the request waits for the
organisation's journal to grow without holding a connection, and everything from the actor on is done again.

A declaration names the permission (or says `public`), the schemas and the status, so that the API document, the
tests that walk all routes and the reader of the code see the same thing. The body is read before the transaction
opens: a slow phone must not hold a database connection. A transaction that PostgreSQL undid to let another pass is
begun again, twice at most.
"""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import Schema
from sqlalchemy.orm import Session

from api.parsing import Parser
from base.database import again_if_it_gave_way
from base.errors import Forbidden, Invalid, Unauthenticated
from people import idempotency
from people.actor import Actor
from people.permissions import ORGANISATION_WIDE, Permission
from people.runtime import Runtime
from people.sign_in.sessions import actor_of

_ORGANISATION_PREFIXES = ("organisation:", "me:")


@dataclass(frozen=True)
class Call:
    """One request, as a view sees it. `actor` is there in every view but the public ones."""

    session: Session
    runtime: Runtime
    actor: Actor = field(default=None)  # type: ignore[assignment]


@dataclass(frozen=True)
class Answer:
    """What a view answers, when it is more than a body."""

    body: dict[str, Any] | None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    """Instead of a body: a file, of the media type that the route declares, or JSON that is encoded already."""
    wait_s: float = 0.0
    """Not yet: look again when the journal has grown, for so many seconds from the request's beginning on."""


View = Callable[..., dict[str, Any] | Answer | None]


def runtime() -> Runtime:
    """The application's own."""
    return current_app.extensions["hereabouts"]


class _StrictBlueprint(Blueprint):
    ARGUMENTS_PARSER = Parser()


class Routes:
    """The routes of one resource."""

    def __init__(self, name: str, description: str, prefix: str = "/v1") -> None:
        self.blueprint = _StrictBlueprint(name, name, description=description, url_prefix=prefix)

    def route(
        self,
        method: str,
        path: str,
        *,
        permission: Permission | None = None,
        public: bool = False,
        body: type[Schema] | None = None,
        query: type[Schema] | None = None,
        answer: type[Schema] | None = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
        media: str | None = None,
    ) -> Callable[[View], View]:
        """Declare a route. Exactly one of `permission` and `public` must be given; `media` when it answers a file.

        The view gets (call, path arguments…, query=…, body=…) as far as declared.
        """
        if (permission is None) is not public:
            raise ValueError(f"{method} {path}: name a permission, or say that it is public")

        def declare(view: View) -> View:
            handler = _handler(view, status, media)
            # The decorators below read arguments inside the handler's transaction, so they are wrapped by it.
            shown = _file(media) if media else answer
            handler = self._documented(handler, view, permission, body, query, shown, status, headers, media)
            entry = functools.wraps(handler)(functools.partial(_life, handler, permission))
            self.blueprint.route(path, methods=[method])(_as_function(entry, handler))
            return view

        return declare

    def _documented(
        self,
        handler: Callable[..., Any],
        view: View,
        permission: Permission | None,
        body: type[Schema] | None,
        query: type[Schema] | None,
        answer: Any,
        status: int,
        headers: dict[str, str] | None,
        media: str | None,
    ) -> Callable[..., Any]:
        described = {
            name: {"schema": {"type": "string"}, "description": text}
            for name, text in (headers or {}).items()
        }
        handler = self.blueprint.response(
            status, answer, headers=described or None, **({"content_type": media} if media else {})
        )(handler)
        if body is not None:
            handler = self.blueprint.arguments(body, arg_name="body")(handler)
        if query is not None:
            handler = self.blueprint.arguments(query, location="query", arg_name="query")(handler)
        else:
            handler = _without_query(handler)
        extension = "public" if permission is None else str(permission)
        security: list[dict[str, list[str]]] = [] if permission is None else [{"bearer": []}]
        return self.blueprint.doc(
            operationId=view.__name__, security=security, **{"x-permission": extension}
        )(handler)


def _without_query(handler: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(handler)
    def strict(*arguments: Any, **options: Any) -> Any:
        for name in request.args:
            raise Invalid.at(f"/{name}", "Unknown field.")
        return handler(*arguments, **options)

    return strict


def _as_function(entry: Callable[..., Any], handler: Callable[..., Any]) -> Callable[..., Any]:
    """flask-smorest tells functions from classes, and a partial is neither."""

    @functools.wraps(handler)
    def function(**path_arguments: Any) -> Any:
        return entry(**path_arguments)

    return function


def _file(media: str) -> dict[str, str]:
    return (
        {"type": "string"}
        if media.startswith(("text/", "image/svg"))
        else {"type": "string", "format": "binary"}
    )


def _handler(view: View, status: int, media: str | None) -> Callable[..., Response]:
    @functools.wraps(view)
    def handler(call: Call, **arguments: Any) -> Response:
        outcome = view(call, **arguments)
        answer = outcome if isinstance(outcome, Answer) else Answer(outcome)
        g.wait_s = answer.wait_s
        if answer.content is not None:
            media_type = media or "application/json"
            return Response(answer.content, answer.status or status, answer.headers, content_type=media_type)
        return _response(answer.body, answer.status or status, answer.headers)

    return handler


def _life(handler: Callable[..., Response], permission: Permission | None, **path_arguments: Any) -> Response:
    request.get_data(cache=True)
    return again_if_it_gave_way(lambda: _attempt(handler, permission, path_arguments))


def _attempt(
    handler: Callable[..., Response], permission: Permission | None, path_arguments: dict[str, Any]
) -> Response:
    shared = runtime()
    if permission is None:
        with shared.database.transaction() as session:
            return handler(Call(session, shared), **path_arguments)
    claims = shared.tokens.read_access_token(_bearer_token())
    began = time.monotonic()
    while True:
        ticket = shared.wakeups.ticket(claims.organisation_id)
        with shared.database.transaction(claims.organisation_id) as session:
            actor = actor_of(session, claims)
            _check_role(actor, permission)
            response = _once(handler, Call(session, shared, actor), path_arguments)
        left = g.pop("wait_s", 0.0) - (time.monotonic() - began)
        if left <= 0:
            return response
        shared.wakeups.wait(claims.organisation_id, ticket, left)


def _bearer_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token.strip()


def _check_role(actor: Actor, permission: Permission) -> None:
    """Permissions of the organisation and of oneself are decided here, those of a scope where it is loaded."""
    if permission.startswith(_ORGANISATION_PREFIXES) and permission not in ORGANISATION_WIDE[actor.role]:
        raise Forbidden


def _once(handler: Callable[..., Response], call: Call, path_arguments: dict[str, Any]) -> Response:
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method in ("GET", "HEAD"):
        return handler(call, **path_arguments)
    idempotency.check_key(key)
    route = f"{request.method} {request.full_path.rstrip('?')}"
    earlier = idempotency.stored_answer(call.session, call.actor, key, route, request.get_data(cache=True))
    if earlier is not None:
        headers = {**(earlier.headers or {}), "Idempotent-Replayed": "true"}
        return _response(earlier.body, earlier.status or 200, headers)
    response = handler(call, **path_arguments)
    body = orjson.loads(response.get_data()) if response.get_data() else None
    kept = {name: value for name, value in response.headers.items() if name in ("ETag", "Location")}
    idempotency.store_answer(call.session, call.actor, key, response.status_code, kept, body)
    return response


def _response(body: dict[str, Any] | None, status: int, headers: dict[str, str]) -> Response:
    if body is None:
        return Response(status=status, headers=headers)
    return Response(orjson.dumps(body), status, headers, mimetype="application/json")
