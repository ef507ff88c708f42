"""Whoever manages people hears that somebody waits, and that somebody has decided; of whom, they read."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from journal.catalogue import REGISTRATION_CHANGED
from journal.events import Event, append
from people.audience import holders_of
from people.models import Person
from people.permissions import ADMINISTRATOR, Permission
from people.registration.models import Registration


def tell_registration(session: Session, registration: Registration, actor_id: UUID | None) -> None:
    """Tell how a registration stands now; `actor_id`: who decided, None where somebody has come to the door."""
    payload = {
        "id": str(registration.id),
        "state": registration.state,
        "changed_at": clock.wire(clock.now()),
    }
    organisation_id = registration.organisation_id
    events = [
        Event(
            REGISTRATION_CHANGED,
            subject_id=registration.id,
            payload=payload,
            person_id=told,
            actor_id=actor_id,
        )
        for told in _who_manage_people(session, organisation_id)
    ]
    append(session, organisation_id, *events)


def _who_manage_people(session: Session, organisation_id: UUID) -> list[UUID]:
    administers = select(Person.id).where(
        Person.organisation_id == organisation_id, Person.role == ADMINISTRATOR, Person.ended_at.is_(None)
    )
    given = holders_of(Permission.PEOPLE_MANAGE, (organisation_id,))
    return sorted({*session.scalars(administers), *session.scalars(given)})
