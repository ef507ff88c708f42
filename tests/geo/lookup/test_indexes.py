"""When the index of places is asked (never when it is stale), and how much of it is kept."""

import time
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from geo.lookup.indexes import Freshness, PlaceIndexes, judge, load
from geo.lookup.nearby import _Versions, fences_near
from tests.stories.epochs import begins_anew
from tests.stories.fixes import FAR, GATE, stands
from tests.stories.indexes import asks_the_index, ready
from tests.stories.visits import places_of
from tests.stories.waiting import until
from tests.world import Organisation, World, feature, square


def redraw(org: Organisation, site: str, where: tuple[float, float]) -> None:
    """Move a site's boundary, as a manager does."""
    etag = org.admin.request("GET", f"/v1/admin/sites/{site}").headers["ETag"]
    body = feature(square(*where, 0.001))
    org.admin.patch(f"/v1/admin/sites/{site}", body, If_Match=etag)


# When it is asked


def test_the_very_next_fix_is_judged_by_the_new_boundary(world: World, indexes: PlaceIndexes) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    ready(indexes, org)
    assert [visit["place_id"] for visit in stands(alice, GATE, time.time() - 300)] == [site]
    ready(indexes, org)
    redraw(org, site, FAR)
    assert not asks_the_index(indexes, org)  # its event is on its way to the journal
    assert stands(alice, GATE, time.time() - 120)[0]["left_at"] is not None
    world.relays()
    assert not asks_the_index(indexes, org)  # and has come there
    assert [visit["place_id"] for visit in stands(alice, FAR, time.time())] == [site]
    ready(indexes, org)
    assert places_of(alice) == [site]


def test_after_a_restore_nothing_of_an_index_is_believed(world: World, indexes: PlaceIndexes) -> None:
    """Positions and versions are given again: the same version of a place may be somewhere else."""
    org = world.organisation()
    site = org.site(at=GATE)
    ready(indexes, org)
    known = indexes.build(org.id)
    begins_anew(world)
    assert not asks_the_index(indexes, org)
    rebuilt = load(world.web, org.id, known)
    assert known is not None
    assert rebuilt.version_of(UUID(site), 1) is not known.version_of(UUID(site), 1)
    ready(indexes, org)


