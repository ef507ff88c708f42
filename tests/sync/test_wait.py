"""Waiting for news: it comes at once, and one who waits asks nothing of the database meanwhile."""

import time
from uuid import UUID

import pytest

from base import ids
from deploy.local.cluster import Cluster
from journal.catalogue import POST_CREATED
from journal.events import Event, append
from tests.stories.events import head
from tests.stories.statements import statements
from tests.stories.visits import is_seen
from tests.stories.waiting import until
from tests.stories.waits import Waits, is_handed_out, wakeups
from tests.world import Organisation, Phone, World

_CUT = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = 'hereabouts_web'"
)
_LOOK = "SELECT min(journal.position)"  # each page of sync asks it once


def bob_and_a_site(world: World) -> tuple[Organisation, Phone, str]:
    """Bob, who follows the organisation alone, and a site of others."""
    org = world.organisation()
    site = org.site(admission="assigned")
    return org, org.person("Bob"), site


def test_one_who_waits_hears_at_once_and_holds_no_connection(world: World) -> None:
    org, bob, _ = bob_and_a_site(world)
    began = time.monotonic()
    waiting = Waits(bob, head(bob))
    assert world.web.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    org.admin.posts(str(org.id), "news")
    world.relays()
    assert waiting.texts() == ["news"]
    assert time.monotonic() - began < 29


def test_what_concerns_others_alone_has_nobody_look(world: World) -> None:
    org, bob, site = bob_and_a_site(world)
    start = head(bob)
    waiting = Waits(bob, start)
    org.admin.posts(site, "secret")
    with statements(world.web.engine) as asked:
        world.relays()
        is_handed_out(org, start + 1)
    assert (asked, waiting.goes_on) == ([], True)
    org.admin.posts(str(org.id), "news")
    world.relays()
    page = waiting.answer()
    assert [event["data"]["text"] for event in page["items"]] == ["news"]
    assert page["position"] == page["items"][0]["position"] > start + 1


def test_what_is_addressed_to_one_has_nobody_else_look(world: World) -> None:
    org, bob, site = bob_and_a_site(world)
    ann = org.person("Ann")
    start = head(bob)
    bobs, anns = Waits(bob, start), Waits(ann, start)
    with statements(world.web.engine) as asked:
        org.admin.put(f"/v1/admin/scopes/{site}/memberships/{ann.id}", {"role": "member"})
        world.relays()
        assert [event["type"] for event in anns.answer()["items"]] == ["membership.started"]
    assert sum(_LOOK in statement for statement, _ in asked) == 1
    assert bobs.goes_on
    org.admin.posts(str(org.id), "news")
    world.relays()
    assert bobs.texts() == ["news"]


def test_a_waiting_without_news_ends_past_what_concerns_others(world: World) -> None:
    org, bob, site = bob_and_a_site(world)
    start = head(bob)
    org.admin.posts(site, "secret")
    world.relays()
    page = bob.get(f"/v1/sync?after={start}&wait=1")
    assert page["items"] == []
    assert page["position"] > start


def test_one_whose_time_is_over_is_answered_without_another_look(world: World) -> None:
    _, bob, _ = bob_and_a_site(world)
    start = head(bob)
    waiting = Waits(bob, start, wait=2)
    with statements(world.web.engine) as asked:
        page = waiting.answer()
    assert (page["items"], page["position"], asked) == ([], start, [])


def test_one_who_waits_on_is_not_looked_after_until_something_comes(world: World) -> None:
    org, bob, site = bob_and_a_site(world)
    start = head(bob)
    Waits(bob, start, wait=1).answer()
    with statements(world.web.engine) as asked:
        Waits(bob, start, wait=1).answer()
    assert asked == []
    org.admin.posts(site, "secret")
    world.relays()
    is_handed_out(org, start + 1)
    with statements(world.web.engine) as asked:
        page = Waits(bob, start, wait=1).answer()
    assert (asked, page["items"], page["position"]) == ([], [], start + 1)
    waiting = Waits(bob, page["position"])
    org.admin.posts(str(org.id), "news")
    world.relays()
    assert waiting.texts() == ["news"]


def test_one_who_waits_on_looks_where_something_came_in_between(world: World) -> None:
    org, bob, _ = bob_and_a_site(world)
    start = head(bob)
    Waits(bob, start, wait=1).answer()
    org.admin.posts(str(org.id), "news")
    world.relays()
    until(lambda: not wakeups(world).rests(UUID(bob.session_id)))
    assert Waits(bob, start).texts() == ["news"]


def test_one_whose_session_ended_in_between_does_not_wait_on(world: World) -> None:
    org, bob, _ = bob_and_a_site(world)
    ann = org.person("Ann")
    start = head(bob)
    anns = Waits(ann, start)
    Waits(bob, start, wait=1).answer()
    bob.delete("/v1/sessions/current")
    world.relays()
    is_handed_out(org, start + 1)
    assert Waits(bob, start, 401).answer()["code"] == "session_ended"
    assert anns.goes_on
    org.admin.posts(str(org.id), "news")
    world.relays()
    assert anns.texts() == ["news"]


@pytest.mark.parametrize("wait", [0, 1])
def test_one_who_asks_from_elsewhere_is_looked_after(world: World, wait: int) -> None:
    org, bob, _ = bob_and_a_site(world)
    before = head(bob)
    org.admin.posts(str(org.id), "news")
    start = head(bob)
    Waits(bob, start, wait=1).answer()
    assert [e["data"]["text"] for e in bob.get(f"/v1/sync?after={before}&wait={wait}")["items"]] == ["news"]
    assert bob.get(f"/v1/sync?after={start}&epoch=another&wait={wait}", 410)["code"] == "position_unknown"
    assert bob.get(f"/v1/sync?after={start + 1}&wait={wait}", 410)["code"] == "position_unknown"


