"""Waiting for news: it comes at once, and nobody who waits holds a database connection."""

import time
from concurrent.futures import ThreadPoolExecutor

from journal.wakeups import Wakeups
from tests.stories.waiting import until
from tests.world import World


def wakeups(world: World) -> Wakeups:
    return world.app.extensions["hereabouts"].wakeups


def test_one_who_waits_hears_at_once_and_holds_no_connection(world: World) -> None:
    org = world.organisation()
    bob = org.person("Bob")
    world.relays()
    start = bob.get("/v1/me")["position"]
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        waiting = pool.submit(bob.get, f"/v1/sync?after={start}&wait=30")
        until(lambda: wakeups(world).waiting() == 1)
        assert world.web.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        org.admin.posts(str(org.id), "news")
        world.relays()
        page = waiting.result()
    assert [event["data"]["text"] for event in page["items"]] == ["news"]
    assert time.monotonic() - began < 29


def test_what_concerns_others_alone_ends_no_waiting(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    bob = org.person("Bob")
    world.relays()
    start = bob.get("/v1/me")["position"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bob.get, f"/v1/sync?after={start}&wait=30")
        until(lambda: wakeups(world).waiting() == 1)
        ticket = wakeups(world).ticket(org.id)
        org.admin.posts(site, "secret")
        world.relays()
        until(lambda: wakeups(world).ticket(org.id) != ticket)
        until(lambda: wakeups(world).waiting() == 1)  # has looked, found nothing, and waits again
        assert not waiting.done()
        org.admin.posts(str(org.id), "news")
        world.relays()
        page = waiting.result()
    assert [event["data"]["text"] for event in page["items"]] == ["news"]
    assert page["position"] == page["items"][0]["position"] > start + 1


def test_a_waiting_without_news_ends_past_what_concerns_others(world: World) -> None:
    org = world.organisation()
    site = org.site(admission="assigned")
    bob = org.person("Bob")
    world.relays()
    start = bob.get("/v1/me")["position"]
    org.admin.posts(site, "secret")
    world.relays()
    page = bob.get(f"/v1/sync?after={start}&wait=1")
    assert page["items"] == []
    assert page["position"] > start


def test_a_session_that_ends_while_it_waits_is_told_so(world: World) -> None:
    org = world.organisation()
    bob = org.person("Bob")
    world.relays()
    start = bob.get("/v1/me")["position"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bob.get, f"/v1/sync?after={start}&wait=30", 401)
        until(lambda: wakeups(world).waiting() == 1)
        bob.delete("/v1/sessions/current")
        world.relays()
        assert waiting.result()["code"] == "session_ended"


def test_what_is_announced_between_the_look_and_the_waiting_is_not_missed(world: World) -> None:
    org, shared = world.organisation(), wakeups(world)
    with ThreadPoolExecutor(1) as pool:
        another = pool.submit(shared.wait, world.organisation().id, 0, 30)  # keeps the thread listening
        ticket = shared.ticket(org.id)
        org.admin.posts(str(org.id), "news")
        world.relays()
        until(lambda: shared.ticket(org.id) != ticket)
        began = time.monotonic()
        shared.wait(org.id, ticket, 30)
        assert time.monotonic() - began < 29
        another.result()


def test_no_one_waits_longer_than_half_a_minute(world: World) -> None:
    assert world.organisation().admin.get("/v1/sync?after=0&wait=31", 422)["errors"][0]["pointer"] == "/wait"
