"""Moments around now, as phones and managers write them."""

from datetime import UTC, datetime, timedelta


def ago(**time: float) -> str:
    """A moment so long ago, on the wire."""
    return later(**{unit: -amount for unit, amount in time.items()}).isoformat()


def ahead(**time: float) -> str:
    """A moment so far ahead, on the wire."""
    return later(**time).isoformat()


def later(**time: float) -> datetime:
    """A moment so far ahead."""
    return datetime.now(UTC) + timedelta(**time)
