"""Importing many places at once: a FeatureCollection of sites and zones, with a result for every feature.

A feature's `properties.kind` says what it is. A zone names its site by `site_id`, by `site_external_id`, or (as
extracts of OpenStreetMap do) by `site_osm_id`; a feature without a kind is a site. One bad feature does not spoil
the others. Importing the same file again changes only what differs, so an import that was cut off is sent again.

An archived place is opened again by the feature of its external id, and is never drawn a second time beside it. What
has no external id is recognised where nothing of it is new (`geo/files/nameless.py`).

Features are taken in chunks, sites before zones. What a chunk refers to is looked up at once
(`geo/files/references.py`); the caller may commit between chunks. All are read before anything is imported
(`open_import`, a pure function that another process may run), and stay packed until their chunk's turn.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, cast

from geoalchemy2.shape import to_shape
from shapely import MultiPolygon
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from base.errors import Conflict, NotFound, Problem
from base.work.offload import offload
from geo.files.levels import floors_of
from geo.files.references import Lookups, external_id_of, kind_of, look_up, name_of
from geo.lookup.forms import Drawn, drawn
from geo.models.places import Place
from geo.places.places import PlaceDraft, create_place, edit_place, reopen_place
from geo.shapes.boundaries import BoundaryRefused, features_of, parse_feature, properties_of
from geo.shapes.same import same_shape
from people.actor import Actor
from people.models import Scope

# Of a chunk: whichever comes first.
CHUNK, CHUNK_CORNERS = 200, 60_000
REOPENED = "reopened"
OUTCOMES = ("created", "updated", "unchanged", "refused")


_Parsed = tuple[int, dict[str, Any], Drawn | BoundaryRefused]


@dataclass(frozen=True)
class Import:
    """What is to be imported, in the order in which it is taken, packed by chunks; `count` features in all."""

    packed: tuple[bytes, ...]
    count: int
    notes: tuple[str, ...] = ()

    def chunks(self) -> Iterator["Import"]:
        """The same in portions that are worth a commit."""
        return (replace(self, packed=(chunk,)) for chunk in self.packed)

    @property
    def parsed(self) -> list[_Parsed]:
        """The features: their index in the file, their properties, their boundary or why there is none."""
        return [feature for chunk in self.packed for feature in pickle.loads(chunk)]  # noqa: S301 - our own


@dataclass(frozen=True)
class _New:
    """A place to be drawn. It takes its external id over from an archived one, whose time is over."""

    draft: PlaceDraft
    instead_of: Place | None


@dataclass(frozen=True)
class _Edit:
    """A place that is there already, or was before it was archived, and what the file says of it."""

    place: Place
    wanted: dict[str, Any]
    boundary: Drawn


class _Unforeseen(Exception):
    """A feature was refused when something of it may have been written."""


_Step = _New | _Edit
_Apart = Callable[[], AbstractContextManager[Any]]


def open_import(collection: Any, notes: Iterable[str] = ()) -> Import:
    """Check that it is a FeatureCollection, read its features, and put sites before zones; raises `BoundaryRefused`.

    `notes` are what the reader of a file did to all of its features.
    """
    features = sorted(enumerate(features_of(collection)), key=lambda item: _is_zone(item[1]))
    crs = collection.get("crs")
    parsed = (_parsed(index, feature, crs) for index, feature in features)
    return Import(tuple(map(pickle.dumps, _in_chunks(parsed))), len(features), tuple(notes))


def import_places(session: Session, actor: Actor, wanted: Import) -> Iterator[dict[str, Any]]:
    """Import everything in the caller's transaction; yields one result for each feature, sites first."""
    for chunk in wanted.chunks():
        yield from import_chunk(session, actor, chunk)


def import_chunk(session: Session, actor: Actor, chunk: Import) -> list[dict[str, Any]]:
    """Import the features of one chunk; returns their results in the same order.

    All goes into one savepoint, which spares two round trips a feature. Where a feature fails after the checks (a
    race for an external id), the chunk is undone and taken again with a savepoint for each.
    """
    parsed = chunk.parsed
    try:
        with session.begin_nested():
            return _import_all(session, actor, parsed, chunk.notes, nullcontext)
    except (IntegrityError, _Unforeseen):
        return _import_all(session, actor, parsed, chunk.notes, session.begin_nested)


def _parsed(index: int, feature: Any, crs: Any) -> _Parsed:
    known, boundary = parse_feature(feature, f"/features/{index}", crs)
    return index, known, boundary if isinstance(boundary, BoundaryRefused) else drawn(boundary)


