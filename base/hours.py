"""Hours of a week, as people write them: `{"timezone": "Asia/Seoul", "weekly": [{"days": […], "from", "to"}]}`.

A stretch whose end is not after its beginning goes on past midnight and belongs to the day on which it began.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from base.wall_clock import changes_between, moments_of

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


def edges(hours: Mapping[str, Any] | None, timezone: str, begin: datetime, days: int) -> Iterator[datetime]:
    """Every moment from `begin` on, for so many days, at which the hours may open or close; none for unsound hours.

    That is where a stretch begins or ends by the clock, and where the clock itself is changed.
    """
    if hours is None or sound_hours(hours, timezone) is None:
        return
    zone = ZoneInfo(hours.get("timezone") or timezone)
    clocks = {time.fromisoformat(stretch[edge]) for stretch in hours["weekly"] for edge in ("from", "to")}
    today = begin.astimezone(zone).date()
    for ahead in range(-1, days + 1):
        for clock in clocks:
            yield from moments_of(today + timedelta(days=ahead), clock, zone)
    yield from changes_between(begin, begin + timedelta(days=days), zone)


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
