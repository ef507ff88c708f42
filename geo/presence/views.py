"""Who looked at where people are, and why: written with every look, and shown to those looked at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, select, text
from sqlalchemy.orm import Session

from base import clock, ids
from geo.models.musters import Muster
from geo.models.places import Place
from geo.models.privacy import PresenceView
from people.actor import Actor
from people.models import Person

# A roll call of a thousand people and ten who oversee it is one statement.
_WRITE = text(
    """
    INSERT INTO presence_views (id, organisation_id, viewer_id, person_id, place_id, muster_id, reason, at)
    SELECT looks.id, :organisation, looks.viewer_id, looks.person_id, :place, :muster, :reason, :at
    FROM unnest(:ids, :viewers, :persons) AS looks(id, viewer_id, person_id)
    ON CONFLICT DO NOTHING
    """
).bindparams(
    *(bindparam(name, type_=Uuid) for name in ("organisation", "place", "muster")),
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("ids", "viewers", "persons")),
)


def record_views(
    session: Session, actor: Actor, place_id: UUID, persons: Sequence[UUID], reason: str
) -> None:
    """Write down that the actor looked at these persons; looking at oneself is nobody's business."""
    looks = [(actor.person_id, person_id) for person_id in persons]
    _write(session, looks, reason, organisation=actor.organisation_id, place=place_id, muster=None)


def record_roll(session: Session, muster: Muster, viewers: Sequence[UUID], persons: Sequence[UUID]) -> None:
    """Write down that each of the viewers was told of each of these persons of a roll call.

    Who oversees a roll call is told all the time, and looks at its board: that is one look, the first.
    """
    # In one order for all who write: those who are told and who read at once do not wait for each other.
    looks = [(viewer_id, person_id) for person_id in sorted(persons) for viewer_id in sorted(viewers)]
    reason = f"muster {muster.id}: {muster.message}"[:200]
    _write(
        session,
        looks,
        reason,
        organisation=muster.organisation_id,
        place=muster.place_id,
        muster=muster.id,
    )


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


def _write(session: Session, looks: Sequence[tuple[UUID, UUID]], reason: str, **of: UUID | None) -> None:
    """Write looks down: of a viewer at a person each."""
    others = [(viewer_id, person_id) for viewer_id, person_id in looks if viewer_id != person_id]
    if not others:
        return
    viewers, persons = zip(*others, strict=True)
    made = [ids.new_id() for _ in others]
    given = {"ids": made, "viewers": list(viewers), "persons": list(persons)}
    session.execute(_WRITE, given | of | {"reason": reason, "at": clock.now()})
