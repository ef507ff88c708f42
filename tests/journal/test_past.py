"""What earlier releases wrote is read by all readers of today, in today's shapes, and can be checked and emptied."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from base import clock, ids
from base.listen import Listener
from deploy.local.cluster import Cluster
from journal.catalogue import CATALOGUE
from journal.erasing import erase_presence
from journal.events import JOURNAL_CHANNEL
from journal.tail import follow_organisation, read_all
from live.hub import Hub
from live.subscribers import Subscriber
from people.actor import Actor
from people.sync import sync
from push.models import Notification
from push.plans.planner import plan
from push.plans.unplanned import UNPLANNED
from schemas.events import PAYLOADS
from tests.live.subscribers import Ear
from tests.stories.journal import column, fault
from tests.stories.past import OUTBOX, Past, pasts, upgraded
from tests.world import World

each = pytest.mark.parametrize("past", pasts(), ids=lambda past: past.revision)


@pytest.fixture(scope="module")
def old_world(cluster: Cluster, worker_id: str) -> Iterator[World]:
    yield from upgraded(cluster, f"past_{worker_id}")


def misfits(type_name: str, data: Any) -> Any:
    """What of an event's data is not as docs/events.md says, which is written from these schemas."""
    return PAYLOADS[CATALOGUE[type_name].payload]().validate(data)


def catches_up(world: World, past: Past, person: str) -> list[dict[str, Any]]:
    """All that sync gives to somebody."""
    actor = Actor(UUID(person), past.organisation, ids.new_id(), ids.new_id(), "member", "en")
    events, after, more = list[dict[str, Any]](), 0, True
    while more:
        with world.web.transaction(past.organisation) as session:
            page = sync(session, actor, after, 5).wire()
        events, after, more = events + page["items"], page["position"], page["more"]
    return events


@each
def test_the_chain_of_then_is_the_chain_of_today(old_world: World, past: Past) -> None:
    assert fault(old_world, past.organisation) is None
    assert column(old_world, past.organisation, "event_id") == [
        UUID(event["event_id"]) for event in past.events
    ]


@each
def test_sync_gives_it_in_todays_shapes(old_world: World, past: Past) -> None:
    got = {
        event["id"]: event for person in past.persons for event in catches_up(old_world, past, person["id"])
    }
    assert set(got) == {event["event_id"] for event in past.events}
    faults = {event["type"]: misfits(event["type"], event["data"]) for event in got.values()}
    assert not any(faults.values()), faults


@each
def test_live_follows_it(old_world: World, past: Past) -> None:
    hub, told = Hub(), list[str]()
    for person in past.persons:
        mine = Subscriber(person["name"], Ear(), UUID(person["id"]), ids.new_id(), past.organisation, 0, 0.0)
        assert hub.admit(mine, [])
    listener = Listener(old_world.settings.database_url, JOURNAL_CHANNEL)
    for row in follow_organisation(listener, past.organisation, 0).rows:
        assert misfits(row.type, row.payload) == {}
        told += [row.type for _ in hub.apply(row)]
        assert list(hub.unsettled(row)) == []
    listener.close()
    assert {"membership.started", "membership.ended", "visit.started", "post.created"} <= set(told)


def test_push_plans_all_of_it(old_world: World) -> None:
    """As a worker would that had been away since."""
    with old_world.worker.transaction() as session:
        session.execute(text("UPDATE journal SET occurred_at = now()"))
        session.execute(text("UPDATE journal_cursors SET seq = 0"))
    seen = {event["type"] for past in pasts() for event in past.events}
    read = 1
    while read:
        with old_world.worker.transaction() as session:
            read = plan(session).read
    with old_world.worker.transaction() as session:
        notes = session.scalars(select(Notification)).all()
        assert [note.facts for note in notes if note.kind == UNPLANNED] == []
        assert {note.organisation_id for note in notes} == {past.organisation for past in pasts()}
        assert {row.type for row in read_all(session, 0)} == seen
        for past in pasts():  # as it was, for the chain
            for event in past.events:
                was = {"id": event["event_id"], "at": event["occurred_at"]}
                session.execute(text("UPDATE journal SET occurred_at = :at WHERE event_id = :id"), was)


@each
def test_what_is_not_kept_any_longer_goes_from_it(old_world: World, past: Past) -> None:
    """Also the point that an early roll call told, though it did not say of which place it was."""
    about_places = [event for event in past.events if CATALOGUE[event["type"]].about is not None]
    gone = {
        event["event_id"]
        for event in about_places
        if event["payload"].get("source") not in ("assigned", "joined")
    }
    with old_world.worker.transaction() as session:
        assert erase_presence(session, {past.site: clock.now()}, 1_000) == len(gone)
    events = [event for person in past.persons for event in catches_up(old_world, past, person["id"])]
    assert {event["id"] for event in events if event["data"] is None} == gone
    assert "coordinates" not in str(
        [event["data"] for event in events if event["type"].startswith("muster.")]
    )
    assert fault(old_world, past.organisation) is None


@each
def test_an_older_process_may_write_while_the_new_ones_run(old_world: World, past: Past) -> None:
    """After the migration, before its restart. What it writes has neither a version nor what it is about."""
    before = len(column(old_world, past.organisation, "position"))
    with old_world.worker.transaction() as session:
        for event in past.events:
            session.execute(OUTBOX, past.row(event) | {"event_id": ids.new_id()})
    assert old_world.relays() == len(past.events)
    listener = Listener(old_world.settings.database_url, JOURNAL_CHANNEL)
    rows = follow_organisation(listener, past.organisation, before).rows
    listener.close()
    assert [row.type for row in rows] == [event["type"] for event in past.events]
    assert {row.version for row in rows} == {1}
    faults = {row.type: misfits(row.type, row.payload) for row in rows if row.payload is not None}
    assert not any(faults.values()), faults
    assert fault(old_world, past.organisation) is None


@each
def test_their_shapes_differ_from_todays(past: Past) -> None:
    """So the tests above would fail without what lifts them."""
    assert any(misfits(event["type"], event["payload"]) for event in past.events)
