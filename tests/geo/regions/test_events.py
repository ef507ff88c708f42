"""What the phone's system, or an app that judges by itself, tells of going in and out."""

import time
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from base import clock
from geo.models.stays import DevicePosition
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import GATE, fix, stands
from tests.stories.phone_queue import queued, sends, statuses
from tests.stories.regions import enters, exits, tells_later, word
from tests.stories.times import ago
from tests.stories.visits import places
from tests.world import World


def test_being_in_the_systems_circle_is_being_near(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)  # some 200 m across: larger than the circle's least
    hut = org.zone(site, "Hut", at=GATE)
    alice = org.person("Alice")
    enters(alice, site, hut)
    assert places(alice)[site]["doubtful"] is False
    assert places(alice)[hut]["doubtful"] is True
    alice.posts(site, "hello")
    alice.posts(hut, "hello", 403)
    stands(alice, GATE, time.time())
    alice.posts(hut, "hello")


def test_an_app_that_judges_by_itself_sends_no_coordinates_and_none_are_kept(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    hut = org.zone(site, "Hut", at=GATE)
    alice = org.person("Alice")
    stands(alice, GATE, time.time() - 300)
    alice.patch("/v1/me/sharing", {"mode": "device"})
    assert places(alice) == {}
    with world.worker.transaction() as session:
        assert (
            session.scalars(select(DevicePosition).where(DevicePosition.person_id == UUID(alice.id))).all()
            == []
        )
    refused = alice.post("/v1/me/fixes", {"fixes": [fix(time.time(), GATE)]}, 409)
    assert refused["code"] == "coordinates_off"
    enters(alice, hut, judged_by="device")
    assert set(places(alice)) == {site, hut}  # who is in the hut is at the site
    alice.posts(hut, "hello")
    exits(alice, hut, judged_by="device")
    assert set(places(alice)) == {site}
    exits(alice, site, judged_by="device")
    assert places(alice) == {}


def test_region_events_may_be_repeated_late_and_wrong(world: World) -> None:
    org, theirs = world.organisation(), world.organisation()
    site, secret = org.site(), org.site("Vault", admission="assigned")
    alice = org.person("Alice")
    assert enters(alice, site) == ["taken"]
    assert enters(alice, site) == ["known"]
    assert enters(alice, secret, theirs.site()) == ["refused", "refused"]
    old = {"place_id": site, "type": "exit", "at": "1970-01-01T00:00:00Z"}
    before = {"place_id": site, "type": "exit", "at": clock.wire(clock.now() - timedelta(hours=1))}
    items = alice.post("/v1/me/regions/events", {"events": [old, before]})["items"]
    assert [(item["outcome"], item["code"]) for item in items] == [
        ("refused", "event_too_old"),
        ("known", None),
    ]
    assert set(places(alice)) == {site}


def test_an_app_that_saw_one_leave_the_site_ends_what_its_phone_had_scanned_there(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    hut = org.zone(site, "Hut", at=GATE)
    alice = org.person("Alice")
    alice.patch("/v1/me/sharing", {"mode": "device"})
    scans(alice, code(org, marker(org, hut)))
    enters(alice, hut, judged_by="device")
    exits(alice, hut, judged_by="device")
    assert set(places(alice)) == {site, hut}  # the code at the door is better evidence than the phone
    exits(alice, site, judged_by="device")
    assert places(alice) == {}


@pytest.mark.parametrize("judged_by", ["region", "device"])
def test_a_going_out_that_is_told_late_takes_back_no_newer_coming_in(world: World, judged_by: str) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    assert tells_later(alice, word("enter", site, ago(minutes=10), judged_by)) == ["taken"]
    tells_later(alice, word("enter", site, ago(minutes=2), judged_by))
    assert tells_later(alice, word("exit", site, ago(minutes=5), judged_by)) == ["known"]
    assert site in places(alice)
    assert tells_later(alice, word("exit", site, ago(minutes=1), judged_by)) == ["taken"]
    assert site not in places(alice)


def test_a_check_out_that_is_told_late_takes_back_no_newer_scan(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    tells_later(alice, word("enter", site, ago(minutes=30)))
    scans(alice, code(org, marker(org, site)))
    late = queued("check_out", "client-01", ago(minutes=10), place_id=site)
    assert statuses(sends(alice, late)) == [200]
    assert site in places(alice)
    alice.post("/v1/me/check-outs", {"place_id": site})
    assert site not in places(alice)
