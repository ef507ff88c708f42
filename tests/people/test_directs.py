"""Direct conversations: among a few, found again, and nobody else's."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text

from people.scopes.directs import _id_of
from tests.stories.checkins import code, marker
from tests.stories.directs import gone_from, leaves, talks_with
from tests.stories.events import head, heard, types
from tests.stories.pushes import followed, reachable, told
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, Phone, World


@pytest.fixture
def org(world: World) -> Organisation:
    return followed(world)


def test_two_talk_and_the_other_is_told_at_once(org: Organisation) -> None:
    alice, bob = org.person("Alice"), reachable(org, "Bob")
    reachable(org, "Eve")
    talk = talks_with(alice, bob)
    post = alice.posts(talk, "Lunch?")
    assert bob.reads(talk) == ["Lunch?"]
    assert told(org, post) == {("Bob", "direct")}
    assert bob.feed() == ["Lunch?"]


def test_the_same_people_have_one_conversation(org: Organisation) -> None:
    alice, bob, mina = (org.person(name) for name in ("Alice", "Bob", "Mina"))
    talk = talks_with(alice, bob)
    assert talks_with(bob, alice, status=200) == talk
    assert talks_with(alice, bob, bob, alice, status=200) == talk
    assert talks_with(alice, bob, mina) != talk


def test_nobody_else_reads_it_not_even_an_administrator(org: Organisation) -> None:
    alice, bob, eve = (org.person(name) for name in ("Alice", "Bob", "Eve"))
    talk = talks_with(alice, bob)
    post = alice.posts(talk, "between us")
    for other in (eve, org.admin):
        other.get(f"/v1/scopes/{talk}/posts", 404)
        other.get(f"/v1/posts/{post['id']}", 404)
        other.posts(talk, "me too", 404)
        other.put(f"/v1/scopes/{talk}/membership", status=404)
        assert "between us" not in other.feed()
    org.admin.put(f"/v1/admin/scopes/{talk}/memberships/{eve.id}", {"role": "member"}, 404)


@pytest.mark.parametrize("said", [{}, {"stay_hours": 8}, {"role": "organisation_administrator"}])
def test_no_invitation_leads_into_one(org: Organisation, said: dict[str, object]) -> None:
    """An administrator can work out its id, and so has to get nothing by it: not even that it is there."""
    alice, bob, eve = (org.person(name) for name in ("Alice", "Bob", "Eve"))
    talk = talks_with(alice, bob)
    absent = str(_id_of(org.id, {UUID(alice.id), UUID(eve.id)}))
    refused = [
        org.admin.post("/v1/admin/invitations", {**said, "scope_ids": [scope]}, 422)["errors"]
        for scope in (talk, absent)
    ]
    assert refused[0] == refused[1]
    own = talks_with(org.admin, bob)
    org.admin.post("/v1/admin/invitations", {**said, "scope_ids": [own]}, 422)


def test_an_invitation_that_names_one_all_the_same_does_not_let_in(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    site, talk = org.site(), talks_with(alice, bob)
    alice.posts(talk, "between us")
    made = org.admin.post("/v1/admin/invitations", {"scope_ids": [site]}, 201)
    with org.world.owner() as owner:
        named = {"talk": UUID(talk), "id": UUID(made["id"])}
        owner.execute(text("UPDATE invitations SET scope_ids = scope_ids || :talk WHERE id = :id"), named)
    eve = Phone(org, "Eve")
    account = {"email": "eve@example.org", "password": "night-shift-42-lamp", "name": "Eve", "locale": "en"}
    eve.keeps(eve.post("/v1/invitations/accept", {"code": made["code"], "device": eve.app, **account}, 201))
    eve.get(f"/v1/scopes/{talk}/posts", 404)
    assert {each["scope_id"] for each in eve.get("/v1/me")["memberships"]} == {site}
    assert gone_from(alice, talk) == []


def test_who_is_not_of_the_organisation_is_nobody(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    stranger = org.world.organisation("Other").person("Mallory")
    talks_with(alice, stranger, status=404)
    bobs = bob.id
    org.admin.delete(f"/v1/admin/people/{bobs}")
    alice.post("/v1/direct-conversations", {"person_ids": [bobs]}, 404)
    alice.post("/v1/direct-conversations", {"person_ids": [org.slug]}, 422)


@pytest.mark.parametrize("count", [0, 8])
def test_with_nobody_and_with_too_many_it_is_none(org: Organisation, count: int) -> None:
    alice = org.person("Alice")
    alice.post("/v1/direct-conversations", {"person_ids": [alice.id] * count}, 422)
    alice.post("/v1/direct-conversations", {"person_ids": [alice.id]}, 422)


def test_a_visitor_talks_with_those_of_the_place_alone(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, eve = org.person("Bob", scopes=[site]), org.person("Eve")
    screen = marker(org, org.zone(site), "rotating", admits_visitors_hours=8)
    vera = comes_as_visitor(org, code(org, screen))
    talks_with(vera, eve, status=404)
    talks_with(vera, bob, eve, status=404)
    talks_with(eve, vera, status=404)
    talk = talks_with(vera, bob)
    vera.posts(talk, "Where is the lift?")
    assert bob.reads(talk) == ["Where is the lift?"]


def test_who_was_taken_in_leaves_and_nothing_reaches_them(org: Organisation) -> None:
    alice, bob = org.person("Alice"), reachable(org, "Bob")
    talk = talks_with(alice, bob)
    post = alice.posts(talk, "Lunch?")
    since = head(bob)
    leaves(bob, talk)
    (ended,) = heard(bob, "membership.ended", since)
    assert (ended["reason"], ended["delete_scope_id"]) == ("left", talk)
    again = alice.posts(talk, "Why not?")
    assert told(org, again) == set()
    assert types(bob, since, "post.") == []
    assert bob.feed() == []
    for path in (f"scopes/{talk}/posts", f"posts/{post['id']}", f"direct-conversations/{talk}"):
        bob.get(f"/v1/{path}", 404)
    bob.posts(talk, "me again", 404)
    assert bob.get("/v1/me/notifications")["items"] == []
    assert talk not in str(bob.get("/v1/me/unread"))
    bob.put(f"/v1/scopes/{talk}/membership", status=404)
    bob.patch(f"/v1/me/memberships/{talk}", {"level": "all"}, 404)
    leaves(bob, talk, 404)


def test_the_others_see_that_somebody_left(org: Organisation) -> None:
    alice, bob, mina = (org.person(name) for name in ("Alice", "Bob", "Mina"))
    talk = talks_with(alice, bob, mina)
    assert gone_from(mina, talk) == []
    since = head(mina)
    leaves(bob, talk)
    (update,) = heard(mina, "direct.updated", since)
    assert update["left_ids"] == gone_from(mina, talk) == [bob.id]
    assert {person["name"] for person in update["persons"]} == {"Alice", "Bob", "Mina"}
    assert heard(bob, "direct.updated", since) == []


def test_nobody_takes_them_in_again_and_they_come_back_by_themselves(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    talk = talks_with(alice, bob)
    leaves(bob, talk)
    assert talks_with(alice, bob, status=200) == talk
    alice.posts(talk, "hello?")
    assert gone_from(alice, talk) == [bob.id]
    bob.get(f"/v1/scopes/{talk}/posts", 404)
    assert talks_with(bob, alice, status=200) == talk
    assert gone_from(alice, talk) == []
    assert bob.reads(talk) == ["hello?"]
    leaves(bob, talk)
    talks_with(alice, bob, status=200)
    assert gone_from(alice, talk) == [bob.id]


def test_who_took_them_in_does_not_take_them_into_another_one(org: Organisation) -> None:
    alice, bob, mina = (org.person(name) for name in ("Alice", "Bob", "Mina"))
    leaves(bob, talks_with(alice, bob))
    wider = talks_with(alice, bob, mina)
    assert gone_from(mina, wider) == [bob.id]
    bob.get(f"/v1/scopes/{wider}/posts", 404)
    assert talks_with(mina, alice, bob, status=200) == wider
    bob.get(f"/v1/scopes/{wider}/posts", 404)  # it is out of this one, whoever asks
    assert bob.reads(talks_with(mina, bob)) == []  # and Mina did nothing to him
    talks_with(bob, alice, status=200)
    bob.get(f"/v1/scopes/{wider}/posts", 404)
    eve = org.person("Eve")
    assert bob.reads(talks_with(alice, bob, eve)) == []


def test_who_is_in_a_conversation_stays_in_it(org: Organisation) -> None:
    alice, bob, mina = (org.person(name) for name in ("Alice", "Bob", "Mina"))
    wider = talks_with(alice, bob, mina)
    leaves(bob, talks_with(alice, bob))
    assert talks_with(alice, bob, mina, status=200) == wider
    assert bob.reads(wider) == []


def test_who_leaves_while_another_opens_it_has_left(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    talk = talks_with(alice, bob)
    with ThreadPoolExecutor(4) as pool:
        opening = [pool.submit(talks_with, alice, bob, status=200) for _ in range(3)]
        leaving = pool.submit(leaves, bob, talk)
        for done in (*opening, leaving):
            done.result()
    assert gone_from(alice, talk) == [bob.id]
    bob.get(f"/v1/scopes/{talk}/posts", 404)


def test_only_a_conversation_is_left_so_and_only_by_who_is_in_it(org: Organisation) -> None:
    alice, bob, eve = (org.person(name) for name in ("Alice", "Bob", "Eve"))
    talk, site = talks_with(alice, bob), org.site(admission="assigned")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{alice.id}", {})
    leaves(eve, talk, 404)
    leaves(org.admin, talk, 404)
    leaves(alice, site, 404)
    leaves(alice, str(org.id), 404)
    alice.get(f"/v1/direct-conversations/{site}", 404)
    assert gone_from(bob, talk) == []
