"""Hours of organisations, persons and charters: how they are read, and what is not taken outside of them."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from base.hours import is_open
from tests.stories.charters import PURPOSE, promises
from tests.stories.fixes import GATE, fix, positions_of, stands
from tests.stories.hours import ALWAYS, EVERY_DAY, never_now
from tests.stories.visits import places_of
from tests.world import World


def test_fixes_outside_the_hours_are_refused_one_by_one(world: World) -> None:
    org = world.organisation()
    org.site(at=GATE)
    alice = org.person("Alice")
    org.admin.put("/v1/admin/privacy", {"hours": never_now()})
    report = alice.post("/v1/me/fixes", {"fixes": [fix(time.time(), GATE)]})
    refused = {"index": 0, "code": "outside_working_hours", "detail": None}
    assert (report["accepted"], report["refused"]) == (0, [refused])
    assert positions_of(world, alice) == 0
    org.admin.put("/v1/admin/privacy", {"hours": ALWAYS})
    alice.patch("/v1/me/sharing", {"hours": never_now()})
    assert alice.post("/v1/me/fixes", {"fixes": [fix(time.time(), GATE)]})["accepted"] == 0
    alice.patch("/v1/me/sharing", {"hours": None})
    assert alice.post("/v1/me/fixes", {"fixes": [fix(time.time(), GATE)]})["accepted"] == 1


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T21:59:00+09:00", False),  # Monday evening in Seoul, before the night shift
        ("2026-11-23T22:00:00+09:00", True),
        ("2026-11-24T05:59:00+09:00", True),  # goes on past midnight
        ("2026-11-24T06:00:00+09:00", False),
        ("2026-11-24T22:30:00+09:00", False),  # Tuesday has no night shift
    ],
)
def test_a_night_shift_belongs_to_the_day_on_which_it_began(moment: str, expected: bool) -> None:
    hours = {"timezone": "Asia/Seoul", "weekly": [{"days": ["mon"], "from": "22:00", "to": "06:00"}]}
    assert is_open(hours, datetime.fromisoformat(moment)) is expected
    own = {"timezone": None, "weekly": hours["weekly"]}
    assert is_open(own, datetime.fromisoformat(moment), "Asia/Seoul") is expected


@pytest.mark.parametrize("written", ["0٣:00", "24:00", "7:00", "07:00\n", "07:60"])
def test_a_time_of_day_that_no_clock_shows_is_refused(world: World, written: str) -> None:
    org = world.organisation()
    hours = {"timezone": "UTC", "weekly": [{"days": EVERY_DAY, "from": written, "to": "17:00"}]}
    org.admin.put(f"/v1/admin/sites/{org.site()}/charter", {"purpose": PURPOSE, "hours": hours}, 422)
    org.admin.put("/v1/admin/privacy", {"hours": hours}, 422)


@pytest.mark.parametrize(
    ("zone", "stretch"),
    [
        ("UTC", {"days": EVERY_DAY, "from": "0٣:00", "to": "00:00"}),
        ("Mars/Olympus", {"days": EVERY_DAY, "from": "00:00", "to": "00:00"}),
        ("UTC", {"days": EVERY_DAY, "to": "00:00"}),
    ],
)
def test_hours_that_cannot_be_read_are_closed(zone: str, stretch: dict[str, Any]) -> None:
    assert is_open({"timezone": zone, "weekly": [stretch]}, datetime.now(UTC)) is False


def test_outside_the_charters_hours_fixes_do_not_count_at_the_site(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    zone = org.zone(site, at=GATE)
    alice = org.person("Alice")
    now = time.time()
    stands(alice, GATE, now - 300)
    assert set(places_of(alice)) == {site, zone}
    promises(org, site, hours=never_now())
    stands(alice, GATE, now - 200)
    assert places_of(alice) == []
    later = org.zone(site, "Later", at=GATE)
    stands(alice, GATE, now - 100)
    assert places_of(alice) == []
    promises(org, site, hours=None)
    stands(alice, GATE, now)
    assert set(places_of(alice)) == {site, zone, later}
