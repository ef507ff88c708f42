"""Hours of a week, as people write them: `{"timezone": "Asia/Seoul", "weekly": [{"days": […], "from", "to"}]}`.

A stretch whose end is not after its beginning goes on past midnight and belongs to the day on which it began.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNREADABLE = (AttributeError, LookupError, OSError, TypeError, ValueError)
_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


def is_open(hours: Mapping[str, Any] | None, moment: datetime, timezone: str = "UTC") -> bool:
    """Whether the moment lies within the hours; no hours at all means always.

    `timezone` counts where the hours name none, so that a person's own hours follow the person. Hours that cannot be
    read are closed: every fix near a place asks, and what nobody can read must neither fail nor let anything through.
    """
    if hours is None:
        return True
    try:
        return _is_open(hours, moment, timezone)
    except _UNREADABLE:
        return False


def sound_hours(hours: Any, timezone: str = "UTC") -> Mapping[str, Any] | None:
    """The hours, or None where nobody can read them: for wishes, which then are none."""
    try:
        for stretch in hours["weekly"]:
            _is_open({**hours, "weekly": [stretch]}, _ANY_MOMENT, timezone)
    except _UNREADABLE:
        return None
    return hours


def _is_open(hours: Mapping[str, Any], moment: datetime, timezone: str) -> bool:
    local = moment.astimezone(ZoneInfo(hours.get("timezone") or timezone))
    return any(_within(stretch, local) for stretch in hours["weekly"])


def _within(stretch: dict[str, Any], local: datetime) -> bool:
    begins, ends = time.fromisoformat(stretch["from"]), time.fromisoformat(stretch["to"])
    clock = local.time()
    if begins < ends:
        return _day(local) in stretch["days"] and begins <= clock < ends
    if clock >= begins:
        return _day(local) in stretch["days"]
    return clock < ends and _day(local - timedelta(days=1)) in stretch["days"]


def _day(local: datetime) -> str:
    return DAYS[local.weekday()]
