"""A shared phone: when it changes hands, what it had said of its former holder holds no longer."""

import time
from uuid import UUID

from sqlalchemy import update

from geo.models.stays import Visit
from geo.stays.handover import end_foreign_evidence
from geo.stays.silence import mark_silent
from people.models import Device
from tests.stories.checkins import code, marker, scans
from tests.stories.fixes import FAR, GATE, stands
from tests.stories.sessions import takes_over
from tests.stories.visits import places
from tests.world import PASSWORD, Organisation, Phone, World


def present(org: Organisation, site: str) -> dict[str, bool]:
    items = org.admin.get(f"/v1/admin/sites/{site}/present?reason=test")["items"]
    return {item["person"]["name"]: item["certain"] for item in items}


def visits_of(world: World, phone_id: str) -> list[Visit]:
    with world.worker.transaction() as session:
        return list(session.query(Visit).where(Visit.person_id == UUID(phone_id)))


def test_the_former_holder_is_no_longer_there(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice, _ = org.person("Alice"), org.person("Bob")
    alice_id, seen = alice.id, time.time() - 7200
    stands(alice, GATE, seen)
    bob = takes_over(org, alice, "Bob")
    assert present(org, site) == {}
    (visit,) = visits_of(world, alice_id)
    assert visit.end_reason == "device_changed"
    assert visit.left_at is not None
    assert abs(visit.left_at.timestamp() - seen) < 1
    stands(bob, GATE, time.time())
    assert present(org, site) == {"Bob": True}


def test_another_phone_of_the_former_holder_still_counts(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice, _ = org.person("Alice"), org.person("Bob")
    own = org.signs_in("alice@example.com", "Alice")
    for phone in (alice, own):
        stands(phone, GATE, time.time())
    takes_over(org, alice, "Bob")
    assert present(org, site) == {"Alice": True}


def test_signing_in_again_on_ones_own_phone_changes_nothing(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    takes_over(org, alice, "Alice")
    assert present(org, site) == {"Alice": True}


def test_a_visitor_who_takes_the_phone_is_there_instead(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    shown = code(org, marker(org, site, "printed", admits_visitors_hours=8))
    scans(alice, shown)
    vera = Phone(org, "Vera")
    vera.keeps(vera.post("/v1/visitors", {"code": shown, "name": "Vera", "device": alice.app}, 201))
    assert present(org, site) == {"Vera": True}


def test_a_newcomer_who_takes_the_phone_ends_it_too(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    invited = org.admin.post("/v1/admin/invitations", {"role": "member"}, 201)["code"]
    account = {"email": "nora@example.com", "name": "Nora", "password": PASSWORD}
    body = {"code": invited, "device": alice.app, **account}
    Phone(org, "Nora").post("/v1/invitations/accept", body, 201)
    assert present(org, site) == {}


def test_what_slipped_through_ends_too(world: World) -> None:
    """As when a batch of the former holder was being taken while the other signed in."""
    org = world.organisation()
    site = org.site(at=GATE)
    alice, bob = org.person("Alice"), org.person("Bob")
    stands(alice, GATE, time.time() - 7200)
    with world.worker.transaction() as session:
        mine = Device.installation_id == alice.app["installation_id"]
        session.execute(update(Device).where(mine).values(person_id=UUID(bob.id)))
    with world.worker.transaction() as session:
        assert end_foreign_evidence(session) >= 1
    assert present(org, site) == {}


def test_fixes_of_another_are_no_sign_of_life(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice, _ = org.person("Alice"), org.person("Bob")
    stands(alice, GATE, time.time() - 2400)
    assert present(org, site) == {"Alice": False}
    bob = takes_over(org, alice, "Bob")
    stands(bob, FAR, time.time())
    with world.worker.transaction() as session:
        mark_silent(session)
    assert present(org, site) == {}
    assert places(bob) == {}
