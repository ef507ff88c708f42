"""Small doors: paths, queries, headers and cursors of garbage, for every route. Nothing is a fault of the server."""

import base64
import itertools
import socket
from urllib.parse import quote

from bench.attack.bodies import known_ids
from bench.attack.case import Case
from bench.attack.stage import Kind, Stage
from tests.api.operations import OPERATIONS, json_body, least_query
from tests.stories.things import filled

_GARBAGE = (
    *("%00", "%2e%2e%2f", "%ff%fe", "%C0%80", "a" * 5_000, "%0d%0aX:%20y", "%F0%9F%92%A9", "..%2f..", "{}"),
    *("-1", "9" * 400, "1e999", "NaN", "null", "0x7f", "%u0000", "%25%30%30"),
)
_TIMES = (
    *("9999-12-31T23:59:59.999999+00:00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"),
    *("0000-00-00T00:00:00Z", "2026-02-30T00:00:00Z", "infinity", "-infinity", "10000-01-01T00:00:00Z"),
)
_HEADERS = (
    *("Authorization", "Idempotency_Key", "If_Match", "If_None_Match"),
    *("Accept_Language", "Accept_Encoding", "Range", "Content_Encoding", "Origin"),
)
_VALUES = (
    "",
    "\xff" * 20,
    "a" * 7_000,
    "*;q=9999",
    '"',
    "W/",
    "bytes=0-,1-,2-",
    "gzip",
    "Bearer " + "." * 200,
)
_CURSORS = ("9" * 30, "-1", "0", "null", "[]", "{}", '["a"]', "[1e400]", "\0", "\ud7ff", *_TIMES)


def paths(stage: Stage) -> list[str]:
    """Garbage in the place of every id, by an administrator."""
    client = stage.administrator()
    for method, path, operation in OPERATIONS:
        for garbage in _GARBAGE if "{" in path else ():
            asked = filled(path, dict.fromkeys(known_ids(stage), garbage))
            client.ask(method, asked, json_body(operation).get("example"), If_Match="*")
    return []


def queries(stage: Stage) -> list[str]:
    """Garbage in the place of every parameter, and of every cursor in all forms that one may have."""
    client, known = stage.administrator(), known_ids(stage)
    for method, path, operation in OPERATIONS:
        if method != "GET":
            continue
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                tried = [*_GARBAGE, *map(quote, _TIMES)]
                tried += _cursors() if parameter["name"] == "cursor" else []
                for value in tried:
                    client.ask(
                        "GET",
                        f"{filled(path, known)}{least_query(operation) or '?'}&{parameter['name']}={value}",
                    )
    return []


def headers(stage: Stage) -> list[str]:
    """Headers, methods and request lines that are none."""
    client = stage.administrator()
    for name, value in itertools.product(_HEADERS, _VALUES):
        for path in ("/v1/me", f"/v1/scopes/{stage.site}/posts", f"/v1/sites/{stage.site}/bundle"):
            client.ask("GET", path, **{name: value})
        client.ask("POST", f"/v1/scopes/{stage.site}/posts", {"text": "x"}, **{name: value})
    for method in ("TRACE", "PROPFIND", "OPTIONS", "HEAD", "X" * 300):
        client.ask(method, "/v1/me")
    client.close()
    return [fault for line in _LINES if (fault := _raw(stage, line))]


_LINES = (
    b"GET /v1/me HTTP/9.9\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/me HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    b"GET /v1/me HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5_000)) + b"\r\n",
    b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    b"GET http://[::1/v1/me HTTP/1.1\r\nHost: x\r\n\r\n",
    bytes(range(256)) * 40,
)


def _raw(stage: Stage, data: bytes) -> str | None:
    """What a request that is none was answered with, where that is a fault of the server."""
    with socket.create_connection(("127.0.0.1", stage.port), 10) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            said = connection.recv(4_096)
        except OSError:
            return None
    status = said.split(b" ", 2)[1:2]
    return f"{data[:40]!r}: {said[:40]!r}" if status and status[0].startswith(b"5") else None


def _cursors() -> list[str]:
    plain = [quote(value, errors="replace") for value in _CURSORS]
    coded = [base64.urlsafe_b64encode(value.encode("utf-8", "replace")).decode() for value in _CURSORS]
    return [*plain, *coded, *(value.rstrip("=") for value in coded), "====", "A", "%80"]


CASES = (
    Case("doors.paths", paths, on=Kind.UNPACED),
    Case("doors.queries", queries, on=Kind.UNPACED),
    Case("doors.headers", headers, on=Kind.UNPACED),
)
