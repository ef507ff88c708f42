"""Phones that fall silent while their last fixes spoke for something."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from base import clock
from geo.models.stays import DevicePosition, Evidence, Visit
from geo.stays.silence import end_expired_evidence, end_silent, mark_silent
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import FAR, GATE, fix, stands
from tests.stories.visits import places, places_of
from tests.world import Phone, World


def test_one_who_passed_by_and_fell_silent_has_left(fresh_world: World) -> None:
    org = fresh_world.organisation()
    org.site(at=GATE, grace_seconds=0)
    alice = org.person("Alice")
    half_an_hour_ago = time.time() - 1_900
    passing = [fix(half_an_hour_ago, GATE), *(fix(half_an_hour_ago + 5 * n, FAR) for n in range(4, 10))]
    alice.post("/v1/me/fixes", {"fixes": passing})
    assert len(places_of(alice)) == 1

    with fresh_world.worker.transaction() as session:
        mark_silent(session)

    assert places_of(alice) == []
    (visit,) = (e for e in alice.syncs(0) if e["type"] == "visit.ended")
    assert visit["data"]["end_reason"] == "left"


def test_who_is_in_a_place_by_a_code_and_by_fixes_stays_when_the_code_is_over(fresh_world: World) -> None:
    org = fresh_world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    scans(alice, code(org, marker(org, site)))
    stands(alice, GATE, time.time())
    with fresh_world.worker.transaction() as session:
        session.execute(update(Evidence).where(Evidence.source == "qr").values(expires_at=clock.now()))
    with fresh_world.worker.transaction() as session:
        end_expired_evidence(session)
    assert places_of(alice) == [site]


def test_fixes_bring_back_who_was_there_by_a_code_alone(fresh_world: World) -> None:
    org = fresh_world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    stands(alice, FAR, time.time() - 500)
    scans(alice, code(org, marker(org, site)))
    with fresh_world.worker.transaction() as session:
        session.execute(update(Evidence).values(expires_at=clock.now()))
    with fresh_world.worker.transaction() as session:
        end_expired_evidence(session)
    assert places_of(alice) == []
    alice.post("/v1/me/fixes", {"fixes": [fix(time.time(), GATE)]})
    assert places_of(alice) == [site]


def test_a_phone_that_falls_silent_goes_stale_then_ends_at_its_last_fix(fresh_world: World) -> None:
    world = fresh_world
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    position = alice.get("/v1/me")["position"]
    stands(alice, GATE, time.time())
    silent_for(world, alice, timedelta(minutes=31))
    with world.worker.transaction() as session:
        assert mark_silent(session) == 1
    with world.worker.transaction() as session:
        assert mark_silent(session) == 0
        assert end_silent(session) == 0
    assert places(alice)[site]["stale_at"] is not None
    stands(alice, GATE, time.time() + 30)
    assert places(alice)[site]["stale_at"] is None
    last = silent_for(world, alice, timedelta(hours=5))
    with world.worker.transaction() as session:
        mark_silent(session)
    with world.worker.transaction() as session:
        assert end_silent(session) == 1
    assert places(alice) == {}
    told = [event for event in alice.syncs(position) if event["type"].startswith("visit.")]
    assert [event["type"] for event in told] == [
        "visit.started", "visit.stale", "visit.resumed", "visit.stale", "visit.ended",
    ]  # fmt: skip
    assert told[-1]["data"]["end_reason"] == "silent"
    ended = told[-1]["data"]["left_at"]
    assert ended == max(clock.wire(last), told[-1]["data"]["entered_at"])
    stands(alice, GATE, time.time() + 50)
    assert site in places(alice)


def silent_for(world: World, phone: Phone, how_long: timedelta) -> Any:
    last = clock.now() - how_long
    with world.worker.transaction() as session:
        mine = DevicePosition.person_id == UUID(phone.id)
        session.execute(update(DevicePosition).where(mine).values(fixed_at=last))
        visits = select(Visit.id).where(Visit.person_id == UUID(phone.id))
        session.execute(update(Evidence).where(Evidence.visit_id.in_(visits)).values(last_at=last))
    return last
