"""Roll calls: who is expected, who answers, who is called again, and what stays."""

import csv
import io
import threading
import time
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from base import clock
from geo.models.musters import Muster
from geo.models.stays import DevicePosition, Evidence, Visit
from geo.musters.musters import remind_silent
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import FAR, GATE, at_the_gate, stands
from tests.stories.musters import NO_BURST, board, calls, counts
from tests.world import Phone, World


def test_everyone_there_is_called_and_answers(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice, bob = at_the_gate(org, "Alice"), at_the_gate(org, "Bob")
    org.person("Carol")
    position = alice.get("/v1/me")["position"]
    muster = calls(org.admin, site)
    assert set(board(org.admin, muster)) == {"Alice", "Bob"}
    (card,) = alice.get("/v1/me/musters")["items"]
    assert (card["message"], card["your_status"]) == ("Fire in hall 2", "unaccounted")
    point = {"type": "Point", "coordinates": [127.0, 37.5]}
    alice.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    bob.put(f"/v1/musters/{muster}/answer", {"status": "need_help", "text": "my leg", "point": point})
    lines = board(org.admin, muster)
    assert lines["Alice"]["status"] == "safe"
    assert (lines["Bob"]["text"], lines["Bob"]["point"]) == ("my leg", point)
    assert counts(org.admin, muster) == {
        "expected": 2, "unaccounted": 0, "safe": 1, "need_help": 1, "uncertain": 0, "left": 0, **NO_BURST,
    }  # fmt: skip
    told = [event["type"] for event in alice.syncs(position)]
    assert "muster.started" in told
    assert "muster.updated" not in told


def test_the_board_is_live_for_those_who_oversee_it(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    manager, warden = org.person("Mo"), org.person("Will")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{manager.id}", {"role": "manager"})
    alice = at_the_gate(org, "Alice")
    position = warden.get("/v1/me")["position"]
    muster = calls(manager, site, warden_ids=[warden.id])
    alice.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    for phone in (manager, warden):
        updates = [event["data"] for event in phone.syncs(position) if event["type"] == "muster.updated"]
        assert updates[-1]["entry"]["person"]["name"] == "Alice"
        assert updates[-1]["counts"]["safe"] == 1
    marked = warden.put(f"/v1/musters/{muster}/entries/{org.person('Dan').id}", {"status": "safe"})
    assert marked["expected"] == "added"


def test_nobody_else_sees_the_board(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice, carol = at_the_gate(org, "Alice"), org.person("Carol")
    muster = calls(org.admin, site)
    for path in ("", "/entries", "/report", "/report.csv"):
        alice.get(f"/v1/musters/{muster}{path}", 403)
        carol.get(f"/v1/musters/{muster}{path}", 404)
    alice.put(f"/v1/musters/{muster}/entries/{carol.id}", {"status": "safe"}, 403)
    alice.post(f"/v1/musters/{muster}/end", status=403)
    carol.put(f"/v1/musters/{muster}/answer", {"status": "safe"}, 403)
    carol.post(f"/v1/admin/places/{site}/musters", {"message": "x"}, 403)


def test_what_is_uncertain_is_shown_as_uncertain(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    at_the_gate(org, "Fresh")
    silent = at_the_gate(org, "Silent")
    mocked = org.person("Mocked")
    stands(mocked, GATE, time.time(), mock=True)
    gone = at_the_gate(org, "Gone", minutes_ago=8)
    stands(gone, FAR, time.time() - 240)
    long_gone = at_the_gate(org, "Longgone", minutes_ago=60)
    stands(long_gone, FAR, time.time() - 50 * 60)
    with world.worker.transaction() as session:
        old = clock.now() - timedelta(minutes=40)
        mine = DevicePosition.person_id == UUID(silent.id)
        session.execute(update(DevicePosition).where(mine).values(fixed_at=old))
        visits = Visit.person_id == UUID(silent.id)
        session.execute(update(Evidence).where(Evidence.visit_id == Visit.id, visits).values(last_at=old))
    lines = board(org.admin, calls(org.admin, site))
    assert set(lines) == {"Fresh", "Silent", "Mocked", "Gone"}
    assert {name: line["certain"] for name, line in lines.items()} == {
        "Fresh": True, "Silent": False, "Mocked": False, "Gone": False,
    }  # fmt: skip
    assert lines["Silent"]["doubts"] == ["not_seen_lately"]
    assert lines["Mocked"]["doubts"] == ["position_doubtful"]
    assert lines["Gone"]["expected"] == "left_recently"
    assert lines["Gone"]["left_at"] is not None


def test_latecomers_are_called_and_leavers_are_marked(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    zone = org.zone(site, at=GATE)
    alice = at_the_gate(org, "Alice", minutes_ago=2)
    muster = calls(org.admin, site)
    bob = org.person("Bob")
    scans(bob, code(org, marker(org, zone)))
    assert board(org.admin, muster)["Bob"]["expected"] == "arrived_late"
    assert len(bob.get("/v1/me/musters")["items"]) == 1
    stands(alice, FAR, time.time() + 30)
    assert board(org.admin, muster)["Alice"]["left_at"] is not None
    assert board(org.admin, muster)["Alice"]["status"] == "unaccounted"
    assert counts(org.admin, muster)["left"] == 1


def test_the_silent_are_called_again_and_the_others_are_not(fresh_world: World) -> None:
    world = fresh_world
    org = world.organisation()
    site = org.site(at=GATE)
    alice, bob = at_the_gate(org, "Alice"), at_the_gate(org, "Bob")
    position = bob.get("/v1/me")["position"]
    muster = calls(org.admin, site)
    alice.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    with world.worker.transaction() as session:
        assert remind_silent(session) == 0
        session.execute(update(Muster).values(repeat_at=clock.now()))
    with world.worker.transaction() as session:
        assert remind_silent(session) == 1
    assert [event["type"] for event in bob.syncs(position)].count("muster.reminded") == 1
    assert "muster.reminded" not in [event["type"] for event in alice.syncs(position)]
    assert board(org.admin, muster)["Bob"]["alerts"] == 2


def test_it_ends_with_a_report_that_stays(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    mallory = at_the_gate(org, "=1+1")
    muster = calls(org.admin, site)
    assert (
        org.admin.post(f"/v1/admin/places/{site}/musters", {"message": "x"}, 409)["code"] == "muster_running"
    )
    org.admin.get(f"/v1/musters/{muster}/report", 409)
    mallory.put(f"/v1/musters/{muster}/answer", {"status": "safe", "text": "@cmd"})
    org.admin.post(f"/v1/musters/{muster}/end")
    org.admin.post(f"/v1/musters/{muster}/end")
    report = org.admin.get(f"/v1/musters/{muster}/report")
    stands(mallory, FAR, time.time() + 30)
    assert org.admin.get(f"/v1/musters/{muster}/report") == report
    ended = mallory.put(f"/v1/musters/{muster}/answer", {"status": "need_help"}, 409)
    assert ended["code"] == "muster_ended"
    table = org.admin.request("GET", f"/v1/musters/{muster}/report.csv").get_data().decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(table))
    assert (line["name"], line["text"], line["status"]) == ("'=1+1", "'@cmd", "safe")
    assert mallory.get("/v1/me/musters")["items"] == []
    assert [item["id"] for item in org.admin.get(f"/v1/admin/places/{site}/musters")["items"]] == [muster]


def test_those_on_the_roll_read_that_they_were_looked_at(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = at_the_gate(org, "Alice")
    calls(org.admin, site)
    (look,) = alice.get("/v1/me/presence-views")["items"]
    assert "Fire in hall 2" in look["reason"]


def test_nobody_slips_in_between_the_count_and_the_call(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    people = [org.person(f"P{number}") for number in range(8)]
    start = threading.Barrier(len(people) + 1)

    def walks_in(phone: Phone) -> None:
        start.wait()
        stands(phone, GATE, time.time())

    threads = [threading.Thread(target=walks_in, args=(phone,)) for phone in people]
    for thread in threads:
        thread.start()
    start.wait()
    muster = calls(org.admin, site)
    for thread in threads:
        thread.join()
    assert len(board(org.admin, muster)) == len(people)


def test_a_strangers_name_is_no_warden(world: World) -> None:
    org, theirs = world.organisation(), world.organisation()
    body = {"message": "x", "warden_ids": [theirs.person("Thea").id]}
    org.admin.post(f"/v1/admin/places/{org.site()}/musters", body, 422)
