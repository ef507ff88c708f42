"""Reading requests: strict JSON, no unknown members anywhere, and a pointer to every fault."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NoReturn

import orjson
from flask import Request, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from api.route import Declaration
from base.errors import Faulty, Invalid, Problem
from base.offload import offload
from schemas.base import Each

_NUL = "NUL characters are not text."
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


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


def arguments(declared: Declaration, made: dict[str, Any]) -> dict[str, Any]:
    """Query and body, as far as declared, for the view; raises `Invalid` and what else is the matter with them.

    `made` is what was made of the body already (`api/making.py`), or why that was not possible.
    """
    found = {**made}
    if declared.query is not None:
        found["query"] = query_of(declared.query)
    else:
        for name in request.args:
            raise Invalid.at(f"/{name}", "Unknown field.")
    if isinstance(found.get("body"), Problem):
        raise found["body"]
    if declared.body is not None and "body" not in found:
        body = _PARSER.parse(_made(declared.body), request, location="json")
        found["body"] = body if declared.work is None else offload(declared.work, body)
    return found


def query_of(schema: type[Schema]) -> dict[str, Any]:
    """The query, loaded as its schema says; raises `Invalid`."""
    return _PARSER.parse(_made(schema), request, location="query")


def body_of(schema: type[Schema], raw: bytes) -> Any:
    """A body, loaded as its schema says, where there is no request; raises as `arguments`."""
    loader = _made(schema)
    try:
        return loader.load(json_of(raw, loader))
    except ValidationError as error:
        raise Invalid(errors=faults_of(error)) from None


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
        return json_of(req.get_data(cache=True), schema)

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


def json_of(raw: bytes, schema: Any) -> Any:
    """The JSON of a body, without NUL characters; raises `NotJson` and `Invalid`."""
    gathered = [name for name, member in schema.fields.items() if isinstance(member, Each)]
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        body = _with_half_characters(raw, gathered)
        if body is None:
            raise NotJson(f"The body is not JSON: {error.msg} at byte {error.pos}.") from None
    if b"\\u0000" in raw:
        _mark_faulty(body, gathered, _has_nul, _NUL)
        if (pointer := next(_nul_pointers(body), None)) is not None:
            raise Invalid.at(pointer, _NUL, code="nul_character")
    return body


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


def _with_half_characters(raw: bytes, gathered: Sequence[str]) -> Any:
    """The body of a phone that gathers, where nothing is wrong with it but an emoji cut in two in one of its items.

    None where it is wrong otherwise, or gathers nothing: orjson, which refuses halves, has the last word then.
    """
    if not gathered or not _HALF.search(raw):
        return None
    try:
        body = json.loads(raw, parse_constant=_no_number)
        _mark_faulty(body, gathered, _is_broken, "Half a character (a lone surrogate) is not text.")
        orjson.dumps(body)  # the rest of it is whole
    except (ValueError, TypeError, RecursionError):
        return None
    return body


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _mark_faulty(body: Any, gathered: Sequence[str], wrong: Callable[[Any], bool], detail: str) -> None:
    """Put a `Faulty` in the place of each item with which something is wrong that no schema can say."""
    for name in gathered if isinstance(body, dict) else ():
        if isinstance(items := body.get(name), list):
            body[name] = [Faulty(detail) if wrong(item) else item for item in items]


def _has_nul(item: Any) -> bool:
    return next(_nul_pointers(item), None) is not None


def _is_broken(item: Any) -> bool:
    """Whether the item is one that cannot be written as JSON in UTF-8."""
    try:
        orjson.dumps(item)
    except TypeError:
        return True
    return False


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
