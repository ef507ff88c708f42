"""Who may manage changes before witnesses: every change of rights is an event with its actor."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from base import clock
from geo.stays.admission import end_expired_memberships
from journal.models import JournalRow
from people.models import Membership, Person
from tests.api.operations import OPERATIONS, json_body, least_query
from tests.stories.checkins import code, marker
from tests.stories.directs import leaves, talks_with
from tests.stories.events import head, heard
from tests.stories.things import filled, things
from tests.stories.visitors import stranger
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone, World

MANAGER, MEMBER = {"role": "manager"}, {"role": "member"}


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


@pytest.fixture
def site(org: Organisation) -> str:
    return org.site(admission="assigned")


def changes(phone: Phone, since: int) -> list[tuple[str, str | None, str | None]]:
    """Who changed from what to what, as somebody hears it."""
    return [
        (change["person_id"], change["before"], change["after"])
        for change in heard(phone, "rights.changed", since)
    ]


def assigns(org: Organisation, scope: str, person: Phone, **said: Any) -> None:
    org.admin.put(f"/v1/admin/scopes/{scope}/memberships/{person.id}", said)


def test_a_member_who_becomes_manager_and_member_again_hears_both_times(org: Organisation, site: str) -> None:
    bob, mo, eve = org.person("Bob"), org.person("Mo"), org.person("Eve", scopes=[site])
    assigns(org, site, bob, **MEMBER)
    assigns(org, site, mo, **MANAGER)
    since = head(bob)
    assigns(org, site, bob, **MANAGER)
    assigns(org, site, bob, **MANAGER)
    assigns(org, site, bob, **MEMBER)
    updates = [event for event in bob.syncs(since) if event["type"] == "membership.updated"]
    assert [event["data"]["role"] for event in updates] == ["manager", "member"]
    assert {event["actor_id"] for event in updates} == {org.admin.id}
    expected = [(bob.id, "member", "manager"), (bob.id, "manager", "member")]
    for witness in (bob, mo, org.admin):
        assert changes(witness, since) == expected
    assert changes(eve, since) == []


def test_the_managers_of_a_site_hear_of_its_zones(org: Organisation, site: str) -> None:
    mo, bob, zone = org.person("Mo"), org.person("Bob"), org.zone(site)
    assigns(org, site, mo, **MANAGER)
    since = head(mo)
    assigns(org, zone, bob, **MANAGER)
    org.admin.delete(f"/v1/admin/scopes/{zone}/memberships/{bob.id}")
    assert changes(mo, since) == [(bob.id, None, "manager"), (bob.id, "manager", None)]


def test_what_time_ends_has_no_actor(fresh_world: World) -> None:
    org = fresh_world.organisation()
    site, bob = org.site(admission="assigned"), org.person("Bob")
    assigns(org, site, bob, **MANAGER, ends_at=clock.wire(clock.now() + timedelta(hours=1)))
    since = head(bob)
    with fresh_world.worker.transaction() as session:
        session.execute(update(Membership).values(ends_at=clock.now()))
    with fresh_world.worker.transaction() as session:
        end_expired_memberships(session)
    (event,) = [event for event in bob.syncs(since) if event["type"] == "rights.changed"]
    assert (event["data"]["after"], event["actor_id"]) == (None, None)


def test_a_longer_stay_is_told(org: Organisation, site: str) -> None:
    bob = org.person("Bob")
    assigns(org, site, bob)
    since, tonight = head(bob), clock.wire(clock.now() + timedelta(hours=6))
    assigns(org, site, bob, ends_at=tonight)
    (updated,) = heard(bob, "membership.updated", since)
    assert updated["ends_at"] == tonight
    assert changes(org.admin, since) == []


def test_a_new_administrator_is_told_to_those_who_are(org: Organisation) -> None:
    since = head(org.admin)
    bob = org.person("Bob", role="organisation_administrator")
    ann = org.person("Ann")
    assert changes(org.admin, since) == [(bob.id, None, "organisation_administrator")]
    ids = bob.id
    org.admin.delete(f"/v1/admin/people/{ids}")
    org.admin.delete(f"/v1/admin/people/{ids}")
    assert changes(org.admin, since)[1:] == [(ids, "organisation_administrator", None)]
    assert changes(ann, 0) == []


Rights = dict[tuple[str, str], Any]


def rights(org: Organisation) -> Rights:
    """Everybody's role, in the organisation and in each scope."""
    with org.world.worker.transaction() as session:
        open_accounts = select(Person.id, Person.role).where(
            Person.organisation_id == org.id, Person.ended_at.is_(None), Person.role != "visitor"
        )
        held: Rights = {
            (str(person), str(org.id)): role
            for person, role in session.execute(open_accounts)
            if role != "member"
        }
        live = select(Membership).where(Membership.organisation_id == org.id, Membership.ended_at.is_(None))
        for membership in session.scalars(live):
            held[str(membership.person_id), str(membership.scope_id)] = membership.role
        return held


