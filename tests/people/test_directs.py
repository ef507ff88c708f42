"""Direct conversations: among a few, found again, and nobody else's."""

import pytest

from tests.stories.checkins import code, marker
from tests.stories.directs import talks_with
from tests.stories.pushes import followed, reachable, told
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, World


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
