"""The list in the app: what concerned somebody, while they may read it, and whether they have."""

from uuid import UUID

import pytest

from base import ids
from people.scopes.memberships import start_membership
from people.scopes.scopes import create_scope
from tests.stories.fixes import GATE, at_the_gate
from tests.stories.musters import calls
from tests.stories.notices import alerts, announces, time_passes
from tests.stories.reads import reads_up_to
from tests.stories.statements import explained
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone, World


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


def direct(org: Organisation, *phones: Phone) -> str:
    """A conversation between some."""
    with org.world.worker.transaction() as session:
        scope_id = ids.new_id()
        create_scope(session, org.id, scope_id, kind="direct", name="", admission="assigned")
        for phone in phones:
            start_membership(session, scope_id, UUID(phone.id), source="assigned")
    return str(scope_id)


def listed(phone: Phone, query: str = "") -> list[tuple[str, str | None]]:
    items = phone.get(f"/v1/me/notifications{query}")["items"]
    return [(item["why"], item["post"] and item["post"]["text"]) for item in items]


def unread(phone: Phone) -> int:
    count = phone.get("/v1/me/notifications/count")["unread"]
    assert len(listed(phone, "?unread=true")) == count
    return count


def test_what_concerns_somebody_is_listed_newest_first_and_the_rest_is_not(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, amy = (org.person(name, scopes=[site]) for name in ("Bob", "Amy"))
    mine = bob.posts(site, "Who has the key?")
    amy.posts(site, "I do.", parent_id=mine["id"])
    amy.posts(site, "Lunch?")
    amy.posts(site, "@Bob the gate", mentions=[bob.id])
    announces(org.admin, str(org.id), "Water off")
    alerts(org.admin, site, "Gas leak")
    amy.posts(direct(org, amy, bob), "psst")
    assert listed(bob) == [
        ("direct", "psst"),
        ("alert", "Gas leak"),
        ("announcement", "Water off"),
        ("mention", "@Bob the gate"),
        ("reply", "I do."),
    ]
    assert (unread(bob), unread(amy)) == (5, 2)


def test_ones_own_words_concern_nobody_of_oneself(org: Organisation) -> None:
    scope = str(org.id)
    post = org.admin.posts(scope, "I ask", mentions=[org.admin.id])
    org.admin.posts(scope, "and answer", parent_id=post["id"])
    announces(org.admin, scope, "and announce")
    org.admin.posts(direct(org, org.admin), "to myself")
    assert listed(org.admin) == []


def test_one_post_is_one_item(org: Organisation) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    mine = bob.posts(scope, "?")
    org.admin.posts(scope, "@Bob yes", parent_id=mine["id"], mentions=[bob.id])
    announces(org.admin, scope, "@Bob water off", mentions=[bob.id])
    assert listed(bob) == [("announcement", "@Bob water off"), ("mention", "@Bob yes")]


def test_what_is_deleted_or_no_longer_names_one_vanishes(org: Organisation) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    mine = bob.posts(scope, "?")
    gone = [
        org.admin.posts(scope, "reply", parent_id=mine["id"]),
        org.admin.posts(scope, "@Bob", mentions=[bob.id]),
        announces(org.admin, scope),
    ]
    kept = org.admin.posts(scope, "@Bob, no, @Amy", mentions=[bob.id])
    assert unread(bob) == 4
    for post in gone:
        org.admin.delete(f"/v1/posts/{post['id']}")
    org.admin.patch(f"/v1/posts/{kept['id']}", {"text": "@Amy", "mentions": []})
    assert (listed(bob), unread(bob)) == ([], 0)


def test_nothing_is_left_after_leaving(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, amy = (org.person(name, scopes=[site]) for name in ("Bob", "Amy"))
    mine = bob.posts(site, "?")
    amy.posts(site, "reply", parent_id=mine["id"])
    amy.posts(site, "@Bob", mentions=[bob.id])
    alerts(org.admin, site)
    assert unread(bob) == 3
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    assert (listed(bob), unread(bob)) == ([], 0)


def test_what_was_said_before_one_entered_is_not_there(org: Organisation) -> None:
    site = org.site(history="since_entry", grace_seconds=0)
    bob = org.person("Bob")
    org.admin.posts(site, "@Bob too early", mentions=[bob.id])
    announces(org.admin, site, "too early")
    is_seen(org, bob, site)
    org.admin.posts(site, "@Bob now", mentions=[bob.id])
    assert listed(bob) == [("mention", "@Bob now")]


def test_an_open_scope_tells_its_notices_to_followers_alone(org: Organisation) -> None:
    site = org.site(admission="open")
    bob = org.person("Bob")
    bob.put(f"/v1/scopes/{site}/membership")
    org.admin.posts(site, "@Bob", mentions=[bob.id])
    announces(org.admin, site)
    assert [why for why, _ in listed(bob)] == ["announcement", "mention"]
    bob.delete(f"/v1/scopes/{site}/membership")
    assert [why for why, _ in listed(bob)] == ["mention"], "which he may still read"


def test_reading_on_one_device_counts_on_all(org: Organisation) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    first, last = (org.admin.posts(scope, "@Bob", mentions=[bob.id]) for _ in range(2))
    other = org.signs_in("bob@example.com", "Bob")
    reads_up_to(bob, first)
    assert [item["read"] for item in other.get("/v1/me/notifications")["items"]] == [False, True]
    assert unread(other) == 1
    reads_up_to(other, last)
    assert unread(bob) == 0


def test_what_is_acknowledged_is_read(org: Organisation) -> None:
    bob = org.person("Bob")
    alert = alerts(org.admin, str(org.id))
    assert unread(bob) == 1
    bob.put(f"/v1/posts/{alert['id']}/acknowledgement")
    assert (unread(bob), listed(bob)) == (0, [("alert", "Gas leak")])


def test_who_comes_later_has_to_read_what_still_holds(org: Organisation) -> None:
    scope = str(org.id)
    announces(org.admin, scope, "holds")
    over = announces(org.admin, scope, "over")
    org.admin.post(f"/v1/admin/posts/{over['id']}/end")
    alert = alerts(org.admin, scope, "passed")
    time_passes(org.world, alert, days=2)
    org.world.relays()
    bob = org.person("Bob")
    assert [text for _, text in listed(bob)] == ["passed", "over", "holds"]
    assert listed(bob, "?unread=true") == [("announcement", "holds")]


def test_what_holds_is_listed_for_who_reads_from_their_entry_on(org: Organisation) -> None:
    site = org.site(at=GATE, history="since_entry")
    org.admin.posts(site, "before", mentions=[org.person("Amy").id])
    alerts(org.admin, site, "holds")
    announces(org.admin, site, "has no end")
    org.world.relays()
    bob = org.person("Bob")
    is_seen(org, bob, site)
    org.world.relays()
    assert listed(bob) == listed(bob, "?unread=true") == [("alert", "holds")]


def test_a_roll_call_is_unread_until_it_is_answered(org: Organisation) -> None:
    site = org.site(at=GATE)
    bob, amy = at_the_gate(org, "Bob"), at_the_gate(org, "Amy")
    muster = calls(org.admin, site)
    (item,) = bob.get("/v1/me/notifications")["items"]
    assert (item["why"], item["id"], item["read"], item["muster"]["message"]) == (
        ("muster", muster, False, "Fire in hall 2")
    )
    bob.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    assert (unread(bob), unread(amy), listed(org.person("Cho"))) == (0, 1, [])
    assert bob.get("/v1/me/notifications")["items"][0]["read"] is True


def test_pages_go_on_through_all_kinds(org: Organisation) -> None:
    bob, scope = org.person("Bob"), str(org.id)
    for number in range(3):
        org.admin.posts(scope, f"@Bob {number}", mentions=[bob.id])
        announces(org.admin, scope, f"news {number}")
    whole = [item["id"] for item in bob.get("/v1/me/notifications")["items"]]
    paged: list[str] = []
    cursor = ""
    while True:
        page = bob.get(f"/v1/me/notifications?limit=2{cursor}")
        paged += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert (paged, len(paged)) == (whole, 6)
    assert bob.get("/v1/me/notifications?cursor=x", 422)["code"] == "cursor_invalid"


_MANY = """
INSERT INTO posts (id, organisation_id, scope_id, author_id, text, kind, replied_to)
SELECT (substr(%(id)s, 1, 19) || '8' || lpad(to_hex(n), 3, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid,
    organisation_id, scope_id, author_id, 'more', CASE WHEN n %% 1000 = 0 THEN 'announcement' ELSE 'post' END,
    CASE WHEN n %% 500 = 0 THEN %(bob)s::uuid END
FROM posts, generate_series(1, 100000) n WHERE posts.id = %(id)s::uuid
"""


def test_among_a_hundred_thousand_posts_it_walks_indexes(fresh_world: World) -> None:
    """As the web's role, held by row-level security: it costs by the page, and not by what was ever said."""
    org = fresh_world.organisation()
    bob, scope = org.person("Bob"), str(org.id)
    post = org.admin.posts(scope, "@Bob", mentions=[bob.id])
    with fresh_world.owner() as connection:
        connection.exec_driver_sql(_MANY, {"id": post["id"], "bob": bob.id})
        connection.exec_driver_sql("ANALYZE")
    for path in ("", "?unread=true", "/count"):
        plan = explained(org, bob, f"/v1/me/notifications{path}", "WITH seen")
        posts = [line for line in plan if "on posts" in line and "never executed" not in line]
        assert all("Index" in line for line in posts), "\n".join(plan)
        assert max(rows_of(line) for line in posts) <= 300, "\n".join(plan)
    assert bob.get("/v1/me/notifications/count")["unread"] == 100


def rows_of(line: str) -> float:
    """How many rows a line of a plan really had."""
    return float(line.rpartition("rows=")[2].split()[0])
