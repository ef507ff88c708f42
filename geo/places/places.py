"""Sites and zones: drawn, edited, archived by managers, with the history of their boundaries.

A place and its scope share an id, so `/v1/scopes/{site id}/posts` needs no look-up.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, Invalid, NotFound
from geo.lookup.forms import Drawn
from geo.models.places import SRID, BoundaryVersion, Place
from geo.presence import occupancy
from geo.stays.admission import judge_again
from geo.stays.leaving import end_visits_in
from geo.stays.visits import Leaving
from journal.catalogue import PLACE_ARCHIVED, PLACE_CREATED, PLACE_UPDATED
from journal.event_types import EventType
from journal.events import Event, append
from people.actor import Actor
from people.models import Scope
from people.permissions import Permission
from people.roles.ending import end_grants_in
from people.scopes.memberships import end_all
from people.scopes.scopes import archive_scope, create_scope, reopen_scope, scope_for

_OUTLINE = {"boundary", "floor_low", "floor_high"}
_RULES = ("presence_grade", "posting_grade", "occupancy_limit")


@dataclass(frozen=True)
class PlaceDraft:
    """What a manager says of a place. `site_id` is None for a site; floors go from low to high."""

    kind: str
    name: str
    boundary: Drawn
    site_id: UUID | None = None
    admission: str = "present"
    history: str = "all"
    grace_seconds: int = 900
    timezone: str | None = None
    floor_low: int | None = None
    floor_high: int | None = None
    external_id: str | None = None
    presence_grade: int = 1
    posting_grade: int = 0
    occupancy_limit: int | None = None


def wire_place(place: Place, scope: Scope, geometry: Any = None) -> dict[str, Any]:
    """A site or zone as a GeoJSON Feature; the geometry is one of its outline's (`geo/lookup/outlines.py`)."""
    return {
        "type": "Feature",
        "id": str(place.id),
        "geometry": geometry,
        "properties": {
            "kind": place.kind,
            "site_id": str(place.site_id),
            "name": place.name,
            "admission": scope.admission,
            "history": scope.history,
            "grace_seconds": scope.grace_seconds,
            "timezone": place.timezone,
            "floor_low": place.floor_low,
            "floor_high": place.floor_high,
            "presence_grade": place.presence_grade,
            "posting_grade": place.posting_grade,
            "occupancy_limit": place.occupancy_limit,
            "external_id": place.external_id,
            "version": place.version,
            "created_at": clock.wire(place.created_at),
            "updated_at": clock.wire(place.updated_at),
            "archived_at": clock.wire_or_none(place.archived_at),
        },
    }


def create_place(session: Session, actor: Actor, draft: PlaceDraft) -> tuple[Place, Scope]:
    """Draw a place; the caller has checked the permission. Raises `Conflict` for a repeated external id."""
    _check_floors(draft.floor_low, draft.floor_high)
    known = select(Place.id).where(Place.external_id == draft.external_id)
    if draft.external_id is not None and session.scalar(known) is not None:
        raise Conflict("There is a place with this external_id.", code="external_id_taken")
    place = _drawn(session, actor, draft)
    session.add(place)
    session.flush()
    if draft.occupancy_limit is not None:
        occupancy.check_limits(session, place.site_id)
    _remember_boundary(session, actor, place, draft.boundary)
    scope = session.get_one(Scope, place.id)
    _tell(session, actor, PLACE_CREATED, place, scope)
    return place, scope


def place_for(
    session: Session, actor: Actor, place_id: UUID, permission: Permission, kind: str, *, lock: bool = False
) -> tuple[Place, Scope]:
    """Load a place and check the permission in its scope; raises `NotFound` for the other kind too."""
    scope_for(
        session, actor, place_id, permission
    )  # first: what is not there is refused as what is not theirs
    place = session.get(Place, place_id, with_for_update=lock)
    if place is None or place.kind != kind or place.archived_at is not None:
        raise NotFound
    return place, session.get_one(Scope, place_id)


def edit_place(session: Session, actor: Actor, place: Place, scope: Scope, changes: dict[str, Any]) -> None:
    """Change what is named in `changes` (keys of `PlaceDraft`); a new boundary is added to the history."""
    _check_floors(changes.get("floor_low", place.floor_low), changes.get("floor_high", place.floor_high))
    for field in ("admission", "history", "grace_seconds", "name"):
        if field in changes:
            setattr(scope, field, changes[field])
    for field in ("name", "timezone", "floor_low", "floor_high", *_RULES):
        if field in changes:
            setattr(place, field, changes[field])
    if "boundary" in changes:
        place.boundary = _stored(changes["boundary"])
    tell_changed(session, actor, place, scope)
    if "occupancy_limit" in changes:
        occupancy.check_limits(session, place.site_id)
        occupancy.recount(session, place)
    if place.kind == "site" and changes.keys() & {"floor_low", "floor_high"}:
        _tell_floors(session, actor, place.id)
    if changes.keys() & {"presence_grade", "admission"}:
        judge_again(session, place)
    if changes.keys() & _OUTLINE:
        _remember_boundary(session, actor, place, changes.get("boundary"))


