"""Reading requests: strict JSON, no unknown members anywhere, and a pointer to every fault."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NoReturn

import orjson
from flask import Request, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from api.route import Declaration
from base.errors import Invalid, Problem


class TooLarge(Problem):
    """The body is larger than its route takes; `max_body` says how many bytes that is."""

    status, code, title = 413, "too_large", "The body is too large"


class NotJson(Problem):
    """The body cannot be read as JSON."""

    code, title = "not_json", "The body is not JSON"


class UnsupportedMediaType(Problem):
    """The body is something else than JSON."""

    status, code, title = 415, "unsupported_media_type", "Send JSON, with Content-Type: application/json"


def read_body(most_bytes: int) -> None:
    """Read the body, for `request.get_data()` to give; raises `TooLarge`, before reading where the length is told."""
    if (request.content_length or 0) > most_bytes:
        raise _too_large(most_bytes)
    # Of a body in chunks werkzeug gives the beginning and keeps silent on the rest: one byte too many shows it.
    request.max_content_length = most_bytes + 1
    if len(request.get_data(cache=True)) > most_bytes:
        raise _too_large(most_bytes)


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"The body may have {most_bytes} bytes at most.", max_body=most_bytes)


def arguments(declared: Declaration) -> dict[str, Any]:
    """Query and body, as far as declared, for the view; raises `Invalid` and what else is the matter with them."""
    found: dict[str, Any] = {}
    if declared.query is not None:
        found["query"] = _PARSER.parse(_made(declared.query), request, location="query")
    else:
        for name in request.args:
            raise Invalid.at(f"/{name}", "Unknown field.")
    if declared.body is not None:
        found["body"] = _PARSER.parse(_made(declared.body), request, location="json")
    return found


@cache
def _made(schema: type[Schema]) -> Schema:
    """The schema, made once: a load changes nothing in it, and making one costs more than most loads."""
    return schema()


class Parser(FlaskParser):
    """webargs with unknown members refused in queries too, and orjson, which refuses NaN and broken UTF-8."""

    # For bodies the schema itself decides, and all but one of them refuse what they do not know.
    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": RAISE}  # noqa: RUF012 - webargs' own convention

    def load_json(self, req: Request, schema: Any) -> Any:
        """The body, as parsed by orjson."""
        if not req.is_json:
            raise UnsupportedMediaType
        raw = req.get_data(cache=True)
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise NotJson(f"The body is not JSON: {error.msg} at byte {error.pos}.") from None
        if b"\\u0000" in raw and (pointer := next(_nul_pointers(body), None)) is not None:
            raise Invalid.at(pointer, "NUL characters are not text.", code="nul_character")
        return body

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """The query; a parameter given twice is refused rather than half read."""
        for name, values in req.args.lists():
            if len(values) > 1 or "\0" in values[0]:
                raise Invalid.at(f"/{name}", "Give this parameter once, without NUL characters.")
        return MultiDictProxy(req.args, schema)

    def handle_error(
        self, error: ValidationError, req: Request, schema: Any, *, error_status_code: Any, error_headers: Any
    ) -> NoReturn:
        """Turn marshmallow's tree of messages into pointers."""
        raise Invalid(errors=faults_of(error))


_PARSER = Parser()


def faults_of(error: ValidationError) -> list[dict[str, str]]:
    """What marshmallow found, as pointers and messages."""
    tree: Any = error.messages
    if isinstance(tree, dict) and len(tree) == 1 and next(iter(tree)) in ("json", "query"):
        tree = next(iter(tree.values()))
    return list(_faults(tree, ""))


def _faults(tree: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _faults(value, pointer if key == "_schema" else f"{pointer}/{_escaped(key)}")
    elif isinstance(tree, list):
        for value in tree:
            yield from _faults(value, pointer)
    else:
        yield {"pointer": pointer, "message": str(tree)}


def _nul_pointers(body: Any) -> Iterator[str]:
    """Where NUL characters stand; without recursion, since a body may be nested as deep as it likes."""
    pending: list[tuple[Any, str]] = [(body, "")]
    while pending:
        value, pointer = pending.pop()
        if isinstance(value, str) and "\0" in value:
            yield pointer
        elif isinstance(value, list):
            pending += [(item, f"{pointer}/{index}") for index, item in enumerate(value)]
        elif isinstance(value, dict):
            pending += [(key, pointer) for key in value]
            pending += [(item, f"{pointer}/{_escaped(key)}") for key, item in value.items()]


def _escaped(key: Any) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")
