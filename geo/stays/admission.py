"""How being in a place becomes a part in its scope, and what happens to it when rules or assignments change.

A `present` scope takes in who is there, where the evidence is as good as the place asks for. What a membership is, is
known to `people/scopes/memberships.py`; this module knows when presence gives one.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from geo.models.places import Place
from geo.models.stays import Visit
from people.audience import lets_in
from people.models import Scope
from people.scopes import memberships


def follow_presence(session: Session, visit: Visit, place: Place, at: datetime) -> None:
    """Open or close a place's scope to the person of an open visit, by the visit's evidence as of `at`."""
    present = session.get_one(Scope, place.id).admission == "present"
    sure = not visit.doubtful and visit.confidence >= place.presence_grade
    if present and sure and lets_in(session, place.id, visit.person_id):
        memberships.start_membership(session, place.id, visit.person_id, source="presence")
    else:
        memberships.leave_presence(session, place.id, visit.person_id, at)


def resume_presence(session: Session, scope_id: UUID, person_id: UUID) -> None:
    """Take presence up again where an assignment ended while the person is there."""
    visit = session.scalars(
        select(Visit).where(Visit.person_id == person_id, Visit.place_id == scope_id, Visit.left_at.is_(None))
    ).one_or_none()
    if visit is not None:
        follow_presence(session, visit, session.get_one(Place, scope_id), clock.now())


def judge_again(session: Session, place: Place) -> None:
    """Hold everyone who is there to rules that have just changed: the grade asked for, or the admission."""
    here = select(Visit).where(Visit.place_id == place.id, Visit.left_at.is_(None)).order_by(Visit.person_id)
    for visit in session.scalars(here).all():
        follow_presence(session, visit, place, clock.now())


def end_expired_memberships(session: Session) -> int:
    """End the memberships whose time has run out; who is still there goes on as one who is present."""
    ended = memberships.end_expired(session)
    for membership in ended:
        if membership.source != "presence":
            resume_presence(session, membership.scope_id, membership.person_id)
    return len(ended)
