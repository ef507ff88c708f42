"""Evidence beside GPS: codes, managers, and what undoes what."""

import time

from sqlalchemy import update

from base import clock
from geo.models.stays import Evidence
from geo.stays.silence import end_expired_evidence
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import FAR, GATE, stands
from tests.stories.visits import is_seen, places
from tests.world import World


def test_a_scan_opens_the_room_and_the_house_and_their_feeds(world: World) -> None:
    org = world.organisation()
    site = org.site()
    room = org.zone(site, "Theatre 2", floor_low=3, floor_high=3)
    alice = org.person("Alice")
    answer = scans(alice, code(org, marker(org, room, floor=3)))
    assert {visit["place_id"] for visit in answer["visits"]} == {site, room}
    assert {visit["confidence"] for visit in answer["visits"]} == {2}
    alice.posts(room, "I am here.")


def test_a_feed_that_asks_for_a_code_stays_closed_to_fixes(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE, presence_grade=2)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    assert places(alice)[site]["confidence"] == 1
    alice.posts(site, "hello", 403)
    scans(alice, code(org, marker(org, site)))
    alice.posts(site, "hello")


def test_posting_may_ask_for_more_than_reading(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE, posting_grade=3)
    alice = org.person("Alice", scopes=[site])
    problem = alice.posts(site, "hello", 403)
    assert (problem["code"], problem["needed"], problem["held"]) == ("evidence_too_weak", 3, 0)
    scans(alice, code(org, marker(org, site, "printed")))
    assert alice.posts(site, "hello", 403)["held"] == 2
    scans(alice, code(org, marker(org, site, "rotating")))
    alice.posts(site, "hello")
    org.admin.posts(site, "A manager writes from the office.")


def test_fixes_that_lead_out_of_the_site_end_what_was_scanned_there(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    room = org.zone(site, "Room", at=GATE, floor_low=2, floor_high=2)
    alice = org.person("Alice")
    now = time.time()
    stands(alice, GATE, now - 600)
    scans(alice, code(org, marker(org, room, "rotating")))
    assert set(places(alice)) == {site, room}
    stands(alice, FAR, now + 30)
    assert places(alice) == {}


def test_a_zone_left_by_fixes_is_kept_by_its_code(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    gate = org.zone(site, "Gate", at=GATE)
    alice = org.person("Alice")
    now = time.time()
    stands(alice, GATE, now - 600)
    scans(alice, code(org, marker(org, gate, "rotating")))
    stands(alice, (GATE[0] + 0.00095, GATE[1]), now + 30)
    assert gate in places(alice)
    assert places(alice)[gate]["confidence"] == 3


def test_checking_out_ends_everything_and_fixes_begin_anew(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    gate = org.zone(site, "Gate", at=GATE)
    alice = org.person("Alice")
    now = time.time()
    stands(alice, GATE, now - 300)
    scans(alice, code(org, marker(org, gate)))
    ended = alice.post("/v1/me/check-outs", {"place_id": site})["visits"]
    assert {visit["end_reason"] for visit in ended} == {"checked_out"}
    assert places(alice) == {}
    alice.post("/v1/me/check-outs", {"place_id": site}, 404)
    stands(alice, GATE, now + 30)
    assert set(places(alice)) == {site, gate}


def test_a_manager_says_who_is_there_and_who_is_not(world: World) -> None:
    org = world.organisation()
    site = org.site()
    zone = org.zone(site)
    bob = org.person("Bob")
    is_seen(org, bob, zone)
    assert {visit["confidence"] for visit in places(bob).values()} == {3}
    org.admin.delete(f"/v1/admin/places/{zone}/visits/{bob.id}")
    assert set(places(bob)) == {site}


def test_two_phones_of_one_person_hold_one_visit(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    tablet = org.signs_in("alice@example.com", "Alice")
    now = time.time()
    stands(alice, GATE, now - 300)
    stands(tablet, GATE, now - 290)
    visit = places(alice)[site]["id"]
    stands(alice, FAR, now - 10)
    assert places(alice)[site]["id"] == visit
    stands(tablet, FAR, now)
    assert places(alice) == {}


def test_what_was_scanned_holds_for_its_time_only(fresh_world: World) -> None:
    world = fresh_world
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    scans(alice, code(org, marker(org, site, "rotating")))
    stands(alice, GATE, time.time())
    assert places(alice)[site]["confidence"] == 3
    with world.worker.transaction() as session:
        assert end_expired_evidence(session) == 0
        session.execute(update(Evidence).where(Evidence.source == "qr").values(expires_at=clock.now()))
    with world.worker.transaction() as session:
        assert end_expired_evidence(session) == 1
    assert places(alice)[site]["confidence"] == 1


def test_a_named_floor_lets_fixes_into_the_room(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    room = org.zone(site, "Room", at=GATE, floor_low=2, floor_high=2)
    alice = org.person("Alice")
    now = time.time()
    stands(alice, GATE, now - 300)
    assert set(places(alice)) == {site}
    alice.put("/v1/me/floor", {"floor": 2}, 204)
    stands(alice, GATE, now + 30)
    assert set(places(alice)) == {site, room}