def tell_changed(session: Session, actor: Actor, place: Place, scope: Scope) -> None:
    """Give a changed place its next version, and tell of it."""
    place.version += 1
    place.updated_at = clock.now()
    session.flush()
    _tell(session, actor, PLACE_UPDATED, place, scope)


def archive_place(session: Session, actor: Actor, place: Place, scope: Scope) -> None:
    """Close a place, and with a site its zones: memberships end, boundaries stop counting, words stay."""
    with_zones = select(Place).where(Place.site_id == place.id, Place.archived_at.is_(None))
    for part in [place, *session.scalars(with_zones.where(Place.id != place.id).with_for_update())]:
        part.archived_at = part.updated_at = clock.now()
        part.version += 1
        end_visits_in(session, part.id, Leaving("archived", clock.now(), by=actor.person_id))
        end_all(session, part.id, reason="archived", actor_id=actor.person_id)
        end_grants_in(session, part.id, actor.person_id)
        archive_scope(session, part.id)
        session.flush()
        _tell(session, actor, PLACE_ARCHIVED, part, session.get_one(Scope, part.id))


def reopen_place(session: Session, actor: Actor, place: Place, scope: Scope, changes: dict[str, Any]) -> None:
    """Open an archived place again, with `changes` as in `edit_place`; the parts of a site are opened one by one.

    It is the same place: its words, its codes at the doors and its history are there. Members have to be let in anew.
    """
    place.archived_at = None
    if place.kind == "zone":
        place.hours = _hours_of_site(session, place.site_id)  # its site's charter may have changed since
    reopen_scope(session, place.id)
    edit_place(session, actor, place, scope, changes)


def _drawn(session: Session, actor: Actor, draft: PlaceDraft) -> Place:
    """The place as it will be kept, and its scope, which shares its id."""
    place_id, at = ids.new_id(), clock.now()
    create_scope(
        session,
        actor.organisation_id,
        place_id,
        kind=draft.kind,
        name=draft.name,
        admission=draft.admission,
        history=draft.history,
        grace_seconds=draft.grace_seconds,
        parent_id=draft.site_id,
    )
    said = ("kind", "external_id", "name", "timezone", "floor_low", "floor_high", *_RULES)
    return Place(
        id=place_id,
        organisation_id=actor.organisation_id,
        site_id=draft.site_id or place_id,
        hours=_hours_of_site(session, draft.site_id),
        boundary=_stored(draft.boundary),
        version=1,
        created_at=at,
        updated_at=at,
        **{field: getattr(draft, field) for field in said},
    )


def _check_floors(low: int | None, high: int | None) -> None:
    if (low is None) != (high is None) or (low is not None and high is not None and low > high):
        raise Invalid.at("/properties/floor_low", "Give both floors, the lower one first, or neither.")


def _tell_floors(session: Session, actor: Actor, site_id: UUID) -> None:
    """The site's height says which of its zones span all floors, and so which fixes count for them."""
    limited = select(Place).where(
        Place.site_id == site_id,
        Place.id != site_id,
        Place.archived_at.is_(None),
        Place.floor_low.is_not(None),
    )
    for zone in session.scalars(limited.order_by(Place.id).with_for_update()).all():
        tell_changed(session, actor, zone, session.get_one(Scope, zone.id))


def _hours_of_site(session: Session, site_id: UUID | None) -> dict[str, Any] | None:
    """A new zone is under its site's charter from the start."""
    return None if site_id is None else session.get_one(Place, site_id).hours


def _stored(boundary: Drawn) -> WKBElement:
    return from_shape(boundary.polygon, srid=SRID)


def _remember_boundary(session: Session, actor: Actor, place: Place, drawn: Drawn | None) -> None:
    """The place's outline from now on, its floors too; what was not drawn anew gets its forms when it is read."""
    session.execute(
        insert(BoundaryVersion).values(
            place_id=place.id,
            number=place.version,
            organisation_id=place.organisation_id,
            boundary=place.boundary,
            **({} if drawn is None else drawn.forms.columns()),
            valid_from=place.updated_at,
            changed_by=actor.person_id,
        )
    )


def _tell(session: Session, actor: Actor, event_type: EventType, place: Place, scope: Scope) -> None:
    """The event names the place and its version, not the polygon: 30,000 vertices have no place in a journal.

    An `assigned` place is out of sight for everybody but its members; any other is told to all, who need its fence.
    """
    event = Event(
        event_type,
        subject_id=place.id,
        payload=wire_place(place, scope),
        scope_id=place.id if scope.admission == "assigned" else place.organisation_id,
        actor_id=actor.person_id,
    )
    append(session, place.organisation_id, event)
