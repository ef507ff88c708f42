"""Codes, beacons and access points: what is one, for how long, and what is none."""

from datetime import timedelta
from uuid import UUID

import pytest

from base import clock
from geo.models.places import Marker
from geo.stays.markers import PERIOD, CodeTurned, check_code, show_code
from tests.stories.checkins import BEACON, code, marker, scans
from tests.stories.visits import places
from tests.world import Phone, World

OF_NOBODY = "HB1.AAAAAAAAAAAAAAAAAAAAAAAAAA.1.AAAAAAAAAAAAAAAAAAAAAAAAAA"


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
    assert scans(alice, OF_NOBODY, 422)["code"] == "code_refused"


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
