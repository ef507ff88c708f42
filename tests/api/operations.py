"""All operations of the API, as its document tells them."""

from typing import Any
from urllib.parse import urlencode

from api.app import create_app
from api.document import openapi
from base.settings import load_settings

# Settings of an application that asks no database. What a hash costs is one for the process: the tests' own.
UNCONNECTED = {
    "DATABASE_URL": "postgresql:///none",
    "SECRET_KEY": "-" * 32,
    "LOG_LEVEL": "ERROR",
    "PASSWORD_MEMORY_KIB": "64",
}
APP = create_app(load_settings(UNCONNECTED))
OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in openapi(APP)["paths"].items()
    for method, operation in operations.items()
    if method in ("get", "post", "put", "patch", "delete")
]


def json_body(operation: dict[str, Any]) -> dict[str, Any]:
    """What an operation says of its JSON body: `schema` and `example`; empty where it has none."""
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {})


def least_query(operation: dict[str, Any]) -> str:
    """The query without which an operation refuses, from the examples of its parameters."""
    values = {
        parameter["name"]: parameter["schema"].get("example", parameter["schema"].get("minimum"))
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and parameter.get("required")
    }
    return f"?{urlencode(values)}" if values else ""
