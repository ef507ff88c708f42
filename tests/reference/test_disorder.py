"""The socket hands events over in any order, twice, late or not at all: the store is right after the next sync."""

import tempfile
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference.story import Story
from tests.world import World

_DELIVERIES = st.lists(st.integers(-1, 30), max_size=30)  # numbers of events; -1 is a sync meanwhile


def told_to_bob(story: Story, after: int) -> list[dict[str, Any]]:
    """What a socket of Bob's would bring while he comes, goes and comes again, and colleagues write."""
    told: list[dict[str, Any]] = []
    for step, value in (
        ("comes", 1),
        ("colleague_posts", 1),
        ("colleague_edits", 0),
        ("goes", 1),
        ("colleague_posts", 1),
        ("comes", 1),
        ("colleague_posts", 1),
        ("comes", 3),
        ("colleague_posts", 3),
        ("goes", 3),
        ("colleague_posts", 0),
        ("colleague_deletes", 1),
    ):
        getattr(story, step)(value)
        new = story.bob.syncs(told[-1]["position"] if told else after)
        told += new
    return told


def test_whatever_the_order_the_store_is_what_a_fresh_fetch_gives(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(world, folder)
        story.settles()
        position = story.store.position or 0
        story.store.close()
        before = story.path.read_bytes()
        told, seen = told_to_bob(story, position), story.fresh_fetch()
        assert len({event["type"] for event in told}) > 4

        @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(order=_DELIVERIES)
        def arrives(order: list[int]) -> None:
            story.path.write_bytes(before)
            story.open_app()
            hears(story, told, order)
            story.app.catch_up()
            assert (story.store.posts(), story.store.scopes()) == (seen, story.inside)
            story.store.close()

        arrives()


def hears(story: Story, told: list[dict[str, Any]], order: list[int]) -> None:
    for number in order:
        if number < 0:
            story.app.catch_up()
        else:
            story.app.hear(told[number % len(told)], str(story.store.epoch))


def test_no_membership_is_lost_where_the_socket_says_the_later_first(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(world, folder)
        story.settles()
        position = story.store.position
        story.comes(1)
        story.colleague_posts(1)
        story.relay_runs(0)
        started, posted = story.bob.get(f"/v1/sync?after={position}")["items"]
        assert [started["type"], posted["type"]] == ["membership.started", "post.created"]
        hears(story, [posted, started], [0, 1, 0, 1])
        assert story.store.posts() == story.fresh_fetch() != {}
        assert story.store.scopes() == story.inside
        story.store.close()


def test_what_the_socket_says_late_of_a_place_that_was_left_stays_out(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(world, folder)
        story.comes(1)
        story.settles()
        position = story.store.position
        story.colleague_posts(1)
        story.relay_runs(0)
        (posted,) = story.bob.get(f"/v1/sync?after={position}")["items"]
        story.goes(1)
        story.relay_runs(0)
        hears(story, [posted], [0, -1, 0])
        assert story.store.posts() == {}
        assert story.store.scopes() == story.inside
        story.store.close()
