"""Catching up by pages: in order, once, and nothing of where one does not belong."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from base import ids
from journal.catalogue import CATALOGUE, POST_CREATED
from journal.event_types import Reach
from journal.events import Event, append
from schemas.problems import ProblemDetails
from tests.stories.events import head
from tests.stories.visits import is_seen
from tests.world import Organisation, Phone, World


def texts(events: list[dict[str, Any]]) -> list[str]:
    return [event["data"]["text"] for event in events if event["type"] == "post.created"]


def team(org: Organisation) -> tuple[Phone, str]:
    """A member and an assigned place."""
    site = org.site(admission="assigned")
    return org.person("Bob", scopes=[site]), site


def test_pages_give_everything_once_and_in_order(world: World) -> None:
    org = world.organisation()
    bob, site = team(org)
    start = head(bob)
    for number in range(12):
        org.admin.posts(site if number % 3 else str(org.id), str(number))
    world.relays()
    got: list[dict[str, Any]] = []
    after, more = start, True
    while more:
        page = bob.get(f"/v1/sync?after={after}&limit=5")
        got, after, more = got + page["items"], page["position"], page["more"]
    assert texts(got) == [str(number) for number in range(12)]
    positions = [event["position"] for event in got]
    assert positions == sorted(set(positions))
    assert after == head(bob)


def test_a_busy_organisation_does_not_hold_a_quiet_phone_back(world: World) -> None:
    org = world.organisation()
    bob, _ = team(org)
    elsewhere = org.site("Harbour", admission="assigned")
    start = head(bob)
    for number in range(8):
        org.admin.posts(elsewhere, str(number))
    world.relays()
    page = bob.get(f"/v1/sync?after={start}&limit=2")
    assert (page["items"], page["more"], page["position"]) == ([], False, head(bob))


def test_after_the_end_nothing_of_the_scope_is_given_not_even_what_was_said_before(world: World) -> None:
    org = world.organisation()
    bob, site = team(org)
    start = head(bob)
    org.admin.posts(site, "before the end")
    world.relays()
    assert texts(bob.syncs(start)) == ["before the end"]
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    org.admin.posts(site, "after the end")
    events = bob.syncs(start)
    assert [event["type"] for event in events] == ["membership.ended"]
    assert events[0]["data"]["delete_scope_id"] == site


def test_the_end_counts_from_its_commit_on_though_the_journal_does_not_know_it_yet(world: World) -> None:
    org = world.organisation()
    bob, site = team(org)
    start = head(bob)
    org.admin.posts(site, "secret")
    world.relays()
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    assert bob.get(f"/v1/sync?after={start}")["items"] == []


def test_an_end_between_two_pages_cuts_the_second(world: World) -> None:
    org = world.organisation()
    bob, site = team(org)
    start = head(bob)
    for number in range(4):
        org.admin.posts(site, str(number))
    world.relays()
    first = bob.get(f"/v1/sync?after={start}&limit=2")
    assert texts(first["items"]) == ["0", "1"]
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    assert [event["type"] for event in bob.syncs(first["position"])] == ["membership.ended"]


def test_a_beginning_says_where_to_fetch_and_only_what_comes_after_it_is_given(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    bob = org.person("Bob")
    start = head(bob)
    org.admin.posts(site, "history")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {"role": "member"})
    org.admin.posts(site, "news")
    begun, news = bob.syncs(start)
    assert begun["type"] == "membership.started"
    assert [post["text"] for post in bob.get(begun["data"]["fetch_from"])["items"]] == ["news", "history"]
    assert news["data"]["text"] == "news"


def test_a_beginning_that_the_relay_has_not_moved_gives_nothing_yet(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    bob = org.person("Bob")
    start = head(bob)
    org.admin.posts(site, "history")
    world.relays()
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {"role": "member"})
    page = bob.get(f"/v1/sync?after={start}")
    assert page["items"] == []
    assert [event["type"] for event in bob.syncs(page["position"])] == ["membership.started"]


def test_out_and_in_again_gives_what_came_after_the_second_beginning_alone(world: World) -> None:
    org = world.organisation()
    bob, site = team(org)
    start = head(bob)
    member = f"/v1/admin/scopes/{site}/memberships/{bob.id}"
    org.admin.posts(site, "first stay")
    org.admin.delete(member)
    org.admin.posts(site, "away")
    org.admin.put(member, {"role": "member"})
    org.admin.posts(site, "second stay")
    events = bob.syncs(start)
    assert [event["type"] for event in events] == ["membership.ended", "membership.started", "post.created"]
    assert texts(events) == ["second stay"]


def test_one_who_reads_since_entry_gets_no_edits_of_what_was_said_before(world: World) -> None:
    org = world.organisation()
    site = org.site(history="since_entry", grace_seconds=0)
    bob = org.person("Bob")
    before = org.admin.posts(site, "before")
    start = head(bob)
    is_seen(org, bob, site)
    org.admin.patch(f"/v1/posts/{before['id']}", {"text": "before, edited"})
    org.admin.posts(site, "after")
    assert [e["data"]["text"] for e in bob.syncs(start) if e["type"].startswith("post.")] == ["after"]


def test_nothing_of_another_organisation_is_given(world: World) -> None:
    ours, theirs = world.organisation(), world.organisation()
    bob, _ = team(ours)
    theirs.admin.posts(str(theirs.id), "theirs")
    assert texts(bob.syncs(0)) == []


def test_a_position_whose_events_were_dropped_is_told_how_to_start_over(fresh_world: World) -> None:
    org = fresh_world.organisation()
    bob, site = team(org)
    old = head(bob)
    org.admin.posts(site, "news")
    fresh_world.relays()
    with fresh_world.owner() as connection:
        connection.execute(
            text(
                "CREATE TABLE journal_2001_01 PARTITION OF journal FOR VALUES FROM ('2001-01-01') TO ('2001-02-01')"
            )
        )
        aged = text("UPDATE journal SET recorded_at = '2001-01-15' WHERE position < :old")
        connection.execute(aged, {"old": old})
        connection.execute(text("DROP TABLE journal_2001_01"))
    problem = bob.get("/v1/sync?after=0", 410)
    assert (problem["code"], problem["position"]) == ("position_too_old", head(bob))
    first, then = problem["start_over"]
    assert ProblemDetails().validate(problem) == {}
    me = bob.get(first)
    assert me["position"] == problem["position"]
    assert site in [membership["scope_id"] for membership in me["memberships"]]
    shown = [post["text"] for post in bob.get(then.format(scope_id=site))["items"]]
    assert shown == ["news"]
    bob.get(f"/v1/sync?after={old - 2}", 410)
    assert texts(bob.get(f"/v1/sync?after={old - 1}")["items"]) == ["news"]


def test_one_who_reads_since_entry_is_told_what_is_so_of_the_place_itself(world: World) -> None:
    org = world.organisation()
    site = org.site(history="since_entry", grace_seconds=0)
    bob = org.person("Bob")
    is_seen(org, bob, site)
    start = head(bob)
    org.admin.patch(f"/v1/admin/scopes/{site}", {"read_receipts": True})
    assert [event["type"] for event in bob.syncs(start)] == ["scope.updated"]


def test_one_who_reads_since_entry_gets_of_before_what_is_so_and_nothing_that_was_said(
    fresh_world: World,
) -> None:
    org = fresh_world.organisation()
    site = org.site(history="since_entry", grace_seconds=0)
    bob = org.person("Bob")
    before = ids.new_id()
    with fresh_world.worker.transaction() as session:
        append(session, org.id, Event(POST_CREATED, before, {}, scope_id=UUID(site)))
    fresh_world.relays()
    is_seen(org, bob, site)
    start = head(bob)
    of_scopes = [declared for declared in CATALOGUE.values() if declared.reach in (Reach.SAID, Reach.SO)]
    with fresh_world.worker.transaction() as session:
        append(session, org.id, *(Event(each, before, {}, scope_id=UUID(site)) for each in of_scopes))
    fresh_world.relays()
    with fresh_world.worker.transaction() as session:  # by a newer release: nobody knows here what it tells
        newer = text(
            "UPDATE journal SET type = 'reaction.created' WHERE subject_id = :id AND type = 'post.created'"
        )
        session.execute(newer, {"id": before})
    so = [declared.name for declared in of_scopes if declared.reach is Reach.SO]
    assert [event["type"] for event in bob.syncs(start)] == so
    assert so
