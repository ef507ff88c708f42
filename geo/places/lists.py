"""Lists of places, page by page, and the boundaries that a place has had."""

from typing import Any
from uuid import UUID

from geoalchemy2.shape import to_shape
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from base import clock
from geo.models.places import BoundaryVersion, Place
from geo.shapes.boundaries import wire_geometry
from people.models import Scope


def list_sites(
    session: Session, among: Select[UUID] | None, after: UUID | None, limit: int
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


def boundary_history(
    session: Session, place_id: UUID, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """A page of the boundaries that the place has had, newest first; `before` is a version."""
    query = select(BoundaryVersion).where(BoundaryVersion.place_id == place_id)
    if before is not None:
        query = query.where(BoundaryVersion.number < before)
    rows = session.scalars(query.order_by(BoundaryVersion.number.desc()).limit(limit))
    return [
        {
            "version": row.number,
            "geometry": wire_geometry(to_shape(row.boundary)),
            "valid_from": clock.wire(row.valid_from),
            "changed_by": None if row.changed_by is None else str(row.changed_by),
        }
        for row in rows
    ]


def _page(
    session: Session, query: Select[Place, Scope], after: UUID | None, limit: int
) -> list[tuple[Place, Scope]]:
    if after is not None:
        query = query.where(Place.id > after)
    rows = session.execute(query.order_by(Place.id).limit(limit))
    return [(place, scope) for place, scope in rows]
