"""A site's charter: what it promises the people in it, and the product keeps.

Hours: outside of them fixes do not count at the site. Days: visits are deleted after them. Smallest group: no
statistic shows fewer. Aggregate only: nobody reads who is there, but for a muster.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Forbidden, NotFound
from geo.models.places import Place
from geo.models.privacy import Charter
from geo.places.places import tell_changed
from geo.presence.groups import SMALLEST_GROUP, groups_of, remember_promise
from geo.presence.occupancy import check_limits
from geo.stays.rules import DEFAULTS
from journal.catalogue import CHARTER_UPDATED
from journal.events import Event, append
from people.actor import Actor
from people.audience import visible_of
from people.models import Organisation, Scope
from people.permissions import Permission
from people.scopes.scopes import scope_for

PURPOSE = "Being at the site decides which of its news one reads and who is called in an emergency."


class AggregateOnly(Forbidden):
    """The site's charter says that nobody reads who is there."""

    code, title = "aggregate_only", "This site shows numbers, not persons"


def charter_of(session: Session, site_id: UUID) -> dict[str, Any]:
    """The charter of a site; where none was written, what holds anyway."""
    charter = session.get(Charter, site_id)
    if charter is not None:
        return wire_charter(charter)
    site = session.get(Place, site_id)
    if site is None or site.kind != "site" or site.archived_at is not None:
        raise NotFound
    organisation = session.get_one(Organisation, site.organisation_id)
    privacy = DEFAULTS | organisation.settings.get("privacy", {})
    return {
        "site_id": str(site_id),
        "purpose": PURPOSE,
        "hours": None,
        "visit_days": privacy["visit_days"],
        "smallest_group": SMALLEST_GROUP,
        "aggregate_only": False,
        "version": 0,
        "updated_at": clock.wire(site.created_at),
    }


def check_may_read(session: Session, actor: Actor, site_id: UUID) -> None:
    """Whoever reads a site's scope, or that of a zone of it, is under its charter; raises as `scope_for`."""
    visible = visible_of(actor).subquery("visible")
    within = or_(visible.c.scope_id == site_id, visible.c.parent_id == site_id)
    if session.scalar(select(visible.c.scope_id).where(within).limit(1)) is None:
        scope_for(session, actor, site_id, Permission.POSTS_READ)


def wire_charter(charter: Charter) -> dict[str, Any]:
    """A charter as every member reads it."""
    return {
        "site_id": str(charter.site_id),
        "purpose": charter.purpose,
        "hours": charter.hours,
        "visit_days": charter.visit_days,
        "smallest_group": charter.smallest_group,
        "aggregate_only": charter.aggregate_only,
        "version": charter.version,
        "updated_at": clock.wire(charter.updated_at),
    }


def set_charter(session: Session, actor: Actor, site: Place, promise: dict[str, Any]) -> dict[str, Any]:
    """Write a site's charter anew and tell the site. The hours are put beside the boundaries that they limit.

    Where it promises less, what was promised until now holds for another day (`geo/presence/groups.py`).
    """
    before = groups_of(session, site.id)
    charter = session.get(Charter, site.id, with_for_update=True)
    if charter is None:
        charter = Charter(site_id=site.id, organisation_id=site.organisation_id, version=0)
        session.add(charter)
    kept_days = charter.visit_days if charter.version else None
    for field, value in promise.items():
        setattr(charter, field, value)
    remember_promise(charter, before, kept_days)
    charter.version += 1
    charter.updated_at, charter.updated_by = clock.now(), actor.person_id
    session.flush()
    check_limits(session, site.id)
    local = charter.hours and {**charter.hours, "timezone": charter.hours["timezone"] or site.timezone}
    _limit_places(session, actor, site.id, local)
    payload = wire_charter(charter)
    event = Event(
        CHARTER_UPDATED,
        subject_id=site.id,
        payload=payload,
        scope_id=site.id,
        actor_id=actor.person_id,
    )
    append(session, site.organisation_id, event)
    return payload


def check_named(session: Session, place: Place) -> None:
    """Raise `AggregateOnly` where nobody may read who is in the place."""
    if shows_numbers_alone(session, place):
        raise AggregateOnly


def shows_numbers_alone(session: Session, place: Place) -> bool:
    """Whether the place's site says how many are there and never who."""
    return groups_of(session, place.site_id).aggregate_only


def _limit_places(session: Session, actor: Actor, site_id: UUID, hours: dict[str, Any] | None) -> None:
    parts = select(Place).where(Place.site_id == site_id, Place.archived_at.is_(None)).order_by(Place.id)
    for place in session.scalars(parts.with_for_update()).all():
        if place.hours != hours:
            place.hours = hours
            tell_changed(session, actor, place, session.get_one(Scope, place.id))
