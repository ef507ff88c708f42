"""JSON as it comes in, measured in bytes before anything is made of it, and strict: no NaN, no broken UTF-8, no NUL.

Everything here is a function of bytes, and costs no more than their number.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NoReturn

import orjson

from api import bounds
from base.errors import Faulty, Invalid, Problem

_NUL = "NUL characters are not text."
_ESCAPED_NUL = b"\\u0000"
_AS_BRACKETS, _NO_BRACKETS = bytes.maketrans(b"{}", b"[]"), bytes(set(range(256)) - set(b"{}[]"))
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_MOST_SEARCHED = 10_000


class NotJson(Problem):
    """The body cannot be read as JSON."""

    code, title = "not_json", "The body is not JSON"


class TooDeep(Problem):
    """Lists and objects in each other, more of them than anything here has."""

    code, title = "nested_too_deep", "The body is nested too deep"


class TooMany(Problem):
    """More values than any body of its kind has, counted before they are made."""

    status, code, title = 422, "too_many_values", "The body has too many values"


Gathered = Mapping[str, int]
"""The lists of a body in which a faulty item does not hold up the others, and how long each may be."""


def read_json(raw: bytes, gathered: Gathered, most_values: int | None = None) -> Any:
    """A body, parsed by orjson; raises `NotJson`, `TooMany`, `TooDeep`, or `Invalid` for one with NUL characters."""
    structure = _structure(raw, most_values)
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        body = _with_half_characters(raw, gathered)
        if body is None:
            raise _unreadable(error) from None
    if _is_deep(structure):
        raise _too_deep()
    if _tells_nul(raw):
        _mark_faulty(body, gathered, _has_nul, _NUL)
        if _has_nul(body):
            raise Invalid.at(next(_nul_pointers(body), ""), _NUL, code="nul_character")
    return body


def _structure(raw: bytes, most_values: int | None) -> bytes:
    """The body without its texts, which lie between quotes that are not escaped; raises `TooMany`."""
    plain = raw.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in raw else raw
    if most_values is not None and plain.count(b'"') > 4 * most_values:
        raise _too_many(most_values)
    structure = b"".join(plain.split(b'"')[::2])
    if most_values is not None and structure.count(b",") > most_values:
        raise _too_many(most_values)
    _check_opened(structure, most_values)
    return structure


def _check_opened(structure: bytes, most_values: int | None) -> None:
    """Raises where so many lists and objects are opened that it need not be looked how deep they lie.

    To look takes a pass for each level. There is one more innermost value than commas, in so many others at most.
    """
    opened = structure.count(b"[") + structure.count(b"{")
    if opened > bounds.DEPTH * (structure.count(b",") + 1):
        raise _too_deep()
    if most_values is not None and opened > 2 * most_values:
        raise _too_many(most_values)


def _too_many(most_values: int) -> TooMany:
    return TooMany(f"The body may have {most_values} values at most.")


def _unreadable(error: orjson.JSONDecodeError) -> Problem:
    if error.msg.startswith("depth limit"):
        return _too_deep()
    return NotJson(f"The body is not JSON: {error.msg} at byte {error.pos}.")


def _too_deep() -> TooDeep:
    return TooDeep(f"Lists and objects may lie {bounds.DEPTH} deep in each other.")


def _is_deep(structure: bytes) -> bool:
    """Whether more than `bounds.DEPTH` lists and objects lie in each other, in what is known to be JSON."""
    left = structure.translate(_AS_BRACKETS, _NO_BRACKETS)
    for _ in range(bounds.DEPTH):
        if not left:
            return False
        left = left.replace(b"[]", b"")  # the innermost of all
    return bool(left)


def _with_half_characters(raw: bytes, gathered: Gathered) -> Any:
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


def _mark_faulty(body: Any, gathered: Gathered, wrong: Callable[[Any], bool], detail: str) -> None:
    """Put a `Faulty` in the place of each item with which something is wrong that no schema can say."""
    for name, most in gathered.items() if isinstance(body, dict) else ():
        if isinstance(items := body.get(name), list) and len(items) <= most:
            body[name] = [Faulty(detail) if wrong(item) else item for item in items]


def _has_nul(item: Any) -> bool:
    return _tells_nul(orjson.dumps(item))


def _tells_nul(raw: bytes) -> bool:
    """Whether a NUL is in JSON, and not a backslash before `u0000`."""
    return _ESCAPED_NUL in raw and _ESCAPED_NUL in raw.replace(b"\\\\", b"")


def _is_broken(item: Any) -> bool:
    """Whether the item is one that cannot be written as JSON in UTF-8."""
    try:
        orjson.dumps(item)
    except TypeError:
        return True
    return False


def _nul_pointers(body: Any) -> Iterator[str]:
    """Where NUL characters stand, as far as is looked: they are in the body, and to say where is a courtesy."""
    pending: list[tuple[Any, str]] = [(body, "")]
    for _ in range(_MOST_SEARCHED):
        if not pending:
            return
        value, pointer = pending.pop()
        if isinstance(value, str) and "\0" in value:
            yield pointer
        elif isinstance(value, list):
            pending += [(item, f"{pointer}/{i}") for i, item in enumerate(value[:_MOST_SEARCHED])]
        elif isinstance(value, dict):
            members = list(islice(value.items(), _MOST_SEARCHED))
            pending += [(key, pointer) for key, _ in members]
            pending += [(item, f"{pointer}/{escaped(key)}") for key, item in members]


def escaped(key: Any) -> str:
    """A member's name, as a part of a JSON pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")