def _in_chunks(parsed: Iterable[_Parsed]) -> Iterator[list[_Parsed]]:
    chunk: list[_Parsed] = []
    corners = 0
    for feature in parsed:
        chunk.append(feature)
        corners += 0 if isinstance(feature[2], BoundaryRefused) else feature[2].boundary.vertices
        if len(chunk) >= CHUNK or corners >= CHUNK_CORNERS:
            yield chunk
            chunk, corners = [], 0
    if chunk:
        yield chunk


def _import_all(
    session: Session, actor: Actor, parsed: Sequence[_Parsed], notes: tuple[str, ...], apart: _Apart
) -> list[dict[str, Any]]:
    known = look_up(session, actor, [(said, _outline(boundary)) for _, said, boundary in parsed])
    results: list[dict[str, Any]] = []
    zones: list[tuple[Place, MultiPolygon]] = []
    told: list[list[str]] = []
    for index, properties, boundary in parsed:
        try:
            if isinstance(boundary, BoundaryRefused):
                raise boundary
            step = _plan(known, properties, boundary)
            reopens = isinstance(step, _Edit) and step.place.archived_at is not None
            place, outcome = _carried_out(session, actor, step, apart)
            known.remember(place, boundary.polygon)
            said = [*boundary.boundary.notes, *notes, *floors_of(properties)[1], *[REOPENED] * reopens]
            results.append(_result(index, outcome, place_id=str(place.id), notes=said))
            if place.kind == "zone":
                zones.append((place, boundary.polygon))
                told.append(said)
        except Problem as problem:
            refusal = {"code": problem.code, "detail": problem.detail, "at": problem.extra.get("at")}
            results.append(_result(index, "refused", **refusal))
    for said, remarks in zip(told, known.remarks(zones), strict=True):
        said += remarks
    return results


def _plan(known: Lookups, properties: dict[str, Any], boundary: Drawn) -> _Step:
    """What is to be done with a feature; raises `Problem` while nothing is written yet."""
    external_id, kind = external_id_of(properties), kind_of(properties)
    wanted: dict[str, Any] = {"name": name_of(properties), **floors_of(properties)[0]}
    site = known.site_of(properties) if kind == "zone" else None
    site_id = None if site is None else site.id
    if external_id is None:
        place = known.nameless.same(kind, site_id, wanted, boundary.polygon)
    else:
        place = known.place(external_id)
    if place is not None and not known.is_archived_elsewhere(place, properties):
        known.check_same(place, properties)
        known.check_editing(place)
        return _Edit(place, wanted, boundary)
    if kind == "zone" and site is None:
        raise NotFound("The zone names no site that is there.", code="site_not_found")
    known.check_permission(site_id)
    draft = PlaceDraft(kind=kind, boundary=boundary, site_id=site_id, external_id=external_id, **wanted)
    return _New(draft, instead_of=place)


def _carried_out(session: Session, actor: Actor, step: _Step, apart: _Apart) -> tuple[Place, str]:
    try:
        with apart():
            if isinstance(step, _New):
                if step.instead_of is not None:
                    step.instead_of.external_id = None
                    session.flush()
                return create_place(session, actor, step.draft)[0], "created"
            return step.place, _update(session, actor, step.place, step.wanted, step.boundary)
    except Problem as problem:
        # Without a savepoint of its own, what the feature has written so far goes with the chunk.
        raise _Unforeseen if apart is nullcontext else problem from None
    except IntegrityError:
        if apart is nullcontext:
            raise
        # Somebody else has made a place of this external id since the chunk was looked up.
        raise Conflict("There is a place with this external_id.", code="external_id_taken") from None


def _update(session: Session, actor: Actor, place: Place, wanted: dict[str, Any], boundary: Drawn) -> str:
    changes = {field: value for field, value in wanted.items() if getattr(place, field) != value}
    if not offload(same_shape, cast("MultiPolygon", to_shape(place.boundary)), boundary.polygon):
        changes["boundary"] = boundary
    if place.archived_at is not None:
        reopen_place(session, actor, place, session.get_one(Scope, place.id), changes)
    elif changes:
        edit_place(session, actor, place, session.get_one(Scope, place.id), changes)
    else:
        return "unchanged"
    return "updated"


def _outline(boundary: Drawn | BoundaryRefused) -> MultiPolygon | None:
    return None if isinstance(boundary, BoundaryRefused) else boundary.polygon


def _is_zone(feature: Any) -> bool:
    return kind_of(properties_of(feature)) == "zone"


def _result(index: int, outcome: str, **members: Any) -> dict[str, Any]:
    empty = {"place_id": None, "code": None, "detail": None, "at": None, "notes": []}
    return {"index": index, "outcome": outcome} | empty | members