def witnessed(org: Organisation, since: int) -> set[tuple[str, str]]:
    """Of whose role in which scope the journal tells since then, with an actor."""
    org.world.relays()
    with org.world.worker.transaction() as session:
        told = select(JournalRow.payload).where(
            JournalRow.organisation_id == org.id,
            JournalRow.position > since,
            JournalRow.actor_id.is_not(None),
            JournalRow.type.in_(
                ("membership.started", "membership.updated", "membership.ended", "rights.changed")
            ),
        )
        return {(payload["person_id"], payload["scope_id"]) for payload in session.scalars(told)}


def position(org: Organisation) -> int:
    org.world.relays()
    with org.world.worker.transaction() as session:
        read = text("SELECT coalesce(max(position), 0) FROM journal WHERE organisation_id = :org")
        return int(session.scalar(read, {"org": org.id}) or 0)


def holds_to_witnesses(org: Organisation, before: Rights, since: int) -> set[tuple[str, str]]:
    """Whose rights changed; each of them is told with an actor."""
    after = rights(org)
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert changed <= witnessed(org, since), changed - witnessed(org, since)
    return changed


def test_no_route_changes_rights_without_a_witness(org: Organisation) -> None:
    """Every route that writes, asked by an administrator; what of it changes rights is told."""
    site = org.site(admission="open")
    zone, mel = org.zone(site), org.person("Mel", scopes=[site])
    known, changed = things(org, mel, site, zone), set[tuple[str, str]]()
    writing = [item for item in OPERATIONS if item[0] != "GET" and item[2]["x-permission"] != "public"]
    last = ("archive", "end_person", "sign_out")
    for method, path, operation in sorted(writing, key=lambda item: item[2]["operationId"].startswith(last)):
        before, since = rights(org), position(org)
        content = json_body(operation) if "requestBody" in operation else None
        body = None if content is None else content["example"]
        org.admin.request(method, filled(path, known) + least_query(operation), body)
        changed |= holds_to_witnesses(org, before, since)
    assert (known["person_id"], site) in changed


def test_no_story_changes_rights_without_a_witness(org: Organisation, site: str) -> None:
    bob, open_site = org.person("Bob"), org.site("Canteen", admission="open")
    gate = marker(org, site, admits_visitors_hours=8)
    path = f"/v1/admin/scopes/{site}/memberships/{bob.id}"
    vera, talks = list[Phone](), list[str]()
    acts = (
        lambda: org.admin.put(path, MEMBER),
        lambda: org.admin.put(path, MANAGER),
        lambda: org.admin.put(path, MEMBER),
        lambda: org.admin.delete(path),
        lambda: bob.put(f"/v1/scopes/{open_site}/membership"),
        lambda: org.admin.put(f"/v1/admin/scopes/{open_site}/memberships/{bob.id}", MANAGER),
        lambda: bob.delete(f"/v1/scopes/{open_site}/membership", 409),
        lambda: talks.append(talks_with(bob, org.admin)),
        lambda: leaves(org.admin, talks[0]),
        lambda: talks_with(org.admin, bob, status=200),
        lambda: vera.append(stranger(org, code(org, gate))),
        lambda: vera.append(stranger(org, code(org, gate), phone=vera[0])),
        lambda: org.person("Ann", role="organisation_administrator"),
        lambda: org.admin.delete(f"/v1/admin/people/{bob.id}"),
    )
    quiet = {2 + 4}  # what is refused changes nothing
    for number, act in enumerate(acts):
        before, since = rights(org), position(org)
        act()
        changed = holds_to_witnesses(org, before, since)
        assert bool(changed) is (number not in quiet), number


def test_being_there_is_told_to_who_is_there_alone(org: Organisation) -> None:
    site = org.site()
    bob, since = org.person("Bob"), head(org.admin)
    is_seen(org, bob, site)
    assert changes(org.admin, since) == []
    with org.world.worker.transaction() as session:
        mine = select(Membership.role).where(Membership.person_id == UUID(bob.id))
        assert session.scalars(mine).all() == ["member"]
