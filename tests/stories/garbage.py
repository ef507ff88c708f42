"""What nobody means to send, and somebody does."""

import base64
import copy
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from api.paging import encode_cursor

FIRST_ID, LAST_ID, NO_ID = str(UUID(int=7 << 76)), str(UUID(int=2**128 - 1)), str(UUID(int=0))
MOMENTS = [
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999-14:00",
    "8999-12-31T23:59:59.999999Z",
    "1900-01-01T00:00:01Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "10000-01-01T00:00:00Z",
]
FAR_AWAY = ["2026-01-01T00:00:00+20:00", "2026-01-01T00:00:00-23:59:59.999999"]
NUMBERS = [2**31, 2**63 - 1, 2**63, 2**64, 10**300, -(2**63) - 1, 1e308, 5e-324, 0.5]
PILE = "e" + "\u0301\u0315" * 200
TEXTS = ["", "\0", "\ufffe", "\u202e", PILE, "%s{0}'\"\\;--", "x" * 5_000, LAST_ID]
SHAPES: list[Any] = [None, True, [], {}, [[]], [{}] * 3, ["x"] * 200, {"coordinates": [1] * 20_000}]
ANYTHING: list[Any] = [*MOMENTS, *FAR_AWAY, *NUMBERS, *TEXTS, *SHAPES]
SEGMENTS = ["%00", "a%00b", "%ff", "%F0%9F", "..%2f..", "x" * 3_000, "%E2%80%AE", "-1", LAST_ID, NO_ID]


def cursors() -> Iterator[str]:
    """Cursors of no list, of another one, and from the ends of the world."""
    yield from ("", "=", "a", "%00", "%ff", "é", "A" * 200, "A" * 201)
    for raw in (
        b"\xff\0",
        b"{}",
        b"null",
        b'"abc"',
        b"1",
        b"[" * 100,
        b"[1e400]",
        b"[18446744073709551616]",
        b'["\\u0000"]',
    ):
        yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
    for moment in (*MOMENTS, "2026-01-01T00:00:00", "2026-01-01", "9999-W52-7", *FAR_AWAY):
        yield encode_cursor(moment, FIRST_ID)
    for key in (FIRST_ID, LAST_ID, NO_ID, -(2**63), 2**64 - 1, 2**31, -1, 0.5, None, True, []):
        yield encode_cursor(key)


def spoiled(example: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A good body with each of its members, in turn, made into anything."""
    for path in _members(example):
        for value in ANYTHING:
            body = copy.deepcopy(example)
            inside: Any = body
            for step in path[:-1]:
                inside = inside[step]
            inside[path[-1]] = value
            yield body


def _members(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _members(inner, (*path, name))
    elif isinstance(value, list) and value:
        yield from _members(value[0], (*path, 0))
