"""How loud a scope is for somebody: their own choice, which lasts, and makes nothing else of their membership."""

from typing import Any

import pytest

from tests.stories.checkins import code, marker
from tests.stories.events import types
from tests.stories.visitors import comes_as_visitor
from tests.world import Organisation, Phone

MUTED = "2030-01-01T00:00:00.000Z"


def wishes(phone: Phone, scope: str, status: int = 200, **changes: Any) -> Any:
    return phone.patch(f"/v1/me/memberships/{scope}", changes, status)


def memberships(phone: Phone) -> dict[str, dict[str, Any]]:
    return {held["scope_id"]: held for held in phone.get("/v1/me")["memberships"]}


def test_ones_own_devices_hear_of_it_once_and_nobody_else(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, amy = (org.person(name, scopes=[site]) for name in ("Bob", "Amy"))
    tablet = org.signs_in("bob@example.com", "Bob")
    org.world.relays()
    since = bob.get("/v1/me")["position"]
    changed = wishes(bob, site, level="mentions", muted_until=MUTED)
    assert wishes(bob, site, level="mentions", muted_until=MUTED) == changed
    assert (changed["level"], changed["muted_until"]) == ("mentions", MUTED)
    told = tablet.syncs(since)
    assert [(event["type"], event["data"]) for event in told] == [("membership.updated", changed)]
    assert types(amy, since) == types(org.admin, since) == []
    assert memberships(amy)[site]["level"] == "all"
    assert wishes(bob, site, muted_until=None)["level"] == "mentions"


def test_the_organisations_own_scope_can_be_muted_and_stays_what_it_is(org: Organisation) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    before = org.admin.posts(scope, "before")
    org.world.relays()
    since = bob.get("/v1/me")["position"]
    row = wishes(bob, scope, level="nothing")
    assert wishes(bob, scope, muted_until=MUTED)["id"] == row["id"] == memberships(bob)[scope]["id"]
    org.admin.posts(scope, "after")
    assert types(bob, since) == ["membership.updated", "membership.updated", "post.created"]
    assert bob.feed() == ["after", "before"]
    assert bob.get(f"/v1/posts/{before['id']}")["text"] == "before"
    assert bob.delete(f"/v1/scopes/{scope}/membership", 409)["code"] == "membership_not_joined"
    listed = f"/v1/admin/scopes/{scope}/memberships"
    assert org.admin.get(listed)["items"] == []
    org.admin.delete(f"{listed}/{bob.id}", 404)
    assert bob.feed() == ["after", "before"]


def test_who_is_made_a_manager_of_the_whole_keeps_the_wish(org: Organisation) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    wishes(bob, scope, level="mentions")
    made = org.admin.put(f"/v1/admin/scopes/{scope}/memberships/{bob.id}", {"role": "manager"})
    assert (made["role"], made["source"]) == ("manager", "assigned")
    assert not made.keys() & {"level", "muted_until"}  # how loud it is for him is his alone to know


def test_who_comes_again_says_it_once(org: Organisation) -> None:
    site = org.site(grace_seconds=0)
    bob = org.person("Bob")
    visits = f"/v1/admin/places/{site}/visits"
    org.admin.post(visits, {"person_id": bob.id}, 201)
    wishes(bob, site, level="announcements", muted_until=MUTED)
    org.admin.delete(f"{visits}/{bob.id}")
    assert site not in memberships(bob)
    wishes(bob, site, 404, level="all")
    org.admin.post(visits, {"person_id": bob.id}, 201)
    assert (memberships(bob)[site]["level"], memberships(bob)[site]["muted_until"]) == (
        "announcements",
        MUTED,
    )
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {})
    assert (memberships(bob)[site]["source"], memberships(bob)[site]["level"]) == (
        "assigned",
        "announcements",
    )


def test_a_scope_that_one_does_not_follow_is_not_there(org: Organisation) -> None:
    bob = org.person("Bob")
    for scope in (org.site("Open", admission="open"), org.site("Closed", admission="assigned")):
        wishes(bob, scope, 404, level="nothing")
    site = org.site("Mine", admission="assigned")
    amy = org.person("Amy", scopes=[site])
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{amy.id}")
    wishes(amy, site, 404, level="nothing")
    visitor = comes_as_visitor(org, code(org, marker(org, site, admits_visitors_hours=1)))
    wishes(visitor, str(org.id), 404, level="nothing")
    assert wishes(visitor, site, level="nothing")["level"] == "nothing"


@pytest.mark.parametrize(
    "nonsense",
    [{"level": "loud"}, {"level": None}, {"muted_until": "soon"}, {"role": "manager"}, {"ended_at": MUTED}],
)
def test_nothing_else_can_be_changed(org: Organisation, nonsense: dict[str, Any]) -> None:
    wishes(org.person("Bob"), str(org.id), 422, **nonsense)
