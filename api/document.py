"""The OpenAPI document, made from the routes' own declarations when somebody first asks for it.

A process that starts has routes to serve; most are never asked for their description.
"""

import functools
import threading
from typing import Any

import orjson
from flask import Flask, Response
from flask_smorest import Api, Blueprint

from schemas.problems import ProblemDetails

_DESCRIPTION = """\
The backend of a private social network that belongs to places.

Times are RFC 3339 in UTC, places are GeoJSON (longitude before latitude), ids are UUIDv7. Every refusal is
`application/problem+json` with a stable `code`. Lists are paged by `cursor`. Unsafe requests may carry an
`Idempotency-Key`: a repeated request gets the stored answer. Edits of places carry `If-Match`.
"""


class DocumentedApi(Api):
    """flask-smorest with the product's own form of refusals, and a document that is made when it is wanted."""

    ERROR_SCHEMA = ProblemDetails

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._flask = app
        self._undescribed: list[Blueprint] = []
        self._describing = threading.Lock()
        app.extensions["openapi"] = self
        app.add_url_rule("/openapi.json", "openapi", self._serve)

    def register_blueprint(self, blp: Blueprint, **_: Any) -> None:
        """Serve the routes; describe them later."""
        self._flask.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._flask.register_blueprint(blp)
        self._undescribed.append(blp)

    def document(self) -> dict[str, Any]:
        """The finished document."""
        with self._describing:
            return self._document

    @functools.cached_property
    def _document(self) -> dict[str, Any]:
        assert self.spec is not None  # noqa: S101 - it is there once the app is
        for blueprint in self._undescribed:
            blueprint.register_views_in_doc(
                self, self._flask, self.spec, name=blueprint.name, parameters=None
            )
            self.spec.tag({"name": blueprint.name, "description": blueprint.description})
        return _finished(self.spec.to_dict())

    @functools.cached_property
    def _body(self) -> bytes:
        return orjson.dumps(self.document(), option=orjson.OPT_INDENT_2)

    def _serve(self) -> Response:
        return Response(self._body, mimetype="application/json")

    def _register_error_handlers(self) -> None:
        """Errors are answered by `api.problems` alone."""


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    document["info"]["description"] = _DESCRIPTION
    document["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    document["servers"] = [{"url": "/"}]
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in ("get", "post", "put", "patch", "delete"):
                _finish_operation(method, operation)
    return document


def _finish_operation(method: str, operation: dict[str, Any]) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    for status, response in operation["responses"].items():
        if status in ("default", "422"):
            response.pop("$ref", None)
            response["description"] = response.get("description") or "A refusal"
            response["content"] = problem
    if method != "get" and operation.get("security"):
        operation.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "schema": {"type": "string", "maxLength": 200},
                "description": "A repeated request with the same key and body gets the stored answer (7 days).",
            }
        )
