"""Two devices that say at once how far their person has read, and what counts while the journal has told of nothing."""

from tests.stories.reads import reads_up_to, unread
from tests.stories.twins import Request, twins
from tests.stories.visits import is_seen
from tests.world import Phone, World


def marks(phone: Phone, scope: str, post: str) -> Request:
    return lambda: phone.request("PUT", f"/v1/scopes/{scope}/read", {"post_id": post})


def test_the_first_two_marks_of_a_scope_at_once_end_at_the_later(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    bob, amy = org.person("Bob", scopes=[site]), org.person("Amy", scopes=[site])
    tablet = org.signs_in("bob@example.com", "Bob")
    early, late = amy.posts(site, "early"), amy.posts(site, "late")
    world.relays()
    twins(world, marks(bob, site, early["id"]), marks(tablet, site, late["id"]))
    assert unread(bob, site) == (0, 0)


def test_a_mark_beside_a_later_one_takes_nothing_back(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    bob, amy = org.person("Bob", scopes=[site]), org.person("Amy", scopes=[site])
    tablet = org.signs_in("bob@example.com", "Bob")
    first, told = (amy.posts(site, text) for text in ("first", "told"))
    world.relays()
    reads_up_to(bob, first)
    new = amy.posts(site, "the journal has not told of it")
    twins(world, marks(bob, site, new["id"]), marks(tablet, site, told["id"]))
    world.relays()
    assert unread(bob, site) == (0, 0)


def test_nobody_has_read_what_came_after_what_they_read_while_the_relay_is_away(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    bob, amy = org.person("Bob", scopes=[site]), org.person("Amy", scopes=[site])
    org.admin.patch(f"/v1/admin/scopes/{site}", {"read_receipts": True})
    world.relays()
    reads_up_to(bob, amy.posts(site, "read"))
    later = amy.posts(site, "later")
    assert amy.get(f"/v1/posts/{later['id']}/readers")["items"] == []


def test_an_edit_names_nobody_who_may_not_read_the_post(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="present", history="since_entry")
    amy, bob = org.person("Amy"), org.person("Bob")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{amy.id}", {})
    before = amy.posts(site, "before he came")
    world.relays()
    is_seen(org, bob, site)
    world.relays()
    amy.patch(f"/v1/posts/{before['id']}", {"text": "before he came, Bob", "mentions": [bob.id]})
    world.relays()
    assert unread(bob, site) == (0, 0)
    bob.get(f"/v1/posts/{before['id']}", 404)
    bob.patch(f"/v1/me/memberships/{site}", {"level": "mentions"})
    assert bob.get("/v1/me/unread")["badge"] == 0


def test_the_badge_counts_whom_an_edit_names_at_any_level(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    bob, amy = org.person("Bob", scopes=[site]), org.person("Amy", scopes=[site])
    post = amy.posts(site, "read")
    world.relays()
    reads_up_to(bob, post)
    amy.patch(f"/v1/posts/{post['id']}", {"text": "read, Bob", "mentions": [bob.id]})
    world.relays()
    assert unread(bob, site) == (0, 1)
    assert bob.get("/v1/me/unread")["badge"] == 1


def test_what_was_said_before_somebody_joined_is_not_unread_though_the_relay_is_away(world: World) -> None:
    org = world.organisation()
    everybody = str(org.id)
    org.admin.posts(everybody, "before")
    bob = org.person("Bob")
    org.admin.posts(everybody, "after")
    world.relays()
    assert unread(bob, everybody) == (1, 0)
    assert bob.get("/v1/me/unread")["badge"] == 1
