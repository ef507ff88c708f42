"""Who is where: the visits that are open, and those that grew old."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from geo.models.stays import DevicePosition, Evidence, Visit
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
    """A manager says that so many new people are there; returns their ids."""
    people = [org.person(f"P{number}").id for number in range(start, start + count)]
    for person in people:
        org.admin.post(f"/v1/admin/places/{place}/visits", {"person_id": person}, 201)
    return people


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
