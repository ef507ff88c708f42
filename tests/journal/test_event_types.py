"""Declarations: what is not declared cannot be written, and who reads gets today's shape of whatever was."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from base import ids
from base.listen import Listener
from journal.catalogue import (
    CATALOGUE,
    POST_CREATED,
    POST_DELETED,
)
from journal.event_types import EventType, Payload, Reach
from journal.events import JOURNAL_CHANNEL, Event, Undeclared, WrongAudience, append
from journal.models import OutboxRow
from journal.tail import follow_organisation, read_all, read_organisation
from tests.stories.declaring import Declares, declares
from tests.stories.journal import column, fault, tampers, write
from tests.world import World

__all__ = ["declares"]


@pytest.fixture
def organisation() -> UUID:
    return ids.new_id()


@pytest.mark.parametrize(
    "undeclared",
    [
        "reaction.created",
        "post.created",
        replace(POST_CREATED, name="reaction.created"),
        replace(POST_CREATED),
    ],
)
def test_what_is_not_declared_cannot_be_written(
    fresh_world: World, organisation: UUID, undeclared: Any
) -> None:
    with pytest.raises(Undeclared):
        write(fresh_world, organisation, undeclared, {})
    with fresh_world.worker.transaction() as session:
        assert (
            session.scalars(select(OutboxRow.id).where(OutboxRow.organisation_id == organisation)).all() == []
        )


@pytest.mark.parametrize("event_type", CATALOGUE.values(), ids=CATALOGUE)
def test_an_event_is_addressed_as_its_type_reaches(fresh_world: World, event_type: EventType) -> None:
    someone = ids.new_id()
    ways = [{}, {"scope_id": someone}, {"person_id": someone}, {"scope_id": someone, "person_id": someone}]
    right = {Reach.NOBODY: ways[0], Reach.SAID: ways[1], Reach.SO: ways[1], Reach.PERSON: ways[2]}
    for addresses in ways:
        if addresses == right[event_type.reach]:
            continue
        with pytest.raises(WrongAudience), fresh_world.worker.transaction() as session:
            append(session, someone, Event(event_type, someone, {}, **addresses))


def test_a_version_needs_the_lift_to_it() -> None:
    with pytest.raises(ValueError, match="its lift"):
        replace(POST_CREATED, version=3, lifts={2: dict})


def test_what_is_personal_cannot_be_declared_to_survive() -> None:
    with pytest.raises(ValueError, match="personal"):
        replace(POST_CREATED, survives={"text": 1})


_VERSION = "UPDATE journal SET version = {} WHERE organisation_id = :mine"


def titled(payload: Payload) -> Payload:
    """Version 2 has a title."""
    return {**payload, "title": payload["text"][:5]}


def renamed(payload: Payload) -> Payload:
    """Version 3 calls the text words."""
    return {"title": payload["title"], "words": payload["text"]}


def test_every_reader_gets_older_versions_in_todays_shape(
    fresh_world: World, organisation: UUID, declares: Declares
) -> None:
    write(fresh_world, organisation, POST_CREATED, {"text": "hello there"})
    second = declares(POST_CREATED, version=2, lifts={1: titled})
    write(fresh_world, organisation, second, {"text": "second", "title": "own"})
    third = declares(POST_CREATED, version=3, lifts={1: titled, 2: renamed})
    write(fresh_world, organisation, third, {"title": "t", "words": "third"})
    today = [
        {"title": "hello", "words": "hello there"},
        {"title": "own", "words": "second"},
        {"title": "t", "words": "third"},
    ]
    with fresh_world.worker.transaction() as session:
        assert [row.payload for row in read_organisation(session, organisation, 0)] == today
        mine = [row.payload for row in read_all(session, 0) if row.organisation_id == organisation]
        assert mine == today
    listener = Listener(fresh_world.settings.database_url, JOURNAL_CHANNEL)
    assert [row.payload for row in follow_organisation(listener, organisation, 0).rows] == today
    listener.close()
    assert column(fresh_world, organisation, "version") == [1, 2, 3]
    assert fault(fresh_world, organisation) is None


def test_sync_gives_older_versions_in_todays_shape(fresh_world: World, declares: Declares) -> None:
    org = fresh_world.organisation()
    org.admin.posts(str(org.id), "hello there")
    fresh_world.relays()
    declares(POST_CREATED, version=3, lifts={1: titled, 2: renamed})
    (said,) = [event["data"] for event in org.admin.syncs(0) if event["type"] == "post.created"]
    assert said == {"title": "hello", "words": "hello there"}


def test_one_event_that_cannot_be_lifted_stands_in_nobodys_way(
    fresh_world: World, organisation: UUID, declares: Declares
) -> None:
    for payload in ({"text": "first"}, {"n": 1}, {"text": "third"}):
        write(fresh_world, organisation, POST_CREATED, payload)
    declares(POST_CREATED, version=2, lifts={1: titled})
    with fresh_world.worker.transaction() as session:
        payloads = [row.payload for row in read_organisation(session, organisation, 0)]
    assert payloads == [{"text": "first", "title": "first"}, None, {"text": "third", "title": "third"}]


def test_what_a_newer_release_wrote_is_left_as_it_is(
    fresh_world: World, organisation: UUID, declares: Declares
) -> None:
    second = declares(POST_CREATED, version=2, lifts={1: titled})
    write(fresh_world, organisation, second, {"text": "second", "title": "own"})
    declares(POST_CREATED)
    with fresh_world.worker.transaction() as session:
        (row,) = read_organisation(session, organisation, 0)
    assert (row.version, row.payload) == (2, {"text": "second", "title": "own"})


def test_the_chain_tells_of_a_changed_version(
    fresh_world: World, organisation: UUID, declares: Declares
) -> None:
    write(fresh_world, organisation, POST_DELETED, {})
    assert "breaks" in (tampers(fresh_world, organisation, _VERSION.format(2)) or "")
    other = ids.new_id()
    write(fresh_world, other, declares(POST_CREATED, version=2, lifts={1: titled}), {})
    assert fault(fresh_world, other) is None
    assert "breaks" in (tampers(fresh_world, other, _VERSION.format(1)) or "")
    assert "breaks" in (tampers(fresh_world, other, _VERSION.format(3)) or "")
