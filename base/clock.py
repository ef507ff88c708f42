"""The one module that knows what time it is, and how a time looks on the wire."""

from datetime import UTC, datetime


def now() -> datetime:
    """The server's time, aware, in UTC."""
    return datetime.now(UTC)


def wire(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`: `2026-11-23T06:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wire_or_none(moment: datetime | None) -> str | None:
    """As `wire`, for times that may be missing."""
    return None if moment is None else wire(moment)


def read_or_none(wired: str | None) -> datetime | None:
    """The time that `wire_or_none` wrote."""
    return None if wired is None else datetime.fromisoformat(wired)
