"""Mentions name persons, reach nobody new, and tell nobody who is where."""

from tests.stories.reads import reads_up_to, unread
from tests.stories.visits import is_seen
from tests.world import World


def test_a_mention_is_carried_and_counted_until_it_is_read(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    amy, bob = (org.person(name, scopes=[site]) for name in ("Amy", "Bob"))
    amy.posts(site, "for all")
    post = amy.posts(site, "@Bob, the crane", mentions=[bob.id, bob.id])
    assert post["mentions"] == [{"id": bob.id, "name": "Bob"}]
    assert bob.get(f"/v1/scopes/{site}/posts")["items"][0]["mentions"] == post["mentions"]
    assert unread(bob, site) == (2, 1)
    assert unread(amy, site) == (0, 0)
    reads_up_to(bob, post)
    assert unread(bob, site) == (0, 0)


def test_an_edit_changes_whom_a_post_names_and_a_deletion_names_nobody(world: World) -> None:
    org = world.organisation()
    amy, bob = org.person("Amy"), org.person("Bob")
    post = amy.posts(str(org.id), "@Bob", mentions=[bob.id])
    kept = amy.patch(f"/v1/posts/{post['id']}", {"text": "@Bob!"})
    assert kept["mentions"] == post["mentions"]
    changed = amy.patch(f"/v1/posts/{post['id']}", {"text": "@Ada", "mentions": [org.admin.id]})
    assert [person["name"] for person in changed["mentions"]] == ["Ada"]
    assert unread(bob, str(org.id)) == (1, 0)
    amy.delete(f"/v1/posts/{post['id']}")
    assert unread(org.admin, str(org.id)) == (0, 0)
    assert amy.get(f"/v1/posts/{post['id']}")["mentions"] == []


def test_one_whom_the_post_would_not_reach_cannot_be_named(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    amy, eve = org.person("Amy", scopes=[site]), org.person("Eve")
    stranger = world.organisation().person("Stranger")
    for outsider in (eve, stranger):
        problem = amy.posts(site, "@you", 422, mentions=[amy.id, outsider.id])
        assert (problem["code"], problem["errors"][0]["pointer"]) == ("mention_not_reached", "/mentions/1")
    amy.posts(str(org.id), "@you", 422, mentions=[stranger.id])
    assert amy.reads(site) == []


def test_naming_somebody_does_not_tell_whether_they_are_there(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="present")
    amy, here, away = (org.person(name) for name in ("Amy", "Here", "Away"))
    for phone in (amy, here):
        is_seen(org, phone, site)
    for colleague in (here, away):
        amy.posts(site, "@you", mentions=[colleague.id])
    stranger = world.organisation().person("Stranger")
    amy.posts(site, "@you", 422, mentions=[stranger.id])
