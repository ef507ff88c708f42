"""Wall clocks and moments, minute by minute through a year of clocks that are changed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from base.wall_clock import changes_between, latest, moments_of
from push.sending.checks import Wishes, is_quiet, quiet_ends

ZONES = [
    "America/New_York",
    "America/Santiago",  # left out at midnight
    "America/St_Johns",
    "America/Havana",
    "Europe/Berlin",
    "Europe/Dublin",  # winter is what is saved
    "Africa/Casablanca",
    "Asia/Seoul",
    "Asia/Beirut",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Auckland",
    "Pacific/Chatham",
]
MINUTE = timedelta(minutes=1)
QUIET = [("22:00", "01:30"), ("22:00", "07:00"), ("01:15", "02:45"), ("00:00", "00:30")]


def wishes(zone: str, begin: str, end: str) -> Wishes:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    hours: dict[str, Any] = {"weekly": [{"days": days, "from": begin, "to": end}]}
    return Wishes(zone, quiet_hours=hours)


def changes(zone: ZoneInfo) -> list[datetime]:
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    return list(changes_between(new_year, new_year + timedelta(days=365), zone))


def stretches(zone: ZoneInfo, around: timedelta) -> Iterator[list[datetime]]:
    """Every minute around each change of the clocks, and around a moment without any."""
    for middle in [*changes(zone), datetime(2026, 4, 11, 12, tzinfo=UTC)]:
        first = middle.replace(second=0) - around
        yield [first + minute * MINUTE for minute in range(int(2 * around / MINUTE))]


@pytest.mark.parametrize("name", ZONES)
def test_every_minute_is_found_again(name: str) -> None:
    zone = ZoneInfo(name)
    common = [datetime(2026, 1, 1, tzinfo=UTC) + 31 * MINUTE * step for step in range(365 * 24 * 60 // 31)]
    for at in [*common, *(at for stretch in stretches(zone, timedelta(days=1)) for at in stretch)]:
        shown = at.astimezone(zone)
        assert at in moments_of(shown.date(), shown.time(), zone)


@pytest.mark.parametrize("name", ZONES)
def test_what_a_clock_never_shows_is_the_moment_of_its_change(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(zone):
        before, after = ((change + by).astimezone(zone) for by in (-MINUTE, timedelta(0)))
        shown = before.replace(tzinfo=None) + MINUTE
        while shown < after.replace(tzinfo=None):
            assert moments_of(shown.date(), shown.time(), zone) == [change]
            shown += MINUTE


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize(("begin", "end"), QUIET)
def test_quiet_ends_in_the_first_minute_that_is_not_quiet(name: str, begin: str, end: str) -> None:
    wanted, looked_at = wishes(name, begin, end), 0
    for stretch in stretches(ZoneInfo(name), timedelta(hours=12)):
        ends = None
        for at in reversed(stretch):
            if not is_quiet(wanted, at):
                ends = at
            elif ends is not None:
                looked_at += 1
                assert quiet_ends(wanted, at) == ends, (at.astimezone(ZoneInfo(name)), ends)
    assert looked_at > 0


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("clock", [time(0, 0), time(1, 30), time(2, 30), time(23, 50), time(23, 59)])
def test_a_time_of_the_day_comes_once_a_day(name: str, clock: time) -> None:
    zone = ZoneInfo(name)
    at, seen = datetime(2026, 1, 1, tzinfo=UTC), set[datetime]()
    while at < datetime(2027, 1, 1, tzinfo=UTC):
        seen.add(latest(clock, zone, at))
        at += timedelta(hours=3)
    days = sorted(moment.astimezone(zone).date() for moment in seen)
    first = date(2025, 12, 31)
    assert set(days) >= {first + timedelta(days=ahead) for ahead in range(2, 364)}
    gaps = [later - earlier for earlier, later in zip(sorted(seen), sorted(seen)[1:], strict=False)]
    assert min(gaps) >= timedelta(hours=22)
    assert max(gaps) <= timedelta(hours=26)
