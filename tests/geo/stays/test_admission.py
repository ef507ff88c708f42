"""Presence follows the rules of the place: when they change, and when something stronger ends."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from base import clock
from geo.models.stays import Evidence
from geo.stays.admission import end_expired_memberships
from people.models import Membership
from tests.stories.checkins import BEACON, code, marker, scans
from tests.stories.fixes import GATE, stands
from tests.stories.visits import places_of
from tests.world import Organisation, Phone, World


def changes(org: Organisation, site: str, **properties: Any) -> None:
    path = f"/v1/admin/sites/{site}"
    etag = org.admin.request("GET", path).headers["ETag"]
    org.admin.patch(path, {"type": "Feature", "properties": properties}, If_Match=etag)


def scopes_of(phone: Phone) -> list[str]:
    return [membership["scope_id"] for membership in phone.get("/v1/me")["memberships"]]


def test_a_place_that_asks_for_more_closes_to_who_has_less_to_show(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE, grace_seconds=0)
    alice, bob = org.person("Alice"), org.person("Bob")
    stands(alice, GATE, time.time())
    scans(bob, code(org, marker(org, site)))
    changes(org, site, presence_grade=2)
    assert site not in scopes_of(alice)
    alice.posts(site, "I am only said to be here.", 403)
    assert site in scopes_of(bob)
    changes(org, site, presence_grade=1)
    alice.posts(site, "Here again.")


def test_a_place_that_is_closed_to_presence_lets_go_of_who_is_there(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE, grace_seconds=0)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    changes(org, site, admission="assigned")
    assert site not in scopes_of(alice)
    alice.get(f"/v1/scopes/{site}/posts", 404)


def test_a_contractor_whose_day_is_over_stays_while_there(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    org.admin.put(
        f"/v1/admin/scopes/{site}/memberships/{alice.id}",
        {"role": "member", "ends_at": clock.wire(clock.now() + timedelta(hours=1))},
    )
    with world.worker.transaction() as session:
        session.execute(
            update(Membership).where(Membership.person_id == UUID(alice.id)).values(ends_at=clock.now())
        )
        end_expired_memberships(session)
    (membership,) = (m for m in alice.get("/v1/me")["memberships"] if m["scope_id"] == site)
    assert membership["source"] == "presence"


def test_a_beacon_of_before_the_check_out_does_not_bring_one_back(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    org.admin.post(
        f"/v1/admin/places/{site}/markers", {"kind": "beacon", "name": "Hall", "beacon": BEACON}, 201
    )
    scans(alice, code(org, marker(org, site)))
    alice.post("/v1/me/check-outs", {"place_id": site})
    heard = {"kind": "beacon", "beacon": BEACON, "at": clock.wire(clock.now() - timedelta(minutes=10))}
    alice.post("/v1/me/check-ins", heard, 201)
    assert places_of(alice) == []
    alice.post("/v1/me/check-ins", heard | {"at": clock.wire(clock.now())}, 201)
    assert places_of(alice) == [site]


def test_late_evidence_does_not_shorten_what_was_said_since(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    org.admin.post(
        f"/v1/admin/places/{site}/markers", {"kind": "beacon", "name": "Hall", "beacon": BEACON}, 201
    )
    for minutes in (0, 40):
        at = clock.wire(clock.now() - timedelta(minutes=minutes))
        alice.post("/v1/me/check-ins", {"kind": "beacon", "beacon": BEACON, "at": at}, 201)
    with world.web.transaction(org.id) as session:
        row = session.scalars(select(Evidence)).one()
    assert row.expires_at is not None
    assert row.expires_at > clock.now() + timedelta(minutes=30)
