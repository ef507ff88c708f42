"""Features that have no external id, recognised where nothing of them is new: kind, site, name, floors and outline.

So a file without ids that is sent again, as after a connection that broke, draws nothing a second time. One whose
outline or name has changed meanwhile is another place: there is nothing by which to know it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from geoalchemy2.shape import to_shape
from shapely import MultiPolygon
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, undefer

from base.work.offload import offload
from geo.models.places import Place
from geo.shapes.same import same_shape

# By one corner of each outline's box, made before the join, as in `geo/lookup/nearby.py`: only `&&` may be in it.
_AT_CORNERS = text(
    "WITH corner AS MATERIALIZED ("
    "  SELECT name, ST_MakeEnvelope(west, south, west, south, 4326) AS shape"
    "  FROM unnest(cast(:name AS text[]), cast(:west AS float8[]), cast(:south AS float8[]))"
    "    AS drawn (name, west, south)"
    ") SELECT DISTINCT id FROM places JOIN corner ON places.boundary && corner.shape AND places.name = corner.name"
    " WHERE external_id IS NULL AND archived_at IS NULL"
)


@dataclass
class Nameless:
    """Places without an external id that features of a chunk may be, by kind, site (of a zone) and name."""

    _kept: dict[tuple[str, UUID | None, str], list[tuple[Place, MultiPolygon]]] = field(default_factory=dict)

    def keep(self, place: Place, polygon: MultiPolygon) -> None:
        """A place that is there, or has just been drawn."""
        site_id = place.site_id if place.kind == "zone" else None
        self._kept.setdefault((place.kind, site_id, place.name), []).append((place, polygon))

    def same(
        self, kind: str, site_id: UUID | None, wanted: dict[str, Any], polygon: MultiPolygon
    ) -> Place | None:
        """The place of this kind and site that is as `wanted` (its name, and floors where there are any)."""
        for place, outline in self._kept.get((kind, site_id, wanted["name"]), ()):
            as_wanted = all(getattr(place, said) == value for said, value in wanted.items())
            if as_wanted and offload(same_shape, outline, polygon):
                return place
        return None


def look_up_nameless(
    session: Session, organisation_id: UUID, drawn: Sequence[tuple[str, MultiPolygon]]
) -> Nameless:
    """What is there of such features, given by name and outline.

    No index keeps two imports from drawing the same at once, so those that have such features pass one by one.
    """
    known = Nameless()
    if not drawn:
        return known
    turn = func.hashtextextended(f"import:{organisation_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(turn)))
    corners = {
        "name": [name for name, _ in drawn],
        "west": [polygon.bounds[0] for _, polygon in drawn],
        "south": [polygon.bounds[1] for _, polygon in drawn],
    }
    found = session.scalars(_AT_CORNERS, corners).all()
    locked = select(Place).where(Place.id.in_(found)).order_by(Place.id).with_for_update(key_share=True)
    locked = locked.options(undefer(Place.boundary))
    for place in session.scalars(locked.execution_options(populate_existing=True)) if found else ():
        known.keep(place, cast("MultiPolygon", to_shape(place.boundary)))
    return known
