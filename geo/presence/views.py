"""Who looked at where people are, and why: written with every look, and shown to those looked at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock, ids
from geo.models.places import Place
from geo.models.privacy import PresenceView
from people.actor import Actor
from people.models import Person


def record_views(
    session: Session,
    actor: Actor,
    place_id: UUID,
    persons: Sequence[UUID],
    reason: str,
    muster_id: UUID | None = None,
) -> None:
    """Write down that the actor looked at these persons; looking at oneself is nobody's business.

    Who oversees a roll call looks at its board all the time: that is one look, the first.
    """
    rows = [
        {
            "id": ids.new_id(),
            "organisation_id": actor.organisation_id,
            "viewer_id": actor.person_id,
            "person_id": person_id,
            "place_id": place_id,
            "muster_id": muster_id,
            "reason": reason,
            "at": clock.now(),
        }
        for person_id in persons
        if person_id != actor.person_id
    ]
    if rows:
        session.execute(insert(PresenceView).on_conflict_do_nothing(), rows)


def record_once(
    session: Session, actor: Actor, place_id: UUID, persons: Sequence[UUID], reason: str, since: datetime
) -> None:
    """Write down a look that an app may repeat every few seconds: once for all that the actor was told `since` then."""
    known = select(PresenceView.person_id).where(
        PresenceView.viewer_id == actor.person_id,
        PresenceView.person_id.in_(persons),
        PresenceView.place_id == place_id,
        PresenceView.reason == reason,
        PresenceView.at >= since,
    )
    seen = set(session.scalars(known)) if persons else set[UUID]()
    record_views(session, actor, place_id, [one for one in persons if one not in seen], reason)


def views_of(session: Session, actor: Actor, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Who looked at the actor, newest first."""
    query = (
        select(PresenceView, Person.name, Place.name)
        .join(Person, Person.id == PresenceView.viewer_id)
        .join(Place, Place.id == PresenceView.place_id)
        .where(PresenceView.person_id == actor.person_id)
    )
    if before is not None:
        query = query.where(PresenceView.id < before)
    rows = session.execute(query.order_by(PresenceView.id.desc()).limit(limit))
    return [
        {
            "id": str(view.id),
            "viewer": {"id": str(view.viewer_id), "name": viewer},
            "place_id": str(view.place_id),
            "place_name": place,
            "reason": view.reason,
            "at": clock.wire(view.at),
        }
        for view, viewer, place in rows
    ]
