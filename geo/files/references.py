"""What a chunk of an import refers to, looked up with a handful of queries for hundreds of features.

The places that the chunk may change are locked here, in the order of their ids, so that an edit at the same moment
waits and is not overwritten unseen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from geoalchemy2.shape import to_shape
from shapely import MultiPolygon
from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from base import text
from base.errors import Conflict, Forbidden, NotFound, Problem
from base.text import alike
from geo.files.nameless import Nameless, look_up_nameless
from geo.models.places import Place
from geo.places.drafts import compared
from geo.places.places import place_for
from people.actor import Actor
from people.permissions import Permission

_SITE_KEYS = ("site_external_id", "site_osm_id")
_EXTERNAL_KEYS = ("external_id", "osm_id")
MAX_EXTERNAL_ID = 200
MAX_NAME = 200
_FEW_CORNERS = 2_000


def kind_of(properties: dict[str, Any]) -> str:
    """Whether a feature is a `site` or a `zone`."""
    return "zone" if properties.get("kind") == "zone" else "site"


def external_id_of(properties: dict[str, Any]) -> str | None:
    """What the file calls the feature."""
    return _first(properties, _EXTERNAL_KEYS)


def name_of(properties: dict[str, Any]) -> str:
    """What the place of a feature is called."""
    name = properties.get("name")
    if isinstance(name, str) and text.shows_something(line := text.without_steering(name)):
        return line[:MAX_NAME].rstrip()
    external_id = external_id_of(properties)
    return external_id[:MAX_NAME] if external_id else "(no name)"


@dataclass
class Lookups:
    """Places by external id, sites, names in use, and where the actor may edit."""

    session: Session
    actor: Actor
    by_external_id: dict[str, Place] = field(default_factory=dict)
    nameless: Nameless = field(default_factory=Nameless)
    names: dict[tuple[UUID, str], set[UUID]] = field(default_factory=dict)
    _by_id: dict[UUID, Place | None] = field(default_factory=dict)
    _shapes: dict[UUID, MultiPolygon] = field(default_factory=dict)
    _allowed: dict[UUID, Problem | None] = field(default_factory=dict)

    def place(self, external_id: str | None) -> Place | None:
        """The place that an import called so, archived or not."""
        return None if external_id is None else self.by_external_id.get(external_id)

    def site_of(self, properties: dict[str, Any]) -> Place | None:
        """The site that a zone names, if it is there."""
        given = _uuid(properties.get("site_id"))
        if properties.get("site_id"):
            site = None if given is None else self._place_of_id(given)
        else:
            site = self.place(_first(properties, _SITE_KEYS))
        return site if site is not None and site.kind == "site" and site.archived_at is None else None

    def is_archived_elsewhere(self, place: Place, properties: dict[str, Any]) -> bool:
        """Whether the place is closed and the feature means another: of the other kind, or in another site."""
        if place.archived_at is None:
            return False
        site = self.site_of(properties) if kind_of(properties) == "zone" else None
        return place.kind != kind_of(properties) or (site is not None and site.id != place.site_id)

    def check_same(self, place: Place, properties: dict[str, Any]) -> None:
        """Raise unless the feature means this place: one of its kind, in its site where it names one."""
        if place.kind != kind_of(properties):
            detail = f"There is a {place.kind} of this external_id; a feature without a kind is a site."
            raise Conflict(detail, code="kind_differs")
        if place.kind == "zone" and (properties.get("site_id") or _first(properties, _SITE_KEYS)):
            site = self.site_of(properties)
            if site is None:
                raise NotFound("The zone names no site that is there.", code="site_not_found")
            if site.id != place.site_id:
                raise Conflict("The zone is in another site; archive it there first.", code="site_differs")

    def check_editing(self, place: Place) -> None:
        """Raise unless the actor may edit the place, or open it again: as one who may add it, in a site that stands."""
        if place.archived_at is None:
            self.check_permission(place.site_id, place)
        elif place.kind == "site":
            self.check_permission(None)
        elif self.session.get_one(Place, place.site_id).archived_at is not None:
            raise NotFound("The zone's site is archived; import the site, too.", code="site_not_found")
        else:
            self.check_permission(place.site_id)

    def check_permission(self, site_id: UUID | None, zone: Place | None = None) -> None:
        """Raise unless the actor may make a site (None), edit in this one, or edit at least the zone that is there."""
        if site_id is None:
            if not self.actor.may(Permission.SITES_CREATE):
                raise Forbidden("Only an administrator can add a site.")
            return
        if site_id not in self._allowed:
            self._allowed[site_id] = self._refusal(site_id, "site")
        refusal = self._allowed[site_id]
        if refusal is not None and zone is not None and zone.kind == "zone":
            refusal = self._refusal(zone.id, "zone")
        if refusal is not None:
            raise refusal

    def remember(self, place: Place, polygon: MultiPolygon) -> None:
        """A place that the chunk has made or changed: later features may name it."""
        if place.external_id is not None:
            self.by_external_id[place.external_id] = place
        else:
            self.nameless.keep(place, polygon)
        if place.kind == "site":
            self._shapes[place.id] = polygon
        else:
            self.names.setdefault((place.site_id, alike(place.name)), set()).add(place.id)

    def remarks(self, zones: Sequence[tuple[Place, MultiPolygon]]) -> list[list[str]]:
        """What a manager may want to look at, for each of the zones that were made or changed."""
        told = compared(self.session, zones, {zone.site_id: self._shape(zone.site_id) for zone, _ in zones})
        for (zone, _), said in zip(zones, told, strict=True):
            if self.names.get((zone.site_id, alike(zone.name)), {zone.id}) != {zone.id}:
                said.insert(0, "duplicate_name")
        return told

    def _place_of_id(self, place_id: UUID) -> Place | None:
        if place_id not in self._by_id:
            self._by_id[place_id] = self.session.get(Place, place_id)
        return self._by_id[place_id]

    def _refusal(self, place_id: UUID, kind: str) -> Problem | None:
        try:
            place_for(self.session, self.actor, place_id, Permission.PLACES_EDIT, kind)
        except Problem as problem:
            return problem
        return None

    def _shape(self, site_id: UUID) -> MultiPolygon:
        if site_id not in self._shapes:
            self._shapes[site_id] = cast(
                "MultiPolygon", to_shape(self.session.get_one(Place, site_id).boundary)
            )
        return self._shapes[site_id]


def look_up(
    session: Session, actor: Actor, features: Sequence[tuple[dict[str, Any], MultiPolygon | None]]
) -> Lookups:
    """Everything that the features of a chunk, given by properties and outline (None: refused), refer to."""
    drawn = [(name_of(p), outline) for p, outline in features if outline and external_id_of(p) is None]
    known = Lookups(session, actor, nameless=look_up_nameless(session, actor.organisation_id, drawn))
    _look_up_named(session, known, [properties for properties, _ in features])
    return known


def _look_up_named(session: Session, known: Lookups, features: Sequence[dict[str, Any]]) -> None:
    own = {name for p in features if (name := external_id_of(p)) is not None}
    sites = {name for p in features if (name := _first(p, _SITE_KEYS)) is not None}
    locked = select(Place).where(Place.external_id.in_(own)).order_by(Place.id)
    # FOR NO KEY UPDATE: new zones refer to their site's row at the same time.
    locked = locked.with_for_update(key_share=True).execution_options(populate_existing=True)
    _keep(known, session.scalars(locked) if own else ())
    _load_boundaries(session, [place.id for place in known.by_external_id.values()])
    _keep(
        known, session.scalars(select(Place).where(Place.external_id.in_(sites - own))) if sites - own else ()
    )
    _know_names(known, features)


def _load_boundaries(session: Session, place_ids: Sequence[UUID]) -> None:
    """Those of few corners at once, since each is compared with what the file says; the rest come one by one."""
    few = select(Place).where(Place.id.in_(place_ids), func.ST_NPoints(Place.boundary) <= _FEW_CORNERS)
    if place_ids:
        session.scalars(few.options(undefer(Place.boundary)).execution_options(populate_existing=True)).all()


def _keep(known: Lookups, places: Iterable[Place]) -> None:
    for place in places:
        if place.external_id is not None:
            known.by_external_id[place.external_id] = place


def _know_names(known: Lookups, features: Sequence[dict[str, Any]]) -> None:
    """The zones of the sites in question that bear a name of the chunk."""
    zones = [properties for properties in features if kind_of(properties) == "zone"]
    sites = {site.id for properties in zones if (site := known.site_of(properties)) is not None}
    names = {text.without_steering(name) for p in zones if isinstance(name := p.get("name"), str)}
    if not sites or not names:
        return
    standing = select(Place.site_id, Place.name, Place.id).where(
        Place.kind == "zone", Place.archived_at.is_(None), Place.site_id.in_(sites)
    )
    for site_id, name, place_id in known.session.execute(standing.where(Place.name.in_(names))):
        known.names.setdefault((site_id, alike(name)), set()).add(place_id)


def _first(properties: dict[str, Any], keys: Sequence[str]) -> str | None:
    """The first of the members that names something; numbers are names too."""
    for key in keys:
        value = properties.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool):
            line = text.without_steering(str(value))
            if text.shows_something(line):
                return line[:MAX_EXTERNAL_ID].rstrip()
    return None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
