"""Reading requests: strict JSON, no unknown members anywhere, and a pointer to every fault.

What a body costs is bounded by its length: it is measured before it is parsed (`api/strict_json.py`), each list before
its items are read (`schemas/lists.py`), and of what is wrong only so much is looked for as is told.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import Any, NoReturn

from flask import Request, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from api.route import Declaration
from api.strict_json import escaped, read_json
from base.errors import Invalid, Problem, Unauthenticated
from base.work.offload import offload
from schemas.base import MOST_FAULTS, Each

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class TooLarge(Problem):
    """The body is larger than its route takes; `max_body` says how many bytes that is."""

    status, code, title = 413, "too_large", "The body is too large"


class UnsupportedMediaType(Problem):
    """The body is something else than JSON."""

    status, code, title = 415, "unsupported_media_type", "Send JSON, with Content-Type: application/json"


def bearer_token() -> str:
    """The request's token; raises `Unauthenticated` where it has none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token.strip()


def read_body(most_bytes: int) -> None:
    """Read the body, for `request.get_data()` to give; raises `TooLarge`, before reading where the length is told."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    if (request.content_length or 0) > most_bytes:
        raise _too_large(most_bytes)
    # Of a body in chunks werkzeug gives the beginning and keeps silent on the rest: one byte too many shows it.
    request.max_content_length = most_bytes + 1
    if len(request.get_data(cache=True)) > most_bytes:
        raise _too_large(most_bytes)


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"The body may have {most_bytes} bytes at most.", max_body=most_bytes)


def arguments(declared: Declaration, made: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
    """Query and body, as far as declared, for the view; raises `Invalid` and what else is the matter with them.

    `made` is what was made of the body already (`api/making.py`), or why that was not possible. Each attempt gets
    a body of its own.
    """
    found = dict(made)
    if declared.query is not None:
        found["query"] = query_of(declared.query)
    else:
        for name in request.args:
            raise Invalid.at(f"/{name}", "Unknown field.")
    if isinstance(found.get("body"), Problem):
        raise found["body"]
    if isinstance(found.get("body"), dict):
        found["body"] = dict(found["body"])
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


def json_of(raw: bytes, schema: Schema) -> Any:
    """The JSON of a body, within the bounds of its schema; raises as `read_json`."""
    gathered = {name: each.most for name, each in schema.fields.items() if isinstance(each, Each)}
    return read_json(raw, gathered, getattr(schema, "most_values", None))


def faults_of(error: ValidationError) -> list[dict[str, str]]:
    """What marshmallow found, as pointers and messages; one more than is told, where there are so many."""
    tree: Any = error.messages
    if isinstance(tree, dict) and len(tree) == 1 and next(iter(tree)) in ("json", "query"):
        tree = next(iter(tree.values()))
    return list(islice(_faults(tree, ""), MOST_FAULTS + 1))


def _faults(tree: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _faults(value, pointer if key == "_schema" else f"{pointer}/{escaped(key)}")
    elif isinstance(tree, list):
        for value in tree:
            yield from _faults(value, pointer)
    else:
        yield {"pointer": pointer, "message": str(tree)}
