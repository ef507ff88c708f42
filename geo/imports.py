"""Importing many places at once: a FeatureCollection of sites and zones, with a result for every feature.

A feature's `properties.kind` says what it is. A zone names its site by `site_id`, by `site_external_id`, or (as
extracts of OpenStreetMap do) by `site_osm_id`; a feature without a kind is a site. One bad feature does not spoil
the others. Importing the same file again changes only what differs.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from base.errors import Forbidden, Invalid, NotFound, Problem
from geo.boundaries import Boundary, BoundaryRefused, parse_collection
from geo.models import Place
from geo.places import PlaceDraft, by_external_id, create_place, edit_place, place_for
from people.actor import Actor
from people.models import Scope
from people.permissions import Permission

_SITE_KEYS = ("site_external_id", "site_osm_id")
_EXTERNAL_KEYS = ("external_id", "osm_id")
MAX_NAME = 200


def import_places(session: Session, actor: Actor, collection: Any) -> Iterator[dict[str, Any]]:
    """Import feature by feature, sites before zones; yields one result each, in that order."""
    features = sorted(parse_collection(collection), key=lambda feature: _kind(feature[1]) == "zone")
    for index, properties, boundary in features:
        try:
            if isinstance(boundary, BoundaryRefused):
                raise boundary
            with session.begin_nested():
                place, outcome = _import_one(session, actor, properties, boundary)
            yield _result(index, outcome, place_id=str(place.id), notes=list(boundary.notes))
        except Problem as problem:
            yield _result(
                index, "refused", code=problem.code, detail=problem.detail, at=problem.extra.get("at")
            )


def _import_one(
    session: Session, actor: Actor, properties: dict[str, Any], boundary: Boundary
) -> tuple[Place, str]:
    external_id = next((str(properties[key]) for key in _EXTERNAL_KEYS if properties.get(key)), None)
    known = None if external_id is None else by_external_id(session, external_id)
    name = _name(properties, external_id)
    if known is not None and known.archived_at is None:
        return known, _update(session, actor, known, name, boundary)
    kind = _kind(properties)
    site_id = _site_of(session, properties) if kind == "zone" else None
    _check_permission(session, actor, site_id)
    draft = PlaceDraft(
        kind=kind,
        name=name,
        boundary=boundary,
        site_id=site_id,
        external_id=None if known is not None else external_id,
        floor_low=_floor(properties, "floor_low"),
        floor_high=_floor(properties, "floor_high"),
    )
    return create_place(session, actor, draft)[0], "created"


def _update(session: Session, actor: Actor, place: Place, name: str, boundary: Boundary) -> str:
    _check_permission(session, actor, place.id)
    changes: dict[str, Any] = {}
    if place.name != name:
        changes["name"] = name
    if not to_shape(place.boundary).equals(boundary.polygon):
        changes["boundary"] = boundary
    if not changes:
        return "unchanged"
    edit_place(session, actor, place, session.get_one(Scope, place.id), changes)
    return "updated"


def _check_permission(session: Session, actor: Actor, place_id: UUID | None) -> None:
    if place_id is None:
        if not actor.is_administrator:
            raise Forbidden("Only an administrator can add a site.")
        return
    place = session.get_one(Place, place_id)
    place_for(session, actor, place_id, Permission.PLACES_EDIT, place.kind)


def _site_of(session: Session, properties: dict[str, Any]) -> UUID:
    site: Place | None = None
    if properties.get("site_id"):
        try:
            site = session.get(Place, UUID(str(properties["site_id"])))
        except ValueError:
            site = None
    else:
        external_id = next((str(properties[key]) for key in _SITE_KEYS if properties.get(key)), None)
        site = None if external_id is None else by_external_id(session, external_id)
    if site is None or site.kind != "site" or site.archived_at is not None:
        raise NotFound("The zone names no site that is there.", code="site_not_found")
    return site.id


def _kind(properties: dict[str, Any]) -> str:
    return "zone" if properties.get("kind") == "zone" else "site"


def _name(properties: dict[str, Any], external_id: str | None) -> str:
    name = properties.get("name")
    if isinstance(name, str) and name.strip() and "\0" not in name:
        return name.strip()[:MAX_NAME]
    return external_id[:MAX_NAME] if external_id else "(no name)"


def _floor(properties: dict[str, Any], key: str) -> int | None:
    value = properties.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not -99 <= value <= 999:
        raise Invalid.at(f"/properties/{key}", "A whole number from -99 to 999.")
    return value


def _result(index: int, outcome: str, **members: Any) -> dict[str, Any]:
    empty = {"place_id": None, "code": None, "detail": None, "at": None, "notes": []}
    return {"index": index, "outcome": outcome} | empty | members
