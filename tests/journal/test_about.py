"""What an event is about, by whose rules it is emptied in time, and what of it survives that."""

from uuid import UUID

import pytest
from sqlalchemy import text

from base import clock, ids
from journal.catalogue import MEMBERSHIP_STARTED, MUSTER_UPDATED, POST_CREATED, VISIT_ENDED, VISIT_STARTED
from journal.erasing import erase_presence
from journal.event_types import EventType, Payload
from journal.events import Event, append
from journal.tail import is_erased, read_organisation
from tests.stories.declaring import Declares, declares
from tests.stories.journal import column, fault, tampers, write
from tests.world import World

__all__ = ["declares"]
PLACE = ids.new_id()


@pytest.fixture
def organisation() -> UUID:
    return ids.new_id()


@pytest.mark.parametrize(
    ("event_type", "payload", "about"),
    [
        (VISIT_STARTED, {"place_id": str(PLACE), "source": "qr"}, PLACE),
        (MUSTER_UPDATED, {"place_id": str(PLACE)}, PLACE),
        (MEMBERSHIP_STARTED, {"scope_id": str(PLACE), "source": "presence"}, PLACE),
        (MEMBERSHIP_STARTED, {"scope_id": str(PLACE), "source": "assigned"}, None),
        (MEMBERSHIP_STARTED, {"scope_id": str(PLACE), "source": "joined"}, None),
        (POST_CREATED, {"scope_id": str(PLACE), "place_id": str(PLACE)}, None),
    ],
)
def test_an_event_is_about_the_place_that_its_type_says(
    fresh_world: World, organisation: UUID, event_type: EventType, payload: Payload, about: UUID | None
) -> None:
    write(fresh_world, organisation, event_type, payload)
    assert column(fresh_world, organisation, "about_id") == [about]


def test_the_relay_adds_what_an_older_release_did_not_write(fresh_world: World, organisation: UUID) -> None:
    with fresh_world.worker.transaction() as session:
        visit = Event(VISIT_STARTED, ids.new_id(), {"place_id": str(PLACE)}, person_id=organisation)
        append(session, organisation, visit)
        session.execute(text("UPDATE outbox SET about_id = NULL"))
    fresh_world.relays()
    assert column(fresh_world, organisation, "about_id") == [PLACE]


def erase(world: World, place: UUID) -> int:
    """Empty what is about a place; returns how many events."""
    with world.worker.transaction() as session:
        return erase_presence(session, {place: clock.now()}, 100)


def test_what_must_survive_is_left_and_stays_in_the_chain(
    fresh_world: World, organisation: UUID, declares: Declares
) -> None:
    lifts = {1: lambda payload: {**payload, "left": True}}
    kept = declares(VISIT_ENDED, version=2, lifts=lifts, personal=frozenset({"words"}), survives={"left": 2})
    said = {"place_id": str(organisation), "words": "I am off.", "left": True}
    write(fresh_world, organisation, kept, said)
    write(fresh_world, organisation, VISIT_STARTED, {"place_id": str(organisation)})
    assert fault(fresh_world, organisation) is None
    assert "changed" in (tampers(fresh_world, organisation, _OTHER_WORDS) or "")
    assert erase(fresh_world, organisation) == 2
    assert erase(fresh_world, organisation) == 0
    assert column(fresh_world, organisation, "payload") == [{"left": True}, None]
    assert column(fresh_world, organisation, "about_id") == [None, None]
    assert fault(fresh_world, organisation) is None
    assert "breaks" in (tampers(fresh_world, organisation, _OTHERWISE) or "")
    assert "changed" in (tampers(fresh_world, organisation, _OTHER_WORDS) or "")


_OTHERWISE = (
    """UPDATE journal SET payload = '{"left": false}' WHERE organisation_id = :mine AND version = 2"""
)
_OTHER_WORDS = """UPDATE journal SET payload = '{"left": true, "words": "Help!"}'
    WHERE organisation_id = :mine AND version = 2"""


def test_what_was_erased_is_not_lifted(fresh_world: World, organisation: UUID, declares: Declares) -> None:
    born = declares(VISIT_ENDED, name="visit.counted", personal=frozenset({"words"}), survives={"n": 1})
    write(fresh_world, organisation, born, {"place_id": str(organisation), "words": "one", "n": 1})
    erase(fresh_world, organisation)
    later = {1: lambda payload: {**payload, "words": payload["words"].upper()}}
    declares(born, version=2, lifts=later)
    with fresh_world.worker.transaction() as session:
        (row,) = read_organisation(session, organisation, 0)
    assert row.payload == {"n": 1}
    assert is_erased(row)
    assert fault(fresh_world, organisation) is None