def test_an_edit_that_commits_while_the_index_is_loaded_makes_it_stale(
    world: World, indexes: PlaceIndexes
) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    world.relays()
    engine = world.web.engine

    waiting = [site]

    def edits(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "ST_AsBinary" in statement and waiting:
            waiting.clear()
            redraw(org, site, FAR)
            world.relays()

    event.listen(engine, "before_cursor_execute", edits)
    indexes.build(org.id)
    event.remove(engine, "before_cursor_execute", edits)
    assert not waiting
    assert not asks_the_index(indexes, org)
    indexes.build(org.id)
    assert asks_the_index(indexes, org)


def test_an_archived_place_is_left_and_never_entered(world: World, indexes: PlaceIndexes) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    zone = org.zone(site, at=GATE)
    alice = org.person("Alice")
    ready(indexes, org)
    assert len(stands(alice, GATE, time.time() - 300)) == 2
    etag = org.admin.request("GET", f"/v1/admin/zones/{zone}").headers["ETag"]
    org.admin.delete(f"/v1/admin/zones/{zone}", If_Match=etag)
    stands(alice, GATE, time.time() - 120)
    assert places_of(alice) == [site]
    ready(indexes, org)
    assert stands(alice, GATE, time.time()) == []
    assert places_of(alice) == [site]


def test_an_index_knows_the_places_of_its_organisation_only(world: World, indexes: PlaceIndexes) -> None:
    ours, theirs = world.organisation(), world.organisation()
    site = ours.site(at=GATE)
    stranger = theirs.person("Sam")
    for org in (ours, theirs):
        ready(indexes, org)
    with world.web.transaction(theirs.id) as session:
        index = indexes.current(session, theirs.id)
        assert index is not None
        assert index.covering(*GATE) == []
        assert fences_near(session, [GATE], 150, [UUID(site)]) == {}
    assert stands(stranger, GATE, time.time()) == []


def test_an_index_of_another_organisation_is_never_right(world: World, indexes: PlaceIndexes) -> None:
    ours, theirs = world.organisation(), world.organisation()
    ours.site(at=GATE)
    ready(indexes, ours)
    with world.web.transaction(theirs.id) as session:
        # Row-level security hides the other journal: its head reads 0, which is no position that an index has.
        assert indexes.current(session, ours.id) is None


def test_other_events_move_the_position_on_and_no_rebuild_is_wanted(
    world: World, indexes: PlaceIndexes
) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    ready(indexes, org)
    index = indexes.build(org.id)
    assert index is not None
    position = index.position
    org.admin.posts(site, "hello")
    world.relays()
    assert asks_the_index(indexes, org)
    assert index.position > position


def test_events_that_are_gone_make_an_index_stale(world: World, indexes: PlaceIndexes) -> None:
    org = world.organisation()
    site = org.site(admission="open")
    ready(indexes, org)
    index = indexes.build(org.id)
    assert index is not None
    org.admin.posts(site, "hello")
    world.relays()
    with world.worker.transaction() as session:
        session.execute(text("DELETE FROM journal WHERE type = 'post.created'"))
    with world.web.transaction(org.id) as session:
        assert judge(session, org.id, index) is Freshness.STALE


def test_unchanged_places_are_taken_over(world: World, indexes: PlaceIndexes) -> None:
    org = world.organisation()
    kept, moved = UUID(org.site("Kept", at=GATE)), org.site("Moved", at=GATE)
    ready(indexes, org)
    before = indexes.build(org.id)
    redraw(org, moved, FAR)
    after = indexes.build(org.id)
    assert before is not None
    assert after is not None
    assert after.fence(kept) is before.fence(kept)
    assert after.covering(*FAR) == [UUID(moved)]


def test_the_background_builds_what_is_asked_for_and_follows_the_journal(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    world.relays()
    indexes = PlaceIndexes(world.web)
    indexes.start()
    try:
        assert not asks_the_index(indexes, org)
        until(lambda: asks_the_index(indexes, org))
        redraw(org, site, FAR)
        world.relays()
        # Nobody asks: the journal alone brings the next index.
        until(lambda: covered(indexes, org, FAR) == [UUID(site)])
    finally:
        indexes.stop()


def covered(indexes: PlaceIndexes, org: Organisation, where: tuple[float, float]) -> list[UUID]:
    index = indexes._kept.get(org.id)
    return [] if index is None else index.covering(*where)


# How much is kept


def test_the_longest_unused_organisation_goes_first(world: World) -> None:
    organisations = [world.organisation() for _ in range(3)]
    for org in organisations:
        org.site(at=GATE)
    world.relays()
    weight = load(world.web, organisations[0].id).weight
    indexes = PlaceIndexes(world.web, kept_weight=2 * weight)
    first, second, third = (org.id for org in organisations)
    indexes.build(first)
    indexes.build(second)
    assert asks_the_index(indexes, organisations[0])
    indexes.build(third)
    assert indexes.organisations == [first, third]


def test_an_organisation_beyond_the_bound_is_left_to_postgis(world: World) -> None:
    org = world.organisation()
    site = org.site(at=GATE)
    alice = org.person("Alice")
    world.relays()
    indexes = PlaceIndexes(world.web, kept_weight=10)
    world.app.extensions["hereabouts_place_indexes"] = indexes
    try:
        assert indexes.build(org.id) is None
        assert indexes.organisations == []
        assert [visit["place_id"] for visit in stands(alice, GATE, time.time())] == [site]
        assert not indexes._wanted
    finally:
        del world.app.extensions["hereabouts_place_indexes"]


def test_what_was_read_past_the_index_is_kept_up_to_a_weight(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = world.organisation()
    sites = [UUID(org.site(f"S{n}", at=GATE)) for n in range(3)]
    monkeypatch.setattr("geo.lookup.nearby._KEPT_WEIGHT", 150)
    monkeypatch.setattr("geo.lookup.nearby._versions", kept := _Versions())
    for site in sites:
        with world.web.transaction(org.id) as session:
            assert site in fences_near(session, [FAR], 150, [site])
        assert 0 < kept.weight <= 150
