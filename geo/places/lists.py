"""Lists of places, page by page, and the boundaries that a place has had."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, select
from sqlalchemy.orm import Session

from base import clock
from geo.lookup.outlines import MOST_WHOLE, Form, fitting, outlines_of_versions, present_outlines
from geo.models.places import BoundaryVersion, Place
from geo.places.places import wire_place
from people.models import Scope

_OF_SCOPE = ("admission", "history", "grace_seconds")
_SHOWN = ("name", "boundary")


def list_sites(
    session: Session, among: Select[UUID] | CompoundSelect[UUID] | None, after: UUID | None, limit: int
) -> list[tuple[Place, Scope]]:
    """A page of sites, oldest first: those whose ids `among` selects, or all of the organisation's."""
    query = select(Place, Scope).join(Scope, Scope.id == Place.id)
    query = query.where(Place.kind == "site", Place.archived_at.is_(None))
    if among is not None:
        query = query.where(Place.id.in_(among))
    return _page(session, query, after, limit)


def list_zones(session: Session, site_id: UUID, after: UUID | None, limit: int) -> list[tuple[Place, Scope]]:
    """A page of a site's zones, oldest first."""
    query = select(Place, Scope).join(Scope, Scope.id == Place.id)
    query = query.where(Place.kind == "zone", Place.site_id == site_id, Place.archived_at.is_(None))
    return _page(session, query, after, limit)


def wire_places(session: Session, found: Sequence[tuple[Place, Scope]]) -> list[dict[str, Any]]:
    """The first of these places with their whole outlines: as many as have room in an answer, and one at least."""
    ids = [place.id for place, _ in found]
    measured = present_outlines(session, ids, Form.MEASURED)
    chosen = fitting(found, [measured[place_id].corners for place_id in ids], MOST_WHOLE)
    whole = present_outlines(session, ids[: len(chosen)], Form.WHOLE)
    return [wire_place(place, scope, whole[place.id].wire) for place, scope in chosen]


def wire_whole(session: Session, place: Place, scope: Scope) -> dict[str, Any]:
    """A place with its whole outline."""
    return wire_place(place, scope, present_outlines(session, [place.id], Form.WHOLE)[place.id].wire)


def boundary_history(
    session: Session, place_id: UUID, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """A page of the boundaries that the place has had, newest first, and whether there may be more.

    `before` is a version. A page may end early: it has so many corners and no more.
    """
    query = select(BoundaryVersion).where(BoundaryVersion.place_id == place_id)
    if before is not None:
        query = query.where(BoundaryVersion.number < before)
    rows = session.scalars(query.order_by(BoundaryVersion.number.desc()).limit(limit)).all()
    measured = outlines_of_versions(session, place_id, [row.number for row in rows], Form.MEASURED)
    chosen = fitting(rows, [measured[row.number].corners for row in rows], MOST_WHOLE)
    whole = outlines_of_versions(session, place_id, [row.number for row in chosen], Form.WHOLE)
    items = [
        {
            "version": row.number,
            "geometry": whole[row.number].wire,
            "valid_from": clock.wire(row.valid_from),
            "changed_by": None if row.changed_by is None else str(row.changed_by),
        }
        for row in chosen
    ]
    return items, len(chosen) < len(rows) or len(rows) == limit


def _page(
    session: Session, query: Select[Place, Scope], after: UUID | None, limit: int
) -> list[tuple[Place, Scope]]:
    if after is not None:
        query = query.where(Place.id > after)
    rows = session.execute(query.order_by(Place.id).limit(limit))
    return [(place, scope) for place, scope in rows]


def rules_of(place: Place, scope: Scope, names: Iterable[str]) -> dict[str, Any]:
    """How a place stands in what is named, and its version; what it is called and where it lies is shown by itself."""
    kept = (name for name in names if name not in _SHOWN)
    rules = {name: getattr(scope if name in _OF_SCOPE else place, name) for name in kept}
    return rules | {"version": place.version}
