"""The OpenAPI document, made from the routes' own declarations."""

from typing import Any

import orjson
from flask import Flask, Response
from flask_smorest import Api
from marshmallow import class_registry

_DESCRIPTION = """\
The backend of a private social network that belongs to places.

Times are RFC 3339 in UTC, places are GeoJSON (longitude before latitude), ids are UUIDv7. Every refusal is
`application/problem+json` with a stable `code`. Lists are paged by `cursor`. Unsafe requests may carry an
`Idempotency-Key`: a repeated request gets the stored answer. Edits of places carry `If-Match`.
"""


def describe(app: Flask, api: Api) -> None:
    """Serve the finished document at /openapi.json."""
    assert api.spec is not None  # noqa: S101 - it is there once the app is
    document = _finished(api.spec.to_dict())
    body = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    app.extensions["openapi"] = document
    app.add_url_rule("/openapi.json", "openapi", lambda: Response(body, mimetype="application/json"))


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
    _show_example(operation.get("requestBody", {}).get("content", {}).get("application/json"))
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


def _show_example(body: dict[str, Any] | None) -> None:
    """Beside a body's schema, the example that its class declares."""
    if body is not None:
        schema: Any = class_registry.get_class(body["schema"]["$ref"].rpartition("/")[2])
        body["example"] = schema.example