def test_a_session_that_ends_while_it_waits_is_told_so(world: World) -> None:
    _, bob, _ = bob_and_a_site(world)
    waiting = Waits(bob, head(bob), 401)
    bob.delete("/v1/sessions/current")
    world.relays()
    assert waiting.answer()["code"] == "session_ended"
    assert wakeups(bob.organisation.world).seats.looking == 0


def test_a_person_who_is_let_go_while_waiting_is_told_so(world: World) -> None:
    org, bob, _ = bob_and_a_site(world)
    person = bob.id
    waiting = Waits(bob, head(bob), 401)
    org.admin.delete(f"/v1/admin/people/{person}")
    world.relays()
    assert waiting.answer()["code"] == "session_ended"


def test_one_who_is_let_in_while_waiting_hears_of_it_and_then_of_the_place(world: World) -> None:
    org, bob, site = bob_and_a_site(world)
    waiting = Waits(bob, head(bob))
    org.admin.posts(site, "before")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {"role": "member"})
    world.relays()
    page = waiting.answer()
    assert [event["type"] for event in page["items"]] == ["membership.started"]
    waiting = Waits(bob, page["position"])
    org.admin.posts(site, "since")
    world.relays()
    assert waiting.texts() == ["since"]


def test_one_who_is_put_out_while_waiting_hears_of_it_and_no_more_of_the_place(world: World) -> None:
    org, bob, site = bob_and_a_site(world)
    membership = f"/v1/admin/scopes/{site}/memberships/{bob.id}"
    org.admin.put(membership, {"role": "member"})
    waiting = Waits(bob, head(bob))
    org.admin.delete(membership)
    org.admin.posts(site, "secret")
    world.relays()
    page = waiting.answer()
    assert [event["type"] for event in page["items"]] == ["membership.ended"]
    start = head(bob)
    waiting = Waits(bob, start)
    org.admin.posts(site, "secret, too")
    world.relays()
    is_handed_out(org, start + 1)
    assert waiting.goes_on
    org.admin.posts(str(org.id), "news")
    world.relays()
    assert waiting.texts() == ["news"]


def test_a_newcomer_who_waits_hears_nothing_of_what_was_said_before(world: World) -> None:
    org = world.organisation()
    site = org.site(history="since_entry", grace_seconds=0)
    bob = org.person("Bob")
    before = org.admin.posts(site, "before")
    world.relays()
    is_seen(org, bob, site)
    start = head(bob)
    waiting = Waits(bob, start)
    org.admin.patch(f"/v1/posts/{before['id']}", {"text": "before, edited"})
    world.relays()
    is_handed_out(org, start + 1)
    assert waiting.goes_on
    org.admin.posts(site, "after")
    world.relays()
    assert waiting.texts() == ["after"]


def test_one_who_waits_is_found_among_thousands_of_events_for_others(world: World) -> None:
    org, bob, site = bob_and_a_site(world)
    waiting = Waits(bob, head(bob))
    with world.worker.transaction() as session:
        for number in range(2_500):
            scope_id = org.id if number == 1_700 else UUID(site)
            append(session, org.id, Event(POST_CREATED, ids.new_id(), {}, scope_id=scope_id))
    world.relays()
    assert len(waiting.answer()["items"]) == 1


def test_one_who_waits_hears_what_comes_after_every_connection_was_cut(
    world: World, cluster: Cluster, world_database: str
) -> None:
    org, bob, _ = bob_and_a_site(world)
    waiting = Waits(bob, head(bob))
    cluster.psql(world_database, "-c", _CUT)
    org.admin.posts(str(org.id), "news")
    world.relays()
    assert waiting.texts() == ["news"]


def test_the_younger_request_of_a_session_waits_and_the_older_one_is_answered(world: World) -> None:
    org, bob, _ = bob_and_a_site(world)
    ann = org.person("Ann")
    start = head(bob)
    anns, older = Waits(ann, start), Waits(bob, start)
    younger = Waits(bob, start, instead=older)
    page = older.answer()
    assert (page["items"], page["position"]) == ([], start)
    until(lambda: wakeups(world).waiting() == 2)
    org.admin.posts(str(org.id), "news")
    world.relays()
    assert (younger.texts(), anns.texts()) == (["news"], ["news"])


def test_two_phones_of_a_person_wait_both(world: World) -> None:
    org, bob, _ = bob_and_a_site(world)
    tablet = org.signs_in("bob@example.com", "Bob")
    start = head(bob)
    waiting = [Waits(bob, start), Waits(tablet, start)]
    org.admin.posts(str(org.id), "news")
    world.relays()
    assert [one.texts() for one in waiting] == [["news"], ["news"]]


def test_no_one_waits_longer_than_half_a_minute(world: World) -> None:
    assert world.organisation().admin.get("/v1/sync?after=0&wait=31", 422)["errors"][0]["pointer"] == "/wait"


def test_nobody_waits_who_has_something_to_hear(world: World) -> None:
    org, bob, _ = bob_and_a_site(world)
    start = head(bob)
    org.admin.posts(str(org.id), "news")
    world.relays()
    assert Waits(bob, start).texts() == ["news"]
    until(lambda: wakeups(world).waiting() == 0)
