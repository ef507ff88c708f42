"""From what a clock on a wall shows to moments. The one place where this is worked out.

Clocks are changed: a time of day may come twice in a day (the hour that is repeated in autumn), or not at all (the one
that is left out in spring). Times are compared in UTC alone, since Python compares two times of one zone by what the
clock shows, and then the second 01:15 of a night is not after the first 01:45.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# No zone changes its clocks there and back within this time.
_STEP, _SECOND = timedelta(hours=12), timedelta(seconds=1)


def moments_of(day: date, clock: time, zone: ZoneInfo) -> list[datetime]:
    """The moments, in UTC, at which a clock in the zone shows this: two where it is repeated.

    Where the clocks leave it out, the moment at which they are changed.
    """
    shown = datetime.combine(day, clock, zone)
    first, second = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first > second:  # left out: before the change by the clock of after it, and the other way round
        return list(changes_between(second - _SECOND, first + _SECOND, zone))[:1]
    return [first] if first == second else [first, second]


def latest(clock: time, zone: ZoneInfo, now: datetime) -> datetime:
    """The last moment not after `now` that begins this time of the day; once a day, the first time it is shown."""
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in (1, 0, -1, -2))
    return next(moment for day in days if (moment := moments_of(day, clock, zone)[0]) <= now)


def changes_between(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments after `begin` and until `end` at which the zone's clocks are changed, in UTC, to the second."""
    at, end = begin.astimezone(UTC), end.astimezone(UTC)
    while at < end:
        later = min(at + _STEP, end)
        if _offset(at, zone) != _offset(later, zone):
            yield _change_within(at, later, zone)
        at = later


def _change_within(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second with the clock of `after`."""
    while after - before > _SECOND:
        middle = before + (after - before) / 2
        if _offset(middle, zone) == _offset(after, zone):
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
