"""Bodies that are dear to judge: endless members, lists, depth, numbers, for every route and at its own bound."""

import contextlib
import re
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.attack.case import Case
from bench.attack.client import Answer, at_once
from bench.attack.stage import Kind, Stage
from tests.api.operations import OPERATIONS, json_body
from tests.stories.things import filled

LARGEST_REFUSAL = 64 * 1024
_NOBODY = "01a20a00-0000-7000-8000-000000000000"
_UNREAD = 20


def unknown_members(stage: Stage) -> list[str]:
    """More members than a body may have at all, and as many as it may, from nobody."""
    everything = b"{" + b",".join(b'"a%d":0' % number for number in range(1_600_000)) + b"}"
    small = everything[: 64 * 1024 - 2].rpartition(b",")[0] + b"}"
    stranger = stage.client()
    answers = [stranger.ask("POST", "/v1/sessions", everything)]
    answers += at_once([partial(stage.client().ask, "POST", "/v1/sessions", small) for _ in range(40)], 8)
    return list(_too_much(answers))


def endless_lists(stage: Stage) -> list[str]:
    """200,000 empty fixes, and as many as fit; the same of whatever else phones gather."""
    token = stage.tokens(1)[0]
    lists = {"/v1/me/fixes": "fixes", "/v1/me/regions/events": "events", "/v1/me/device/reports": "reports"}
    acts = []
    for path, name in lists.items():
        for item, count in ((b"{}", 200_000), (b"{}", 85_000), (b"0", 120_000), (b"[[]]", 50_000)):
            body = b'{"%s":[' % name.encode() + b",".join([item] * count) + b"]}"
            acts += [partial(stage.client(token).ask, "POST", path, body) for _ in range(3)]
    queued = b'{"items":[' + b",".join([b"{}"] * 1_600_000) + b"]}"
    acts += [partial(stage.client(token).ask, "POST", "/v1/me/outbox", queued) for _ in range(3)]
    mentions = b'{"text":"x","mentions":[' + b",".join([b'"x"'] * 60_000) + b"]}"
    path = f"/v1/scopes/{stage.site}/posts"
    acts += [partial(stage.client(token).ask, "POST", path, mentions) for _ in range(3)]
    return list(_too_much(at_once(acts, 4)))


def every_body(stage: Stage) -> list[str]:
    """Each route that takes a body: the dearest ones, as large as it takes them, from an administrator."""
    client, known = stage.administrator(), known_ids(stage)
    found: list[str] = []
    for method, path, operation in OPERATIONS:
        if not json_body(operation) or "sessions" in path:
            continue
        for body in _dear(operation, operation["x-max-body"]):
            answer = client.ask(method, filled(path, known), body, If_Match="*")
            found += [f"{method} {path}: {fault}" for fault in _too_much([answer])]
            if 200 <= answer.status < 300:
                found.append(f"{method} {path}: {body[:40]!r} was taken")
    return found


def unread_answers(stage: Stage) -> list[str]:
    """Large answers that nobody reads: the memory comes back."""
    token = stage.tokens(1)[0]
    body = b'{"fixes":[' + b",".join([b"{}"] * 80_000) + b"]}"
    head = (
        f"POST /v1/me/fixes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    document = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    deaf = []
    for number in range(_UNREAD):
        connection = socket.create_connection(("127.0.0.1", stage.port), 10, ("127.0.0.3", 0))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(5)
        with contextlib.suppress(OSError):  # being cut is as good
            connection.sendall(head + body if number % 2 else document * 20)
        deaf.append(connection)
    grew = stage.memory()
    for connection in deaf:
        connection.close()
    return [] if grew < 400 else [f"unread answers hold {grew:.0f} MB"]


def _dear(operation: dict[str, Any], most: int) -> Iterator[bytes]:
    most = min(most, 4 * 1024 * 1024)
    yield b"{" + b",".join(b'"m%d":[]' % n for n in range(most // 16)) + b"}"
    yield b"[" * (most // 2) + b"]" * (most // 2)
    yield b'{"x":' * (most // 6) + b"0" + b"}" * (most // 6)
    yield b'{"x":' + b"9" * (most - 10) + b"}"
    for name in json_body(operation).get("example") or {}:
        key = name.encode()
        yield b'{"%s":[' % key + b",".join([b"{}"] * (most // 3 - 16)) + b"]}"
        yield b'{"%s":"' % key + b"\\u0041" * (most // 6 - 16) + b'"}'
        yield b'{"%s":' % key + b"1e400" + b"}"
        yield b'{"%s":' % key + b"18446744073709551616" + b"}"


def _too_much(answers: list[Answer]) -> Iterator[str]:
    for answer in answers:
        if len(answer.body) > LARGEST_REFUSAL and answer.status >= 400:
            yield f"a refusal of {len(answer.body)} bytes"
        if answer.status == 0:
            yield "no answer"


def known_ids(stage: Stage) -> dict[str, str]:
    """Ids for the paths: of what is there where that matters, of nothing elsewhere."""
    paths = " ".join(path for _, path, _ in OPERATIONS)
    return dict.fromkeys(["zone_id", *re.findall(r"{(\w+)}", paths)], _NOBODY) | {
        "site_id": stage.site,
        "scope_id": stage.site,
        "place_id": stage.site,
        "kind": "presence",
    }


CASES = (
    Case("bodies.unknown_members", unknown_members, on=Kind.UNPACED),
    Case("bodies.endless_lists", endless_lists, on=Kind.UNPACED),
    Case("bodies.every_body", every_body, on=Kind.UNPACED),
    Case("bodies.unread_answers", unread_answers, on=Kind.UNPACED),
)
