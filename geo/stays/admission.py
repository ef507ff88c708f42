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
from geo.presence.groups import groups_of
from geo.stays.open_visits import open_visit
from people.audience import lets_in
from people.models import Membership, Scope
from people.scopes import memberships


def follow_presence(session: Session, visit: Visit, place: Place, at: datetime) -> None:
    """Open or close a place's scope to the person of an open visit, by the visit's evidence as of `at`."""
    if _makes_member(session, visit, place):
        memberships.start_membership(session, place.id, visit.person_id, source="presence")
    else:
        memberships.leave_presence(session, place.id, visit.person_id, at)


def end_belonging(
    session: Session, membership: Membership, *, reason: str, actor_id: UUID | None = None
) -> None:
    """End an assignment or a joining; who is there goes on as one who is present.

    Where numbers alone are shown, it takes as many events for who is not: the journal's length would tell.
    """
    place = session.get(Place, membership.scope_id)
    membership.ended_at = clock.now()
    session.flush()
    stays = None if place is None else _lets_stay(session, place, membership.person_id)
    if place is not None and stays is None and groups_of(session, place.site_id).aggregate_only:
        memberships.tell_again(session, membership)
    memberships.end_membership(session, membership, reason=reason, actor_id=actor_id)
    if place is not None and stays is not None:
        follow_presence(session, stays, place, clock.now())


def judge_again(session: Session, place: Place) -> None:
    """Hold everyone who is there to rules that have just changed: the grade asked for, or the admission."""
    here = select(Visit).where(Visit.place_id == place.id, Visit.left_at.is_(None)).order_by(Visit.person_id)
    for visit in session.scalars(here).all():
        follow_presence(session, visit, place, clock.now())


def end_expired_memberships(session: Session) -> int:
    """End the memberships whose time has run out; who is still there goes on as one who is present."""
    ended = memberships.expired(session)
    for membership in ended:
        if membership.source == "presence":
            memberships.end_membership(session, membership, reason="left")
        else:
            end_belonging(session, membership, reason="expired")
    return len(ended)


def _makes_member(session: Session, visit: Visit, place: Place) -> bool:
    """Whether a visit is enough to follow the place."""
    present = session.get_one(Scope, place.id).admission == "present"
    sure = not visit.doubtful and visit.confidence >= place.presence_grade
    return present and sure and lets_in(session, place.id, visit.person_id)


def _lets_stay(session: Session, place: Place, person_id: UUID) -> Visit | None:
    """The open visit by which somebody follows the place when they do not belong there any more."""
    visit = open_visit(session, person_id, place.id)
    return visit if visit is not None and _makes_member(session, visit, place) else None
