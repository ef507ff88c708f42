"""The documents: OpenAPI, made from the routes' own declarations, and AsyncAPI beside it (`api/asyncapi.py`)."""

import functools
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response
from flask_smorest import Api, Blueprint
from marshmallow import Schema

from api import asyncapi
from api.again import is_done_again
from api.route import Declaration, View
from journal.catalogue import CATALOGUE
from schemas.problems import ProblemDetails

_DESCRIPTION = """\
The backend of a private social network that belongs to places.

Times are RFC 3339 in UTC, places are GeoJSON (longitude before latitude), ids are UUIDv7. Every refusal is
`application/problem+json` with a stable `code`. Lists are paged by `cursor`. Unsafe requests may carry an
`Idempotency-Key`: a repeated request gets the stored answer. Edits of places carry `If-Match`.
"""
SETTINGS: dict[str, Any] = {
    "API_TITLE": "Hereabouts",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "API_SPEC_OPTIONS": {
        "info": {
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
    },
}
"""What flask-smorest finds in the application's configuration."""
_REFUSAL = {
    "description": "A refusal",
    "content": {"application/problem+json": {"schema": ProblemDetails}},
}
_PACE_HEADERS = {
    "RateLimit-Policy": (
        "The limits of the route's pace: the greatest number at once, which comes back evenly within `w` seconds",
        '"write-device";q=240;w=60, "write-person";q=480;w=60',
    ),
    "RateLimit": (
        "The limit that will be reached first: how many are left, and after how many seconds all are back",
        '"write-device";r=239;t=1',
    ),
}
_SCHEMES = {
    "bearer": {"bearerFormat": "JWT", "description": "The access token of a session"},
    "service": {
        "bearerFormat": "hst_…",
        "description": "The token of a service: where it is not named, no service may ask",
    },
    "notification": {
        "bearerFormat": "JWT",
        "description": "The `credential` of a push that came without its content: for five minutes, and that alone",
    },
}
_RETRY_HEADERS = {"Retry-After": ("Seconds until the next one is taken", "3")}


def _referred(headers: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in headers}


_TOO_MANY = {
    **_REFUSAL,
    "description": "Too many of these lately; `limit` is the limit's name, and `Retry-After` when to go on",
    "headers": _referred((*_RETRY_HEADERS, *_PACE_HEADERS)),
}
_EVENT_TYPE = {
    "description": "What happened; new types come without notice. What each carries: /asyncapi.json",
    "examples": list(CATALOGUE),
}
_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "maxLength": 200},
    "description": "A repeated request with the same key and body gets the stored answer (7 days).",
}


class DocumentedApi(Api):
    """flask-smorest, which only describes: refusals are answered by `api/problems.py` alone."""

    ERROR_SCHEMA = ProblemDetails
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._flask = app
        self._undescribed: list[Blueprint] = []
        self._turn = threading.Lock()

    def register_blueprint(self, blp: Blueprint, **_: Any) -> None:
        """Serve the routes; a start does not wait for their description."""
        self._flask.register_blueprint(blp)
        self._undescribed.append(blp)

    def document(self) -> dict[str, Any]:
        """The whole document, made when it is first asked for, and then kept."""
        with self._turn:
            return self._document

    def _register_error_handlers(self) -> None:
        pass

    @functools.cached_property
    def _document(self) -> dict[str, Any]:
        spec = self.spec
        assert spec is not None  # noqa: S101 - it is there once the app is
        for blueprint in self._undescribed:
            blueprint.register_views_in_doc(self, self._flask, spec, name=blueprint.name, parameters=None)
            spec.tag({"name": blueprint.name, "description": blueprint.description})
        for name, scheme in _SCHEMES.items():
            spec.components.security_scheme(name, {"type": "http", "scheme": "bearer"} | scheme)
        for name, (text, example) in (_PACE_HEADERS | _RETRY_HEADERS).items():
            shown = {"schema": {"type": "string"}, "description": text, "example": example}
            spec.components.header(name, shown)
        document = spec.to_dict()
        document["components"]["schemas"]["Event"]["properties"]["type"] |= _EVENT_TYPE
        return document


def serve_documents(app: Flask, api: DocumentedApi) -> None:
    """Serve the documents at /openapi.json and /asyncapi.json."""
    app.extensions["openapi"] = api
    _serve(app, "openapi", api.document)
    _serve(app, "asyncapi", asyncapi.document)


def openapi(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of an application."""
    return app.extensions["openapi"].document()


def _serve(app: Flask, name: str, document: Callable[[], dict[str, Any]]) -> None:
    @functools.cache
    def body() -> bytes:
        return orjson.dumps(document(), option=orjson.OPT_INDENT_2)

    app.add_url_rule(f"/{name}.json", name, lambda: Response(body(), mimetype="application/json"))


def described(declared: Declaration, view: View) -> dict[str, Any]:
    """The operation as OpenAPI has it, with the schemas' classes in the places of references to them."""
    operation: dict[str, Any] = {
        "operationId": view.__name__,
        "responses": _responses(declared),
        "security": _security(declared),
        "x-permission": "public" if declared.permission is None else str(declared.permission),
        "x-max-body": declared.most_bytes,
        "x-pace": str(declared.paced),
        "x-audit": str(declared.kept),
    }
    if parameters := _parameters(declared):
        operation["parameters"] = parameters
    if declared.body is not None:
        operation["requestBody"] = {"required": True, **_json(declared.body, example=declared.body.example)}
    return operation


def _security(declared: Declaration) -> list[dict[str, list[str]]]:
    """Any one of them is enough."""
    if declared.public:
        return [] if declared.credential is None else [{declared.credential: []}]
    return [{"bearer": []}, {"service": []}] if declared.serves_services else [{"bearer": []}]


def _parameters(declared: Declaration) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    if declared.query is not None:
        parameters.append({"in": "query", "schema": declared.query})
    repeatable = not (declared.public or declared.secret or is_done_again(declared.answer))
    if declared.method != "GET" and repeatable:
        parameters.append(_IDEMPOTENCY_KEY)
    return parameters


def _responses(declared: Declaration) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(declared.status).phrase}
    if declared.media is not None:
        good["content"] = {declared.media: {"schema": declared.answer or _file(declared.media)}}
    elif declared.answer is not None:
        good |= _json(declared.answer)
    own = {
        name: {"schema": {"type": "string"}, "description": text}
        for name, text in (declared.headers or {}).items()
    }
    good["headers"] = own | _referred(_PACE_HEADERS)
    responses = {str(declared.status): good, "429": _TOO_MANY, "default": _REFUSAL}
    if declared.body is not None or declared.query is not None:
        responses["422"] = _REFUSAL
    return responses


def _json(schema: type[Schema], **shown: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema, **shown}}}


def _file(media: str) -> dict[str, str]:
    is_text = media.startswith(("text/", "image/svg"))
    return {"type": "string"} if is_text else {"type": "string", "format": "binary"}
