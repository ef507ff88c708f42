"""Who is where: the visits that are open, and those that grew old."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from geo.models.stays import DevicePosition, Evidence, Visit
from tests.stories.checkins import code, marker, scans
from tests.world import Organisation, Phone, World


def places(phone: Phone) -> dict[str, dict[str, Any]]:
    """Somebody's open visits by place."""
    return {visit["place_id"]: visit for visit in phone.get("/v1/me/places")["visits"]}


def places_of(phone: Phone) -> list[str]:
    """The places where somebody is, as the app lists them."""
    return [visit["place_id"] for visit in phone.get("/v1/me/places")["visits"]]


def is_seen(org: Organisation, person: Phone, place: str) -> None:
    """A manager says that somebody is there."""
    org.admin.post(f"/v1/admin/places/{place}/visits", {"person_id": person.id}, 201)


def fills(org: Organisation, place: str, count: int, start: int = 0) -> list[str]:
    """So many new people scan the code at a place's door; returns their ids."""
    shown = code(org, marker(org, place))
    people = [org.person(f"P{number}") for number in range(start, start + count)]
    for person in people:
        scans(person, shown)
    return [person.id for person in people]


def was_there(world: World, persons: list[str], since: datetime, until: datetime | None = None) -> None:
    """Let the stays of some persons, and what they rest on, have begun then; with `until`, also have ended."""
    mine = select(Visit.id).where(Visit.person_id.in_(map(UUID, persons)))
    began: dict[Any, Any] = {Evidence.since: since}
    stayed: dict[Any, Any] = {Visit.entered_at: since}
    if until is not None:
        began[Evidence.ended_at] = until
        stayed |= {Visit.left_at: until, Visit.ended_at: until}
    with world.worker.transaction() as session:
        session.execute(update(Evidence).where(Evidence.visit_id.in_(mine)).values(began))
        session.execute(update(Visit).where(Visit.id.in_(mine)).values(stayed))


def ages(world: World, phone: Phone, by: timedelta) -> None:
    """Let all that is known of a person be older."""
    person_id = UUID(phone.id)
    mine = select(Visit.id).where(Visit.person_id == person_id)
    with world.worker.transaction() as session:
        told = (Evidence.since, Evidence.last_at, Evidence.expires_at)
        aged = {moment: moment - by for moment in told}
        session.execute(update(Evidence).where(Evidence.visit_id.in_(mine)).values(aged))
        session.execute(
            update(DevicePosition)
            .where(DevicePosition.person_id == person_id)
            .values(fixed_at=DevicePosition.fixed_at - by)
        )
        session.execute(
            update(Visit).where(Visit.person_id == person_id).values(entered_at=Visit.entered_at - by)
        )
