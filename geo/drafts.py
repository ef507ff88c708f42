"""What surrounds a draft: its site, its siblings and those it would overlap. Reads only."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from geoalchemy2 import WKBElement
from geoalchemy2.shape import to_shape
from shapely import MultiPolygon
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from geo.advice import Draft, Neighbour, Surroundings
from geo.models import Place
from geo.places import SRID
from people.actor import Actor
from people.audience import managed_scopes

_Rows = Select[UUID, str, int | None, int | None]
# More would not be read by anybody, and each costs an intersection.
_MOST = 100


def surroundings(
    session: Session, actor: Actor, site: Place, draft: Draft, itself: UUID | None
) -> Surroundings:
    """What to judge a draft against; `itself` is the zone that it would replace.

    A site is compared with the other sites that the actor manages, so that advice tells nothing of the rest.
    """
    home = _shape(site.boundary)
    if draft.kind == "zone":
        siblings = _zones_of(site)
        if itself is not None:
            siblings = siblings.where(Place.id != itself)
        return Surroundings(home, _near(session, siblings, draft))
    others = _standing().where(Place.kind == "site", Place.id != site.id)
    if not actor.is_administrator:
        others = others.where(Place.id.in_(managed_scopes(session, actor)))
    return Surroundings(home, _near(session, others, draft), _outside(session, _zones_of(site), draft))


def _standing() -> _Rows:
    return select(Place.id, Place.name, Place.floor_low, Place.floor_high).where(Place.archived_at.is_(None))


def _zones_of(site: Place) -> _Rows:
    return _standing().where(Place.kind == "zone", Place.site_id == site.id)


def _near(session: Session, query: _Rows, draft: Draft) -> list[Neighbour]:
    """Those whose boxes meet the draft's, with their shapes, and those who are called as it is."""
    box: Any = func.ST_MakeEnvelope(*draft.polygon.bounds, SRID)
    meeting = query.add_columns(Place.boundary).where(Place.boundary.op("&&")(box))
    near = [_neighbour(row, row.boundary) for row in session.execute(meeting.order_by(Place.id).limit(_MOST))]
    if draft.name is None:
        return near
    known = {neighbour.id for neighbour in near}
    named = query.where(func.lower(Place.name) == draft.name.strip().lower()).order_by(Place.id).limit(_MOST)
    return near + [_neighbour(row) for row in session.execute(named) if row.id not in known]


def _outside(session: Session, query: _Rows, draft: Draft) -> Sequence[Neighbour]:
    """The site's zones; those within the draft give no advice, so only the first that may stick out are read."""
    box: Any = func.ST_MakeEnvelope(*draft.polygon.bounds, SRID)
    inside = query.add_columns(Place.boundary).order_by(Place.boundary.op("@")(box), Place.id).limit(_MOST)
    return [_neighbour(row, row.boundary) for row in session.execute(inside)]


def _neighbour(row: Any, boundary: WKBElement | None = None) -> Neighbour:
    floors = None if row.floor_low is None else (row.floor_low, row.floor_high)
    return Neighbour(row.id, row.name, None if boundary is None else _shape(boundary), floors)


def _shape(boundary: WKBElement) -> MultiPolygon:
    return cast("MultiPolygon", to_shape(boundary))
