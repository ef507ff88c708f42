"""Whose account nobody gets into for a while, because somebody guessed at it; and how they are let go.

It is told where the tries came from: one address, a provider's block, everywhere, or one of the person's own devices.
Only the last two keep the person themself from coming in at home.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from people.models import Person
from people.sign_in import throttle
from people.sign_in.models import SignInFailure

MOST = 200


def held_back(session: Session, organisation_id: UUID) -> list[dict[str, Any]]:
    """Those held back now, the newest first, at most `MOST`: who, at which door, from where, until when."""
    rows = session.execute(
        select(
            Person.id,
            Person.name,
            SignInFailure.door,
            SignInFailure.reach,
            SignInFailure.failures,
            SignInFailure.window_started_at,
        )
        .join(Person, Person.id == SignInFailure.person_id)
        .where(
            Person.organisation_id == organisation_id,
            SignInFailure.failures >= SignInFailure.most,
            SignInFailure.window_started_at > clock.now() - throttle.WINDOW,
        )
        .order_by(SignInFailure.window_started_at.desc(), SignInFailure.key)
        .limit(MOST)
    )
    return [_wire(*row) for row in rows]


def _wire(person_id: UUID, name: str, door: str, reach: str, tries: int, began: datetime) -> dict[str, Any]:
    return {
        "person_id": str(person_id),
        "name": name,
        "door": door,
        "reach": reach,
        "limit": None,
        "tries": tries,
        "until": clock.wire(began + throttle.WINDOW),
    }
