"""A planner that repeats itself, dies, has company, or is refused: every event is planned once, and none stops it."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from journal.catalogue import POST_CREATED
from journal.events import Event, append
from push.plans.planner import plan
from social.models import Post
from tests.stories.pushes import (
    notifications,
    plans,
    reachable,
    rows,
    told,
)
from tests.world import Organisation


def test_the_same_event_twice_is_told_once(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "hello")
    plans(org.world)
    with org.world.worker.transaction() as session:
        session.execute(text("UPDATE journal_cursors SET seq = seq - 1 WHERE reader = 'push'"))
    assert plans(org.world) == 1
    assert len(rows(org, post)) == 1


def test_a_worker_that_dies_in_between_leaves_neither_half(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "hello")
    org.world.relays()
    with pytest.raises(KeyboardInterrupt), org.world.worker.transaction() as session:
        assert plan(session).read > 0
        raise KeyboardInterrupt
    assert (rows(org, post), notifications(org, post)) == ([], [])
    assert told(org, post) == {("Bob", "message")}


def test_two_workers_do_not_plan_at_once(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "hello")
    org.world.relays()
    with org.world.worker.transaction() as one, org.world.worker.transaction() as other:
        assert plan(one).read > 0
        assert plan(other).read == 0
    assert len(rows(org, post)) == 1


def test_nobody_who_posts_waits_for_a_planner_that_is_at_it(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    org.admin.posts(site, "hello")
    org.world.relays()
    with org.world.worker.transaction() as session:
        assert plan(session).read > 0
        bob.posts(site, "and meanwhile?")
        org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
        session.execute(select(Post.id).limit(1))


def test_an_event_that_cannot_be_planned_does_not_stand_before_the_others(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    with org.world.worker.transaction() as session:
        append(session, org.id, Event(POST_CREATED, uuid4(), {"id": "broken"}, scope_id=org.id))
    post = org.admin.posts(site, "hello")
    assert told(org, post) == {("Bob", "message")}


def test_what_the_database_refuses_again_and_again_is_written_down_and_left_behind(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    world = org.world
    plans(world)
    refused = org.admin.posts(site, "nobody hears of this")
    world.relays()
    with world.owner() as other, world.worker.transaction() as session:
        other.execute(text("LOCK TABLE deliveries IN EXCLUSIVE MODE"))
        session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        assert plan(session).read > 0
    (note,) = notifications(org, refused)
    assert (note.kind, note.facts["type"]) == ("unplanned", "post.created")
    assert "text" not in note.facts
    post = org.admin.posts(site, "hello")
    assert told(org, post) == {("Bob", "message")}
    assert told(org, refused) == set()


def test_a_planner_whose_database_goes_gives_nothing_up(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    world = org.world
    plans(world)
    post = org.admin.posts(site, "hello")
    world.relays()
    with world.owner() as other, ThreadPoolExecutor(1) as pool:
        other.execute(text("LOCK TABLE deliveries IN EXCLUSIVE MODE"))
        planning = pool.submit(plans, world)
        with world.worker.transaction() as session:
            waiting = text(
                "SELECT pg_terminate_backend(l.pid, 5000) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE NOT granted AND datname = current_database() AND relation = CAST('deliveries' AS regclass)"
            )
            while not planning.done() and session.scalar(waiting) is None:
                pass
        assert isinstance(planning.exception(timeout=30), SQLAlchemyError)
    assert told(org, post) == {("Bob", "message")}
