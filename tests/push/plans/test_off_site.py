"""Being elsewhere keeps a place quiet, where one really knows it; coming in brings what was held back."""

from uuid import UUID

import pytest
from sqlalchemy import text

from tests.push.outgoing import goes_out
from tests.stories.checkins import code, marker, scans
from tests.stories.notices import announces
from tests.stories.pushes import followed, reachable, rows
from tests.world import Organisation, Phone, World


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return followed(fresh_world)


def was(phone: Phone, place: str, *, left: str | None = "1 hour", reason: str | None = "gps") -> None:
    """Let somebody have been in a place, and have left it so long ago (or not yet)."""
    with phone.organisation.world.worker.transaction() as session:
        session.execute(
            text(
                "INSERT INTO visits (id, organisation_id, person_id, place_id, source, entered_at, left_at, end_reason)"
                " VALUES (gen_random_uuid(), :org, :person, :place, 'gps', now() - interval '2 days',"
                " now() - CAST(CAST(:left AS text) AS interval), :reason)"
            ),
            {
                "org": phone.organisation.id,
                "person": UUID(phone.id),
                "place": UUID(place),
                "left": left,
                "reason": reason,
            },
        )


def outcome(org: Organisation) -> tuple[int, list[str]]:
    pushes, dropped = goes_out(org)
    return len(pushes), dropped


@pytest.mark.parametrize("reason", ["silent", "expired", "device_changed"])
def test_of_whom_the_server_lost_track_nobody_knows_that_they_left(org: Organisation, reason: str) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    was(bob, site, left="1 hour", reason=reason)
    was(bob, site, left="1 day")
    org.admin.posts(site, "hello")
    assert outcome(org) == (1, [])


def test_who_left_for_good_after_being_lost_is_off_site(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    was(bob, site, left="1 day", reason="silent")
    was(bob, site, left="1 hour")
    org.admin.posts(site, "hello")
    assert outcome(org) == (0, ["off_site"])


def test_who_checked_in_at_the_gate_hears_of_the_zones_of_the_site(org: Organisation) -> None:
    site = org.site(admission="assigned")
    zone = org.zone(site, admission="assigned")
    bob = reachable(org, "Bob", zone)
    was(bob, site, left=None)
    org.admin.posts(zone, "hello")
    assert outcome(org) == (1, [])


def test_whose_phone_knows_the_zone_is_off_it_elsewhere_on_the_site(org: Organisation) -> None:
    site = org.site(admission="assigned")
    zone, other = org.zone(site, admission="assigned"), org.zone(site, name="Yard")
    bob, eve = reachable(org, "Bob", zone), reachable(org, "Eve", zone)
    for place in (site, other):
        was(bob, place, left=None)
    was(bob, zone)
    was(eve, site)
    org.admin.posts(zone, "hello")
    assert outcome(org) == (0, ["off_site", "off_site"])


def test_what_was_held_back_without_an_end_comes_on_entering(org: Organisation) -> None:
    site, other = org.site(admission="assigned"), org.site("Other", admission="assigned")
    bob, eve = reachable(org, "Bob", site, other), reachable(org, "Eve", site)
    for phone in (bob, eve):
        was(phone, site)
    was(bob, other)
    notice, elsewhere = announces(org.admin, site, "Stop"), announces(org.admin, other, "Go")
    assert outcome(org) == (0, ["off_site"] * 3)
    scans(bob, code(org, marker(org, site)))
    pushes, dropped = goes_out(org)
    assert [(push.data["post_id"], dropped) for push in pushes] == [(notice["id"], [])]
    assert {row.status for row in rows(org, elsewhere)} == {"dropped"}
    assert [row.status for row in rows(org, notice) if str(row.person_id) == eve.id] == ["dropped"]


def test_what_is_too_late_read_or_no_longer_theirs_is_not_resumed(org: Organisation) -> None:
    site = org.site(admission="present", grace_seconds=0)
    bob = reachable(org, "Bob", site)
    was(bob, site)
    notices = [announces(org.admin, site, name) for name in ("late", "read")]
    assert outcome(org) == (0, ["off_site"] * 2)
    late = rows(org, notices[0])[0].id
    with org.world.worker.transaction() as session:
        session.execute(text("UPDATE deliveries SET expires_at = now() WHERE id = :id"), {"id": late})
    bob.put(f"/v1/scopes/{site}/read", {"post_id": notices[1]["id"]})
    scans(bob, code(org, marker(org, site)))
    assert outcome(org) == (0, ["read"])
