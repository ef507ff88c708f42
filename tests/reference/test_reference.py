"""Whatever happens, and in whatever order: in the end the app's store is what a fresh fetch would give."""

import os
import tempfile

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.reference.accidents import killed_at
from tests.reference.story import Story, all_posts
from tests.world import World

_STRIDE = 3  # lines of the client's code between two kills; each kill costs a whole catching up
_PLACES = st.integers(0, 3)
_SOME = st.integers(0, 9)
_STEPS = st.one_of(
    st.tuples(st.just("colleague_posts"), _PLACES),
    st.tuples(st.just("colleague_edits"), _SOME),
    st.tuples(st.just("colleague_deletes"), _SOME),
    st.tuples(st.just("comes"), _PLACES),
    st.tuples(st.just("goes"), _PLACES),
    st.tuples(st.just("queues_post"), _PLACES),
    st.tuples(st.just("queues_edit"), _SOME),
    st.tuples(st.just("queues_deletion"), _SOME),
    st.tuples(st.just("relay_runs"), st.just(0)),
    st.tuples(st.just("catches_up"), st.just(0)),
    st.tuples(st.just("is_killed"), st.integers(0, 300)),
    st.tuples(st.just("loses_request"), st.integers(0, 6)),
    st.tuples(st.just("loses_answer"), st.integers(0, 6)),
    st.tuples(st.just("hears"), st.integers(0, 10**6)),
    st.tuples(st.just("years_pass"), st.just(0)),
)


@settings(
    max_examples=int(os.environ.get("REFERENCE_EXAMPLES", "12")),
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(_STEPS, min_size=5, max_size=25))
def test_the_store_is_what_a_fresh_fetch_gives(world: World, steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(world, folder)
        for step, value in steps:
            getattr(story, step)(value)
        story.settles()
        assert story.store.posts() == story.fresh_fetch()
        assert story.store.scopes() == story.inside
        waits = {item["client_id"]: item for _, item in story.store.queued(100)}
        for item in waits.values():  # where the server would only have had to know that he was there
            assert item.get("scope_id") == story.places[3] or item["post_client_id"] in waits
        published = [
            post["client_id"] for scope in story.places for post in all_posts(story.colleague, scope)
        ]
        own = [client_id for client_id in published if client_id in story.queued]
        assert len(own) == len(set(own))
        story.store.close()


def test_the_app_survives_a_kill_wherever_it_stands(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(world, folder)
        story.settles()
        story.comes(1)
        for step in (story.colleague_posts, story.queues_post, story.queues_edit, story.colleague_edits):
            step(1)
        story.relay_runs(0)
        story.store.close()
        before, line, killed = story.path.read_bytes(), 0, True
        while killed:
            world.rests()  # each kill is a story of its own
            story.path.write_bytes(before)
            story.open_app()
            killed = killed_at(line, story.app.catch_up)
            story.store.close()
            story.open_app()
            story.settles()
            assert story.store.posts() == story.fresh_fetch()
            story.store.close()
            line += _STRIDE
        assert line > 50
        own = [post for post in all_posts(story.colleague, story.places[1]) if post["client_id"] is not None]
        assert [post["version"] for post in own] == [2]


def test_a_position_that_is_too_old_starts_over_and_keeps_the_queue(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(world, folder)
        story.colleague_posts(0)
        story.settles()
        with story.store.change():
            story.store.move(10**9)
        story.queues_post(0)
        story.settles()
        assert story.store.posts() == story.fresh_fetch()
        assert len(story.store.posts()) == 2
        story.store.close()
