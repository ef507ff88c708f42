"""Whether somebody is online is for those who show it too and belong somewhere with them, and for nobody else."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from base import clock
from people.online.last_seen import note_seen
from people.online.models import LastSeen
from tests.stories.online import SHOWN, shows
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone


def sees(viewer: Phone, *persons: Phone | str) -> list[str]:
    """Whose presence the viewer is told; asking for one and for many agree."""
    ids = [person if isinstance(person, str) else person.id for person in persons]
    told = [item["person_id"] for item in viewer.get(f"/v1/presence?person_ids={','.join(ids)}")["items"]]
    for person_id in ids:
        viewer.get(f"/v1/people/{person_id}/presence", 200 if person_id in told else 404)
    return told


def test_colleagues_of_a_site_who_show_it_see_each_other(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice, bob = (shows(org.person(name, scopes=[site])) for name in ("Alice", "Bob"))
    assert sees(alice, bob) == [bob.id]
    assert sees(bob, alice) == [alice.id]
    hidden = {"person_id": bob.id, "online": False, "last_seen_at": None}
    assert alice.get(f"/v1/people/{bob.id}/presence") == hidden
    org.world.app.extensions["hereabouts"].online.came((org.id, UUID(bob.id)))
    assert alice.get(f"/v1/people/{bob.id}/presence") == hidden | {"online": True}


def test_nobody_shows_it_unasked_and_who_hides_it_does_not_see_it(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice, bob = (org.person(name, scopes=[site]) for name in ("Alice", "Bob"))
    assert alice.get("/v1/me")["last_seen"] == "nobody"
    shows(alice)
    assert sees(alice, bob) == []
    assert sees(bob, alice) == []
    alice.patch("/v1/me", {"last_seen": "everyone"}, 422)


def test_the_organisations_own_scope_is_not_enough(org: Organisation) -> None:
    alice, bob = (shows(org.person(name)) for name in ("Alice", "Bob"))
    assert sees(alice, bob) == []
    assert sees(shows(org.admin), bob) == []


def test_nobody_takes_it_by_opening_a_conversation(org: Organisation) -> None:
    alice, bob = (shows(org.person(name)) for name in ("Alice", "Bob"))
    opened = alice.post("/v1/direct-conversations", {"person_ids": [bob.id]}, 201)
    alice.posts(opened["scope"]["id"], "hello")
    assert sees(alice, bob) == sees(bob, alice) == []


def test_being_in_the_same_place_tells_nothing(org: Organisation) -> None:
    """Else the answer would tell who is in the zone."""
    zone = org.zone(org.site(), admission="present")
    alice, bob = (shows(org.person(name)) for name in ("Alice", "Bob"))
    for person in (alice, bob):
        is_seen(org, person, zone)
        assert zone in [held["scope_id"] for held in person.get("/v1/me")["memberships"]]
    assert sees(alice, bob) == []
    org.admin.put(f"/v1/admin/scopes/{zone}/memberships/{bob.id}", {"role": "member"})
    assert sees(alice, bob) == sees(bob, alice) == []


def test_it_ends_with_the_membership_of_either(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice, bob, carol = (shows(org.person(name, scopes=[site])) for name in ("Alice", "Bob", "Carol"))
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    assert sees(alice, bob, carol) == [carol.id]
    assert sees(bob, alice) == []


def test_other_organisations_and_guessed_ids_are_left_out_alike(org: Organisation) -> None:
    site = org.site(admission="assigned")
    alice = shows(org.person("Alice", scopes=[site]))
    other = org.world.organisation()
    eve = shows(other.person("Eve", scopes=[other.site(admission="assigned")]))
    assert sees(alice, eve, str(uuid4()), site) == []


@pytest.mark.parametrize("ids", ["", "x", "1,2", ",".join([str(uuid4())] * 101)])
def test_a_hundred_ids_and_only_ids(org: Organisation, ids: str) -> None:
    org.admin.get(f"/v1/presence?person_ids={ids}", 422)
    org.admin.get("/v1/presence", 422)


def seen(org: Organisation, person: Phone, at: datetime) -> datetime | None:
    with org.world.web.transaction(org.id) as session:
        note_seen(session, org.id, {UUID(person.id): at})
        return session.scalar(select(LastSeen.seen_at).where(LastSeen.person_id == UUID(person.id)))


def test_when_somebody_was_seen_is_kept_to_the_minute_and_for_those_who_show_it_only(
    org: Organisation,
) -> None:
    site = org.site(admission="assigned")
    alice, bob = shows(org.person("Alice", scopes=[site])), org.person("Bob", scopes=[site])
    first = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
    assert seen(org, bob, first) is None
    shows(bob)
    assert seen(org, bob, first) == first
    assert seen(org, bob, first.replace(second=50)) == first
    told = alice.get(f"/v1/people/{bob.id}/presence")["last_seen_at"]
    assert told == clock.wire(first.replace(second=0))
    assert seen(org, bob, first.replace(minute=5)) == first.replace(minute=5)
    assert seen(org, bob, first) == first.replace(minute=5)
    bob.patch("/v1/me", {"last_seen": "nobody"})
    shows(bob)
    assert alice.get(f"/v1/people/{bob.id}/presence")["last_seen_at"] is None


def test_the_choice_is_told_to_ones_other_phones_once(org: Organisation) -> None:
    alice = org.person("Alice")
    position = alice.get("/v1/me")["position"]
    for _ in range(2):
        shows(alice)
    org.world.relays()
    told = [event for event in alice.syncs(position) if event["type"] == "last_seen.chosen"]
    assert [event["data"] for event in told] == [SHOWN]
    assert alice.get("/v1/me")["last_seen"] == "colleagues"
