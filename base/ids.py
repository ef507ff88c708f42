"""Ids are UUIDv7 (RFC 9562): they sort by the time of their making, so an index on them is an index on time."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

_VERSION_AND_VARIANT = (7 << 76) | (0b10 << 62)


def new_id() -> UUID:
    """A fresh id; ids made by one process are strictly increasing."""
    return uuid7()


def first_id_at(moment: datetime) -> UUID:
    """The smallest id that can have been made in the millisecond of `moment`."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | _VERSION_AND_VARIANT)
