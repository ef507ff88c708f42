"""Evidence beside GPS: codes, beacons, Wi-Fi, regions, managers, and what undoes what."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from base import clock
from geo.models.places import Marker
from geo.models.stays import DevicePosition, Evidence, Visit
from geo.stays.markers import PERIOD, CodeTurned, check_code, show_code
from geo.stays.silence import end_expired_evidence, end_silent, mark_silent
from tests.geo.stays.test_fixes import GATE, stands
from tests.world import Organisation, Phone, World

FAR = (127.02, 37.5)
BEACON = {"uuid": "f7826da6-4fa2-4e98-8024-bc5b71e0893e", "major": 1, "minor": 7}


def marker(org: Organisation, place: str, kind: str = "printed", **members: Any) -> str:
    body = {"kind": kind, "name": "Door", **members}
    return org.admin.post(f"/v1/admin/places/{place}/markers", body, 201)["id"]


def code(org: Organisation, marker_id: str) -> str:
    return org.admin.get(f"/v1/admin/markers/{marker_id}/code")["code"]


def scans(phone: Phone, shown: str, status: int = 201) -> Any:
    return phone.post("/v1/me/check-ins", {"kind": "code", "code": shown}, status)


def places(phone: Phone) -> dict[str, dict[str, Any]]:
    return {visit["place_id"]: visit for visit in phone.get("/v1/me/places")["visits"]}


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


def test_a_photo_of_a_rotating_code_is_worth_nothing_after_it_turned(world: World) -> None:
    org = world.organisation()
    site = org.site()
    screen = marker(org, site, "rotating")
    alice = org.person("Alice")
    now = clock.now()
    with world.worker.transaction() as session:
        row = session.get_one(Marker, UUID(screen))
        photo, _ = show_code(row, now - 2 * PERIOD)
        not_yet, _ = show_code(row, now + 2 * PERIOD)
        shown, until = show_code(row, now)
        assert until is not None
        check_code(row, shown, until + timedelta(seconds=4))  # it was on its way
        with pytest.raises(CodeTurned):
            check_code(row, shown, until + timedelta(seconds=6))
    assert scans(alice, photo, 422)["code"] == "code_turned"
    assert scans(alice, not_yet, 422)["code"] == "code_turned"
    assert places(alice) == {}
    back = {"kind": "code", "code": photo, "at": clock.wire(now - timedelta(seconds=50))}
    assert alice.post("/v1/me/check-ins", back, 422)["code"] == "code_turned"
    scans(alice, code(org, screen))


def test_a_turned_poster_counts_no_longer(world: World) -> None:
    org = world.organisation()
    poster = marker(org, org.site())
    alice = org.person("Alice")
    before = code(org, poster)
    org.admin.post(f"/v1/admin/markers/{poster}/turn")
    assert scans(alice, before, 422)["code"] == "code_refused"
    scans(alice, code(org, poster))
    org.admin.delete(f"/v1/admin/markers/{poster}")
    assert scans(alice, code_of_nobody(), 422)["code"] == "code_refused"


def code_of_nobody() -> str:
    return "HB1.AAAAAAAAAAAAAAAAAAAAAAAAAA.1.AAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.mark.parametrize(
    "forged", ["", "HB1", "HB1.x.y.z", "HB1.AAAA.1.AAAA", "https://example.com", "HB1.À.1.A"]
)
def test_what_is_no_code_is_refused(world: World, forged: str) -> None:
    alice = world.organisation().person("Alice")
    assert scans(alice, forged, 422)["code"] in ("code_refused", "invalid")


def test_a_code_that_ends_in_letters_of_no_code_is_refused_everywhere(world: World) -> None:
    org = world.organisation()
    shown = code(org, marker(org, org.site(), admits_visitors_hours=8))
    forged = f"{shown.rpartition('.')[0]}.éé"
    assert scans(org.person("Alice"), forged, 422)["code"] == "code_refused"
    stranger = Phone(org, "Vera")
    body = {"code": forged, "name": "Vera", "device": stranger.app}
    assert stranger.post("/v1/visitors", body, 422)["code"] == "code_refused"


def test_a_code_with_one_letter_changed_is_refused(world: World) -> None:
    org = world.organisation()
    shown = code(org, marker(org, org.site()))
    alice = org.person("Alice")
    for at in (5, 20, len(shown) - 3):
        forged = shown[:at] + ("A" if shown[at] != "A" else "B") + shown[at + 1 :]
        assert scans(alice, forged, 422)["code"] == "code_refused"


def test_another_organisations_code_is_none(world: World) -> None:
    theirs, ours = world.organisation(), world.organisation()
    shown = code(theirs, marker(theirs, theirs.site()))
    assert scans(ours.person("Alice"), shown, 422)["code"] == "code_refused"


def test_the_code_prints(world: World) -> None:
    org = world.organisation()
    door = marker(org, org.site(), name="<script>Door & gate</script>")
    svg = org.admin.request("GET", f"/v1/admin/markers/{door}/code.svg")
    assert svg.content_type.startswith("image/svg+xml")
    assert "<script>" not in svg.get_data(as_text=True)
    assert "&lt;script&gt;Door &amp; gate" in svg.get_data(as_text=True)
    pdf = org.admin.request("GET", f"/v1/admin/markers/{door}/code.pdf")
    assert pdf.get_data().startswith(b"%PDF-")


def test_beacons_and_access_points(world: World) -> None:
    org = world.organisation()
    site = org.site()
    ward, yard = org.zone(site, "Ward"), org.zone(site, "Yard")
    marker(org, ward, "beacon", beacon=BEACON)
    marker(org, yard, "wifi", bssid="AA-BB-CC-00-11-22")
    again = {"kind": "wifi", "name": "x", "bssid": "aa:bb:cc:00:11:22"}
    taken = org.admin.post(f"/v1/admin/places/{ward}/markers", again, 409)
    assert taken["code"] == "marker_address_taken"
    alice = org.person("Alice")
    alice.post("/v1/me/check-ins", {"kind": "beacon", "beacon": BEACON}, 201)
    alice.post("/v1/me/check-ins", {"kind": "wifi", "bssid": "aa:bb:cc:00:11:22"}, 201)
    assert {visit["source"] for visit in places(alice).values()} == {"beacon", "wifi"}
    unknown = alice.post("/v1/me/check-ins", {"kind": "beacon", "beacon": BEACON | {"minor": 8}}, 422)
    assert unknown["code"] == "marker_unknown"


def test_a_beacon_heard_in_a_dead_zone_counts_for_as_long_as_it_holds(world: World) -> None:
    org = world.organisation()
    site = org.site()
    marker(org, site, "beacon", beacon=BEACON)
    alice = org.person("Alice")
    heard = {"kind": "beacon", "beacon": BEACON}
    late = clock.wire(clock.now() - timedelta(minutes=20))
    alice.post("/v1/me/check-ins", {**heard, "at": late}, 201)
    assert places(alice)[site]["entered_at"] == late
    too_late = clock.wire(clock.now() - timedelta(hours=2))
    assert alice.post("/v1/me/check-ins", {**heard, "at": too_late}, 422)["code"] == "check_in_too_old"


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
    org.admin.post(f"/v1/admin/places/{zone}/visits", {"person_id": bob.id}, 201)
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
    refused = alice.post("/v1/me/fixes", {"fixes": [fix_at_gate()]}, 409)
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


def enters(phone: Phone, *place_ids: str, judged_by: str = "region") -> list[str]:
    return _events(phone, "enter", place_ids, judged_by)


def exits(phone: Phone, *place_ids: str, judged_by: str = "region") -> list[str]:
    return _events(phone, "exit", place_ids, judged_by)


def _events(phone: Phone, kind: str, place_ids: tuple[str, ...], judged_by: str) -> list[str]:
    at = clock.wire(clock.now())
    events = [{"place_id": place, "type": kind, "at": at, "judged_by": judged_by} for place in place_ids]
    return [item["outcome"] for item in phone.post("/v1/me/regions/events", {"events": events})["items"]]


def fix_at_gate() -> dict[str, Any]:
    return {"at": clock.wire(clock.now()), "lon": GATE[0], "lat": GATE[1], "accuracy": 5}


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
