"""Consent, pauses, hours, trails, charters, and who looked."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import ProgrammingError

from base import clock
from geo.models.privacy import TrailPoint
from geo.models.stays import DevicePosition, Visit
from geo.privacy.retention import forget_old_positions, forget_old_presence, forget_old_trails
from tests.stories.charters import PURPOSE, promises
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import GATE, fix, positions_of, stands
from tests.stories.visits import places_of
from tests.world import World


def test_without_consent_no_fix_is_taken(world: World) -> None:
    org = world.organisation()
    org.site(at=GATE)
    alice = org.person("Alice", consents=False)
    body = {"fixes": [fix(time.time(), GATE)]}
    assert alice.post("/v1/me/fixes", body, 403)["code"] == "consent_missing"
    assert positions_of(world, alice) == 0
    org.admin.put("/v1/admin/privacy", {"consent_required": False})
    alice.post("/v1/me/fixes", body)


def test_withdrawn_consent_is_forgotten_at_once_and_stays_on_record(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE, grace_seconds=0)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    alice.posts(site, "hello")
    alice.delete("/v1/me/consents/presence")
    assert places_of(alice) == []
    assert positions_of(world, alice) == 0
    alice.posts(site, "hello", 403)
    (record,) = alice.get("/v1/me/sharing")["consents"]
    assert record["withdrawn_at"] is not None
    alice.delete("/v1/me/consents/presence", 404)
    alice.delete("/v1/me/consents/everything", 404)


def test_the_web_cannot_rewrite_what_was_agreed_or_who_looked(world: World) -> None:
    org = world.organisation()
    org.person("Alice")
    for statement in (
        "UPDATE consents SET given_at = now()",
        "DELETE FROM consents",
        "UPDATE presence_views SET reason = ''",
        "DELETE FROM presence_views",
    ):
        with pytest.raises(ProgrammingError), world.web.transaction(org.id) as session:
            session.execute(text(statement))


def test_a_pause_ends_presence_and_takes_no_fix(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    stands(alice, GATE, time.time() - 60)
    scans(alice, code(org, marker(org, site)))
    until = clock.wire(clock.now() + timedelta(hours=1))
    alice.patch("/v1/me/sharing", {"paused_until": until})
    assert (
        alice.get("/v1/me/places")["visits"][0]["confidence"] == 2
    )  # a code that was scanned on purpose holds
    assert alice.post("/v1/me/fixes", {"fixes": [fix(time.time(), GATE)]}, 409)["code"] == "sharing_paused"
    assert positions_of(world, alice) == 0
    past = clock.wire(clock.now() - timedelta(hours=1))
    alice.patch("/v1/me/sharing", {"paused_until": past}, 422)
    alice.patch("/v1/me/sharing", {"paused_until": None})
    stands(alice, GATE, time.time())


def test_a_trail_needs_the_setting_and_the_consent(world: World) -> None:
    org = world.organisation()
    alice = org.person("Alice")
    stands(alice, GATE, time.time() - 300)
    assert alice.get("/v1/me/trail")["items"] == []
    alice.agrees("trail")
    stands(alice, GATE, time.time() - 200)
    assert alice.get("/v1/me/trail")["items"] == []
    org.admin.put("/v1/admin/privacy", {"trail_days": 3})
    stands(alice, GATE, time.time() - 100)
    assert len(alice.get("/v1/me/trail")["items"]) == 6
    alice.delete("/v1/me/consents/trail")
    assert alice.get("/v1/me/trail")["items"] == []


def test_what_is_old_is_deleted_by_the_rules(fresh_world: World) -> None:
    world = fresh_world
    org = world.organisation()
    site = org.site(at=GATE)
    promises(org, site, visit_days=10)
    org.admin.put("/v1/admin/privacy", {"trail_days": 3})
    alice = org.person("Alice").agrees("trail")
    stands(alice, GATE, time.time())
    old, recent = clock.now() - timedelta(days=11), clock.now() - timedelta(days=9)
    for left_at, kept in ((None, 1), (recent, 1), (old, 0)):
        with world.worker.transaction() as session:
            session.execute(update(Visit).values(left_at=left_at))
            forget_old_presence(session)
            assert session.scalar(select(func.count()).select_from(Visit)) == kept
    with world.worker.transaction() as session:
        session.execute(update(DevicePosition).values(fixed_at=old))
        session.execute(update(TrailPoint).values(at=TrailPoint.at - timedelta(days=4)))
        forget_old_positions(session)
        forget_old_trails(session)
        assert session.scalar(select(func.count()).select_from(DevicePosition)) == 0
        assert session.scalar(select(func.count()).select_from(TrailPoint)) == 0


def test_every_look_at_who_is_there_needs_a_reason_and_is_shown(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    org.admin.get(f"/v1/admin/sites/{site}/present", 422)
    assert alice.get("/v1/me/presence-views")["items"] == []
    org.admin.get(f"/v1/admin/sites/{site}/present?reason=Shift+handover")
    (look,) = alice.get("/v1/me/presence-views")["items"]
    assert (look["viewer"]["name"], look["reason"], look["place_id"]) == ("Ada", "Shift handover", site)


def test_a_site_that_shows_numbers_only(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    promises(org, site, aggregate_only=True)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    refused = org.admin.get(f"/v1/admin/sites/{site}/present?reason=curiosity", 403)
    assert refused["code"] == "aggregate_only"
    assert alice.get("/v1/me/presence-views")["items"] == []
    calls = org.admin.post(f"/v1/admin/places/{site}/musters", {"message": "Fire"}, 201)
    assert calls["counts"]["expected"] == 1  # an emergency is what it is not for


@pytest.mark.parametrize("admission", ["assigned", "present"])
def test_who_is_in_a_zone_alone_reads_the_charter_of_its_site(world: World, admission: str) -> None:
    org = world.organisation()
    site = org.site(admission=admission)
    zone, open_to_all = org.zone(site), org.site("Canteen", admission="open")
    alice, carol = org.person("Alice", scopes=[zone]), org.person("Carol", scopes=[open_to_all])
    assert alice.get(f"/v1/sites/{site}/charter")["site_id"] == site
    carol.get(f"/v1/sites/{site}/charter", 404 if admission == "assigned" else 403)


def test_every_member_reads_the_charter_and_hears_of_its_change(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    alice, carol = org.person("Alice", scopes=[site]), org.person("Carol")
    assert alice.get(f"/v1/sites/{site}/charter")["version"] == 0
    position = alice.get("/v1/me")["position"]
    promises(org, site)
    assert alice.get(f"/v1/sites/{site}/charter")["purpose"] == PURPOSE
    assert "charter.updated" in [event["type"] for event in alice.syncs(position)]
    carol.get(f"/v1/sites/{site}/charter", 404)
    small = {"purpose": PURPOSE, "smallest_group": 2}
    org.admin.put(f"/v1/admin/sites/{site}/charter", small, 422)
