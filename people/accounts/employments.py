"""The times that somebody belonged to the organisation, as its employer tells them: in days."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock, ids
from people.models import Employment, Person
from people.permissions import VISITOR

ACCOUNT_CLOSED, EMPLOYMENT_OVER = "account_closed", "employment_over"


def note_end(session: Session, person: Person, reason: str) -> None:
    """Keep the time that ends with a closing account; `employment_over`: its last day was said before.

    Visitors are here for hours, and were never employed.
    """
    if person.role == VISITOR:
        return
    began = person.employed_from or day_of(person, person.created_at)
    last = person.employed_until if reason == EMPLOYMENT_OVER else None
    ended = last or day_of(person, clock.now())
    session.add(
        Employment(
            id=ids.new_id(),
            organisation_id=person.organisation_id,
            person_id=person.id,
            began_on=min(began, ended),
            ended_on=ended,
            reason=reason,
        )
    )


def former_of(session: Session, person_id: UUID) -> Sequence[Employment]:
    """Those that are over, the oldest first."""
    own = select(Employment).where(Employment.person_id == person_id)
    return session.scalars(own.order_by(Employment.ended_on, Employment.id)).all()


def wire_employment(employment: Employment) -> dict[str, Any]:
    """One of them."""
    return {
        "began_on": employment.began_on.isoformat(),
        "ended_on": employment.ended_on.isoformat(),
        "reason": employment.reason,
    }


def day_of(person: Person, moment: datetime) -> date:
    """Which day it is, or was, where the person lives."""
    return moment.astimezone(ZoneInfo(person.timezone)).date()
