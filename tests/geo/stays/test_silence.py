"""Phones that fall silent while their last fixes spoke for something."""

import time

from sqlalchemy import update

from base import clock
from geo.models.stays import Evidence
from geo.stays.silence import end_expired_evidence, mark_silent
from tests.geo.stays.test_checkins import code, marker, scans
from tests.geo.stays.test_fixes import FAR, GATE, fix, places_of, stands
from tests.world import World


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
