"""Visitors: in by a code at the gate or a manager's word, out by themselves, and counted meanwhile."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from base import clock
from geo.stays.admission import end_expired_memberships
from geo.stays.gate import close_accounts
from people.models import Membership, Person
from tests.stories.checkins import code, marker
from tests.stories.musters import board, calls
from tests.stories.visitors import comes_as_visitor
from tests.stories.visits import is_seen, places
from tests.world import Phone, World


def test_a_stranger_scans_the_gate_and_is_in(fresh_world: World) -> None:
    world = fresh_world
    org = world.organisation()
    site = org.site(admission="assigned")
    gate = org.zone(site, "Gate")
    screen = marker(org, gate, "rotating", admits_visitors_hours=8)
    vera = comes_as_visitor(org, code(org, screen))
    assert set(places(vera)) == {site, gate}
    vera.posts(site, "I am here for the lift.")
    muster = calls(org.admin, site)
    assert "Vera" in board(org.admin, muster)
    with world.worker.transaction() as session:
        assert close_accounts(session) == 0
        session.execute(update(Person).where(Person.name == "Vera").values(ends_at=clock.now()))
    with world.worker.transaction() as session:
        assert close_accounts(session) == 0, "a running roll call waits for her"
    vera.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    with world.worker.transaction() as session:
        assert close_accounts(session) == 1
    vera.get("/v1/me", 401)
    line = board(org.admin, muster)["Vera"]
    assert (line["left_at"], line["doubts"]) == (None, ["account_ended"])
    present = org.admin.get(f"/v1/admin/sites/{site}/present?reason=test")["items"]
    assert present == []


def test_a_door_that_admits_nobody_makes_no_account(world: World) -> None:
    org = world.organisation()
    door = marker(org, org.site(), "printed")
    comes_as_visitor(org, code(org, door), 422)
    gate = marker(org, org.site(), "printed", admits_visitors_hours=1)
    shown = code(org, gate)
    org.admin.post(f"/v1/admin/markers/{gate}/turn")
    comes_as_visitor(org, shown, 422)
    comes_as_visitor(org, code(org, gate))
    org.admin.delete(f"/v1/admin/markers/{gate}")
    comes_as_visitor(org, shown, 422)


def test_a_contractor_for_today(fresh_world: World) -> None:
    world = fresh_world
    org = world.organisation()
    site = org.site(admission="assigned")
    conny = org.person("Conny")
    past = clock.wire(clock.now() - timedelta(minutes=1))
    path = f"/v1/admin/scopes/{site}/memberships/{conny.id}"
    org.admin.put(path, {"ends_at": past}, 422)
    tonight = clock.wire(clock.now() + timedelta(hours=6))
    assert org.admin.put(path, {"ends_at": tonight})["ends_at"] == tonight
    conny.posts(site, "hello")
    is_seen(org, conny, site)
    position = conny.get("/v1/me")["position"]
    with world.worker.transaction() as session:
        session.execute(update(Membership).values(ends_at=clock.now()))
    conny.posts(site, "still here", 404)
    with world.worker.transaction() as session:
        assert end_expired_memberships(session) == 1
    (ended,) = [event for event in conny.syncs(position) if event["type"] == "membership.ended"]
    assert ended["data"]["reason"] == "expired"


def test_being_there_does_not_lengthen_a_visitors_time(world: World) -> None:
    org = world.organisation()
    site = org.site()
    conny = org.person("Conny")
    tonight = clock.wire(clock.now() + timedelta(hours=6))
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{conny.id}", {"ends_at": tonight})
    is_seen(org, conny, site)
    membership = next(m for m in conny.get("/v1/me")["memberships"] if m["scope_id"] == site)
    assert (membership["source"], membership["ends_at"]) == ("assigned", tonight)


def test_an_invitation_for_some_hours(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    body = {"scope_ids": [site], "stay_hours": 12}
    made = org.admin.post("/v1/admin/invitations", body, 201)
    phone = Phone(org, "Ivy")
    account = {"email": "ivy@example.com", "name": "Ivy", "password": "correct horse battery"}
    phone.keeps(
        phone.post("/v1/invitations/accept", {"code": made["code"], "device": phone.app, **account}, 201)
    )
    (membership,) = phone.get("/v1/me")["memberships"]
    assert membership["ends_at"] is not None
    with world.worker.transaction() as session:
        person = session.get_one(Person, UUID(phone.id))
        assert person.ends_at is not None
        assert timedelta(hours=11) < person.ends_at - clock.now() <= timedelta(hours=12)


def test_after_an_assignment_presence_is_taken_up_again(world: World) -> None:
    org = world.organisation()
    site = org.site()
    conny = org.person("Conny")
    path = f"/v1/admin/scopes/{site}/memberships/{conny.id}"
    org.admin.put(path, {})
    is_seen(org, conny, site)
    org.admin.delete(path)
    (membership,) = conny.get("/v1/me")["memberships"]
    assert (membership["scope_id"], membership["source"]) == (site, "presence")
