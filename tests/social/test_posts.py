"""Posts, replies and feeds, through the HTTP application."""

from tests.world import World


def test_a_post_reaches_the_feed_of_those_who_belong(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    alice, bob = org.person("Alice", scopes=[site]), org.person("Bob")
    alice.posts(site, "The north gate is stuck.")
    assert alice.feed() == ["The north gate is stuck."]
    assert bob.feed() == []
    bob.posts(site, "Let me in", status=404)


def test_a_repeated_client_id_is_published_once(world: World) -> None:
    org = world.organisation()
    first = org.admin.posts(str(org.id), "once", client_id="phone-0001")
    again = org.admin.posts(str(org.id), "once", status=200, client_id="phone-0001")
    assert again == first
    assert org.admin.reads(str(org.id)) == ["once"]
