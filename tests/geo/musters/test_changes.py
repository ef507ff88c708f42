"""A running roll call follows what becomes known: late data, returns, rooms, ends by the clock, its own end."""

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import update

from base import clock
from geo.models.musters import Muster
from geo.models.stays import Visit
from geo.musters.musters import end, remind_silent
from geo.musters.roll import refresh_running
from geo.stays.silence import end_expired_evidence, end_silent, mark_silent
from tests.stories.actors import actor_of
from tests.stories.checkins import code, marker, scans
from tests.stories.events import head, types
from tests.stories.fixes import FAR, GATE, at_the_gate, fix, stands
from tests.stories.musters import board, calls, counts
from tests.stories.visits import ages
from tests.stories.waiting import until_somebody_waits
from tests.world import Phone, World

HOUR = 3600.0


def test_fixes_of_hours_ago_are_uncertain_and_wake_nobody(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    muster = calls(org.admin, site)
    before = head(alice)
    stands(alice, GATE, time.time() - 3 * HOUR)
    line = board(org.admin, muster)["Alice"]
    assert (line["expected"], line["certain"], line["alerts"]) == ("arrived_late", False, 0)
    assert line["doubts"] == ["not_seen_lately"]
    assert types(alice, before, "muster.") == []
    with world.worker.transaction() as session:
        session.execute(update(Muster).where(Muster.id == UUID(muster)).values(repeat_at=clock.now()))
    with world.worker.transaction() as session:
        remind_silent(session)
    assert types(alice, before, "muster.") == []
    alice.post("/v1/me/fixes", {"fixes": [fix(time.time(), GATE)]})
    line = board(org.admin, muster)["Alice"]
    assert (line["certain"], line["alerts"]) == (True, 1)
    assert types(alice, before, "muster.") == ["muster.started"]


def test_an_app_that_tells_of_yesterday_wakes_nobody(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    bob = org.person("Bob")
    muster = calls(org.admin, site)
    before = head(bob)
    at = datetime.fromtimestamp(time.time() - 20 * HOUR, UTC).isoformat()
    entered = {"place_id": site, "type": "enter", "at": at, "judged_by": "device"}
    bob.post("/v1/me/regions/events", {"events": [entered]})
    assert board(org.admin, muster)["Bob"]["certain"] is False
    assert types(bob, before, "muster.") == []


def test_a_batch_that_leads_through_the_place_is_nobody(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    muster = calls(org.admin, site)
    before = head(alice)
    now = time.time()
    walk = [fix(now - 3 * HOUR + 10 * i, GATE) for i in range(10)]
    walk += [fix(now - 2 * HOUR + 10 * i, FAR) for i in range(10)] + [fix(now, FAR)]
    assert len(alice.post("/v1/me/fixes", {"fixes": walk})["visits"]) == 2
    assert board(org.admin, muster) == {}
    assert types(alice, before, "muster.") == []


def test_fixes_from_half_an_hour_ago_until_now_are_certain(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    muster = calls(org.admin, site)
    now = time.time()
    alice.post("/v1/me/fixes", {"fixes": [fix(now - 60 * i, GATE) for i in range(45)]})
    line = board(org.admin, muster)["Alice"]
    assert (line["certain"], line["alerts"]) == (True, 1)


def test_a_leaver_who_comes_back_is_there(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    screen = marker(org, org.zone(site, at=GATE), "rotating")
    alice = at_the_gate(org, "Alice", minutes_ago=10)
    stands(alice, FAR, time.time() - 240)
    muster = calls(org.admin, site)
    line = board(org.admin, muster)["Alice"]
    assert (line["expected"], line["certain"], line["sources"]) == ("left_recently", False, ["gps"])
    scans(alice, code(org, screen))
    back = board(org.admin, muster)["Alice"]
    assert (back["expected"], back["certain"], back["left_at"]) == ("arrived_late", True, None)
    assert (back["confidence"], back["sources"]) == (3, ["qr"])
    assert back["last_seen_at"] > line["last_seen_at"]


def test_the_board_tells_when_a_phone_falls_silent_and_is_heard_again(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = at_the_gate(org, "Alice")
    muster = calls(org.admin, site)
    before = head(org.admin)
    ages(world, alice, timedelta(minutes=40))
    assert counts(org.admin, muster)["uncertain"] == 1
    assert board(org.admin, muster)["Alice"]["doubts"] == ["not_seen_lately"]
    with world.worker.transaction() as session:
        mark_silent(session)
    stands(alice, GATE, time.time())
    assert board(org.admin, muster)["Alice"]["certain"] is True
    told = [e["data"]["entry"]["certain"] for e in org.admin.syncs(before) if e["type"] == "muster.updated"]
    assert told == [False, True]


def test_time_alone_makes_the_live_board_uncertain(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    scans(alice, code(org, marker(org, site)))
    calls(org.admin, site)
    before = head(org.admin)
    ages(world, alice, timedelta(minutes=31))
    with world.worker.transaction() as session:
        assert refresh_running(session) >= 1
    with world.worker.transaction() as session:
        refresh_running(session)
    updates = [event for event in org.admin.syncs(before) if event["type"] == "muster.updated"]
    assert [event["data"]["counts"]["uncertain"] for event in updates] == [1]


def test_the_roll_of_a_building_calls_its_rooms(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    building = org.zone(site, "Building", at=GATE, floor_low=0, floor_high=2)
    room = org.zone(site, "Room", at=GATE, floor_low=1, floor_high=1)
    cellar = org.zone(site, "Cellar", at=GATE, floor_low=-1, floor_high=-1)
    hut = org.zone(site, "Hut", at=(127.0006, 37.5006))
    early, late = org.person("Early"), org.person("Late")
    elsewhere = [org.person("Below"), org.person("Beside")]
    shown = code(org, marker(org, room))
    scans(early, shown)
    for phone, zone in zip(elsewhere, (cellar, hut), strict=True):
        scans(phone, code(org, marker(org, zone)))
    muster = calls(org.admin, building)
    assert set(board(org.admin, muster)) == {"Early"}
    scans(late, shown)
    assert board(org.admin, muster)["Late"]["expected"] == "arrived_late"
    stands(late, GATE, time.time(), floor=0)
    late.post("/v1/me/check-outs", {"place_id": room})
    assert board(org.admin, muster)["Late"]["left_at"] is None, "still in the building by fixes"
    late.post("/v1/me/check-outs", {"place_id": site})
    assert board(org.admin, muster)["Late"]["left_at"] is not None


def test_an_expired_scan_is_no_departure(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice, bob = org.person("Alice"), org.person("Bob")
    for phone in (alice, bob):
        scans(phone, code(org, marker(org, site)))
    ages(world, alice, timedelta(hours=9))
    with world.worker.transaction() as session:
        assert end_expired_evidence(session) >= 1
    muster = calls(org.admin, site)
    ages(world, bob, timedelta(hours=9))
    with world.worker.transaction() as session:
        end_expired_evidence(session)
    for line in board(org.admin, muster).values():
        assert (line["expected"], line["left_at"], line["certain"]) == ("present", None, False)
        assert line["doubts"] == ["expired", "not_seen_lately"]
    assert counts(org.admin, muster)["left"] == 0
    assert set(board(org.admin, muster)) == {"Alice", "Bob"}


def test_a_silent_phone_is_no_departure(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    at_the_gate(org, "Alice", minutes_ago=5 * 60)
    for job in (mark_silent, end_silent):
        with world.worker.transaction() as session:
            job(session)
    line = board(org.admin, calls(org.admin, site))["Alice"]
    assert (line["expected"], line["doubts"]) == ("present", ["not_seen_lately", "silent"])


def test_who_went_out_of_sight_long_ago_is_not_expected(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    scans(alice, code(org, marker(org, site)))
    ages(world, alice, timedelta(hours=9))
    with world.worker.transaction() as session:
        end_expired_evidence(session)
        mine = Visit.person_id == UUID(alice.id)
        session.execute(update(Visit).where(mine).values(ended_at=clock.now() - timedelta(minutes=61)))
    assert board(org.admin, calls(org.admin, site)) == {}


def test_a_late_word_that_one_had_left_before_the_call(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = at_the_gate(org, "Alice", minutes_ago=100)
    muster = calls(org.admin, site)
    assert board(org.admin, muster)["Alice"]["left_at"] is None
    stands(alice, FAR, time.time() - 90 * 60)
    assert board(org.admin, muster)["Alice"]["left_at"] is not None


def test_nobody_is_called_to_a_roll_call_that_is_ending(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    muster = calls(org.admin, site)
    before, admin = head(alice), actor_of(org.admin)
    arrives = threading.Thread(target=stands, args=(alice, GATE, time.time()))
    with world.worker.transaction() as session:
        end(session, admin, UUID(muster))
        arrives.start()
        until_somebody_waits(session)
    arrives.join()
    assert types(alice, before, "muster.") == []
    assert board(org.admin, muster) == {}


def test_four_wardens_mark_somebody_nobody_expected_at_once(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    dan = org.person("Dan").id
    muster = calls(org.admin, site)
    wardens = [org.signs_in("admin@example.com", "Ada") for _ in range(4)]
    together = threading.Barrier(len(wardens))
    answers: list[int] = []

    def marks(warden: Phone) -> None:
        together.wait()
        path = f"/v1/musters/{muster}/entries/{dan}"
        answers.append(warden.request("PUT", path, {"status": "safe"}).status_code)

    threads = [threading.Thread(target=marks, args=(warden,)) for warden in wardens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 4
    assert list(board(org.admin, muster)) == ["Dan"]
