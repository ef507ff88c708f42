"""People whose last day is over: their accounts close by themselves, where they work."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, cast, func, select
from sqlalchemy.orm import Session

from base import clock
from base.logs import logger
from geo.models.places import Place
from geo.musters.musters import awaited
from geo.stays.leaving import end_visits_of
from geo.stays.locks import lock_devices
from geo.stays.visits import Leaving
from people.accounts.employments import EMPLOYMENT_OVER
from people.accounts.persons import end_person
from people.models import Person
from people.roles.administrators import LastAdministrator

log = logger(__name__)
BATCH = 100


def end_last_days(session: Session) -> int:
    """Close the accounts of those whose last day is over at their home site, or else where they live; how many.

    Nobody is shut out while a running roll call waits for them. Several workers may do it at once.
    """
    now = clock.now()
    over = session.scalars(
        select(Person)
        .outerjoin(Place, Place.id == Person.home_site_id)
        .where(
            Person.ended_at.is_(None),
            # Nowhere is a day over that has not begun in UTC.
            Person.employed_until <= now.astimezone(UTC).date(),
            _end_of_last_day() <= now,
            Person.id.not_in(awaited()),
        )
        .order_by(Person.id)
        .limit(BATCH)
    ).all()
    return sum(_end(session, person, now) for person in over)


def _end_of_last_day() -> Any:
    midnight = cast(Person.employed_until + 1, DateTime())
    return func.timezone(func.coalesce(Place.timezone, Person.timezone), midnight)


def _end(session: Session, person: Person, at: datetime) -> bool:
    last_day = person.employed_until
    lock_devices(session, person.id)
    session.refresh(person, with_for_update={"key_share": True})
    if person.ended_at is not None or person.employed_until != last_day:
        return False
    try:
        end_person(session, person, person.id, EMPLOYMENT_OVER)
    except LastAdministrator:
        log.error("last_administrator_stays", person_id=str(person.id))
        return False
    end_visits_of(session, person.id, Leaving("account_ended", at))
    return True
