"""Opaque cursors: the sort key of the last item, in base64. They are not secrets; whatever they say is checked."""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson

from base.errors import Invalid
from schemas.base import EARLIEST, LATEST

Key = TypeVar("Key")


def encode_cursor(*key: Any) -> str:
    """The cursor for an item's sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(cursor: str | None, parse: Callable[..., Key]) -> Key | None:
    """The sort key in a cursor, or None without one; raises `Invalid`."""
    if cursor is None:
        return None
    try:
        return parse(*orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error):
        raise Invalid.at("/cursor", "Not a cursor of this list.", code="cursor_invalid") from None


def by_id(value: str) -> UUID:
    """A key that is an id."""
    return UUID(value)


def by_number(value: object) -> int:
    """A key that is a whole number, as versions are."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError
    return value


def by_moment(moment: str, value: str) -> tuple[datetime, UUID]:
    """A key of a time, with its offset, and an id."""
    given = datetime.fromisoformat(moment)
    at = given.astimezone(UTC)  # PostgreSQL does not take every offset that Python does
    if given.tzinfo is None or not EARLIEST <= at <= LATEST:
        raise ValueError
    return at, UUID(value)


def page(items: list[dict[str, Any]], limit: int, key: Callable[[], tuple[Any, ...]]) -> dict[str, Any]:
    """A list's answer; a full page has a next one, which may turn out to be empty."""
    more = len(items) == limit
    return {"items": items, "next": encode_cursor(*key()) if more else None}
