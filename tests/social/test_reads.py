"""How far people have read: it never goes back, counts follow it, and receipts are the scope's choice."""

from sqlalchemy import text

from tests.stories.reads import reads_up_to, unread
from tests.stories.visits import is_seen
from tests.world import Organisation


def test_counts_follow_the_position(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob, amy = (org.person(name, scopes=[site]) for name in ("Bob", "Amy"))
    posts = [amy.posts(site, str(number)) for number in range(3)]
    assert (unread(bob, site), unread(amy, site)) == ((3, 0), (0, 0))
    reads_up_to(bob, posts[1])
    assert unread(bob, site) == (1, 0)
    amy.delete(f"/v1/posts/{posts[2]['id']}")
    assert unread(bob, site) == (0, 0)


def test_what_was_said_before_one_came_is_not_unread(org: Organisation) -> None:
    site = org.site(admission="assigned")
    org.admin.posts(site, "long ago")
    bob = org.person("Bob", scopes=[site])
    assert unread(bob, site) == (0, 0)
    assert unread(bob, str(org.id)) == (0, 0)


def test_a_position_never_goes_back(org: Organisation) -> None:
    bob = org.person("Bob")
    first, second = (org.admin.posts(str(org.id), text) for text in ("first", "second"))
    reads_up_to(bob, second)
    assert reads_up_to(bob, first)["post_id"] == second["id"]
    assert unread(bob, str(org.id)) == (0, 0)


def test_ones_other_devices_are_told_once_and_nobody_else(org: Organisation) -> None:
    bob = org.person("Bob")
    post = org.admin.posts(str(org.id), "news")
    org.world.relays()
    start = bob.get("/v1/me")["position"]
    reads_up_to(bob, post)
    reads_up_to(bob, post)
    events = org.signs_in("bob@example.com", "Bob").syncs(start)
    told = [event["data"] for event in events if event["type"] == "read.advanced"]
    assert [(data["scope_id"], data["post_id"]) for data in told] == [(str(org.id), post["id"])]
    assert [event["type"] for event in org.admin.syncs(start)] == []


def test_more_than_ninety_nine_are_counted_as_a_hundred(org: Organisation) -> None:
    bob = org.person("Bob")
    post = org.admin.posts(str(org.id), "first")
    copy = text(
        "INSERT INTO posts (id, organisation_id, scope_id, author_id, text, version) SELECT uuidv7.id, organisation_id,"
        " scope_id, author_id, 'more', 1 FROM posts, (SELECT (substr(:id, 1, 24) || lpad(to_hex(n), 12, 'f'))::uuid"
        " AS id FROM generate_series(1, 150) n) uuidv7 WHERE posts.id = CAST(:id AS uuid)"
    )
    with org.world.worker.transaction() as session:
        session.execute(copy, {"id": post["id"]})
        told = "INSERT INTO subject_positions SELECT id, organisation_id, scope_id, 1000 FROM posts"
        session.execute(text(told + " WHERE scope_id = :id ON CONFLICT DO NOTHING"), {"id": org.id})
    assert unread(bob, str(org.id))[0] == 100


def test_nothing_can_be_read_where_one_does_not_belong(org: Organisation) -> None:
    site = org.site(admission="assigned")
    secret = org.admin.posts(site, "secret")
    bob = org.person("Bob")
    reads_up_to(bob, secret, 404)
    elsewhere = org.admin.posts(str(org.id), "elsewhere")
    bob.put(f"/v1/scopes/{org.id}/read", {"post_id": secret["id"]}, 404)
    assert site not in {item["scope_id"] for item in bob.get("/v1/me/unread")["items"]}
    reads_up_to(bob, elsewhere)


def test_what_one_reads_since_entry_is_what_one_can_have_read(org: Organisation) -> None:
    site = org.site(history="since_entry")
    before = org.admin.posts(site, "before")
    bob = org.person("Bob")
    is_seen(org, bob, site)
    reads_up_to(bob, before, 404)
    assert unread(bob, site) == (0, 0)
    after = org.admin.posts(site, "after")
    assert unread(bob, site) == (1, 0)
    reads_up_to(bob, after)


def test_receipts_are_shown_where_the_scope_says_so_and_from_then_on(org: Organisation) -> None:
    site = org.site(admission="assigned")
    amy, bob = (org.person(name, scopes=[site]) for name in ("Amy", "Bob"))
    early, late = (amy.posts(site, text) for text in ("early", "late"))
    reads_up_to(bob, early)
    assert amy.get(f"/v1/posts/{early['id']}/readers", 403)["code"] == "receipts_off"
    org.admin.patch(f"/v1/admin/scopes/{site}", {"read_receipts": True})
    assert amy.get(f"/v1/posts/{early['id']}/readers")["items"] == []
    reads_up_to(bob, late)
    for post in (early, late):
        readers = amy.get(f"/v1/posts/{post['id']}/readers")["items"]
        assert [reader["person"]["name"] for reader in readers] == ["Bob"]
    assert bob.get(f"/v1/posts/{late['id']}/readers", 403)["code"] == "not_the_author"
    assert org.admin.get(f"/v1/posts/{late['id']}/readers")["items"] != []


def test_the_members_are_told_that_receipts_are_on(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = org.person("Bob", scopes=[site])
    org.world.relays()
    start = bob.get("/v1/me")["position"]
    for _ in range(2):
        org.admin.patch(f"/v1/admin/scopes/{site}", {"read_receipts": True})
    events = [event for event in bob.syncs(start) if event["type"] == "scope.updated"]
    assert [event["data"]["read_receipts"] for event in events] == [True]
    membership = next(m for m in bob.get("/v1/me")["memberships"] if m["scope_id"] == site)
    assert membership["read_receipts"] is True


def test_a_reader_page_goes_on(org: Organisation) -> None:
    org.admin.patch(f"/v1/admin/scopes/{org.id}", {"read_receipts": True})
    post = org.admin.posts(str(org.id), "news")
    for name in ("Amy", "Bob", "Cho"):
        reads_up_to(org.person(name), post)
    path = f"/v1/posts/{post['id']}/readers?limit=2"
    page = org.admin.get(path)
    rest = org.admin.get(f"{path}&cursor={page['next']}")
    assert [r["person"]["name"] for r in page["items"] + rest["items"]] == ["Amy", "Bob", "Cho"]
