"""Sites and zones, for their managers."""

from typing import Any
from uuid import UUID

from api import bounds
from api.admin.outlined import drawn_in, imported, outlined, taken
from api.answers import Answer
from api.etags import check_if_match, etag
from api.kept import Keep
from api.paging import by_id, by_number, decode_cursor, page
from api.route import Call, Routes
from geo.files.imports import import_places
from geo.lookup.forms import Drawn
from geo.models.places import Place as PlaceRow
from geo.places.drafts import outline, published
from geo.places.lists import boundary_history, list_sites, list_zones, rules_of, wire_places, wire_whole
from geo.places.places import (
    PlaceDraft,
    archive_place,
    create_place,
    edit_place,
    place_for,
)
from geo.presence.sightings import sightings, wire_sighting
from geo.presence.views import record_views
from geo.privacy.charters import check_named
from people.audience import managed_by
from people.models import Scope
from people.permissions import Permission
from schemas.base import Cursor
from schemas.places import (
    BoundaryHistory,
    ImportReport,
    NewSite,
    NewZone,
    Place,
    PlaceEdit,
    PlaceImport,
    PlacePage,
    PublishedPlace,
)
from schemas.visits import PresenceList, PresenceQuery

routes = Routes("admin-places", "Administration: sites and zones", "/v1/admin")
_READ, _EDIT, _LOOK = Permission.PLACES_READ, Permission.PLACES_EDIT, Permission.VISITS_READ
_SITE, _ZONE = "/sites/<uuid:place_id>", "/zones/<uuid:place_id>"
_ETAG = {"ETag": "The version, for If-Match"}


@routes.route(
    "POST",
    "/sites",
    permission=Permission.SITES_CREATE,
    body=NewSite,
    max_body=bounds.BOUNDARY,
    work=outlined,
    answer=PublishedPlace,
    status=201,
    headers=_ETAG,
)
def create_site(call: Call, body: dict[str, Any]) -> Answer:
    """Draw a site; the answer's notes tell what is remarkable about its boundary."""
    draft = PlaceDraft(kind="site", boundary=drawn_in(body), **body["properties"])
    return _published(call, *create_place(call.session, call.actor, draft), draft.boundary, 201)


@routes.route(
    "POST",
    "/sites/<uuid:site_id>/zones",
    permission=_EDIT,
    body=NewZone,
    max_body=bounds.BOUNDARY,
    work=outlined,
    answer=PublishedPlace,
    status=201,
    headers=_ETAG,
)
def create_zone(call: Call, site_id: UUID, body: dict[str, Any]) -> Answer:
    """Draw a zone of a site; it may stick out."""
    place_for(call.session, call.actor, site_id, _EDIT, "site")
    draft = PlaceDraft(kind="zone", site_id=site_id, boundary=drawn_in(body), **body["properties"])
    return _published(call, *create_place(call.session, call.actor, draft), draft.boundary, 201)


@routes.route("GET", "/sites", permission=_READ, query=Cursor, answer=PlacePage)
def list_managed_sites(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """The sites that I manage, or was given to see, oldest first; for an administrator, all."""
    mine = managed_by(call.actor, _READ)
    found = list_sites(call.session, mine, decode_cursor(query["cursor"], by_id), query["limit"])
    return _page(call, found, query["limit"])


@routes.route("GET", "/sites/<uuid:site_id>/zones", permission=_READ, query=Cursor, answer=PlacePage)
def list_site_zones(call: Call, site_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The zones of a site, oldest first."""
    place_for(call.session, call.actor, site_id, _READ, "site")
    found = list_zones(call.session, site_id, decode_cursor(query["cursor"], by_id), query["limit"])
    return _page(call, found, query["limit"])


@routes.route(
    "POST",
    "/places/import",
    permission=_EDIT,
    body=PlaceImport,
    max_body=bounds.IMPORT,
    work=imported,
    answer=ImportReport,
)
def import_collection(call: Call, body: Any) -> dict[str, Any]:
    """Import sites and zones from a FeatureCollection, with a result per feature."""
    return {"items": list(import_places(call.session, call.actor, taken(body)))}


@routes.route("GET", _SITE, permission=_READ, answer=Place, headers=_ETAG)
def read_site(call: Call, place_id: UUID) -> Answer:
    """A site with its boundary, and the ETag for an edit."""
    return _answer(call, *place_for(call.session, call.actor, place_id, _READ, "site"))


@routes.route("GET", _ZONE, permission=_READ, answer=Place, headers=_ETAG)
def read_zone(call: Call, place_id: UUID) -> Answer:
    """A zone with its boundary, and the ETag for an edit."""
    return _answer(call, *place_for(call.session, call.actor, place_id, _READ, "zone"))


@routes.route(
    "PATCH",
    _SITE,
    permission=_EDIT,
    body=PlaceEdit,
    max_body=bounds.BOUNDARY,
    work=outlined,
    answer=PublishedPlace,
    headers=_ETAG,
)
def edit_site(call: Call, place_id: UUID, body: dict[str, Any]) -> Answer:
    """Redraw or rename a site; needs If-Match."""
    return _edit(call, place_id, "site", body)


@routes.route(
    "PATCH",
    _ZONE,
    permission=_EDIT,
    body=PlaceEdit,
    max_body=bounds.BOUNDARY,
    work=outlined,
    answer=PublishedPlace,
    headers=_ETAG,
)
def edit_zone(call: Call, place_id: UUID, body: dict[str, Any]) -> Answer:
    """Redraw or rename a zone; needs If-Match."""
    return _edit(call, place_id, "zone", body)


@routes.route("DELETE", _SITE, permission=_EDIT, status=204)
def archive_site(call: Call, place_id: UUID) -> None:
    """Close a site with its zones; needs If-Match. What was said there is kept."""
    _archive(call, place_id, "site")


@routes.route("DELETE", _ZONE, permission=_EDIT, status=204)
def archive_zone(call: Call, place_id: UUID) -> None:
    """Close a zone; needs If-Match. What was said there is kept."""
    _archive(call, place_id, "zone")


@routes.route("GET", f"{_SITE}/boundaries", permission=_READ, query=Cursor, answer=BoundaryHistory)
def list_site_boundaries(call: Call, place_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The boundaries that a site has had, newest first."""
    return _boundaries(call, place_id, "site", query)


@routes.route("GET", f"{_ZONE}/boundaries", permission=_READ, query=Cursor, answer=BoundaryHistory)
def list_zone_boundaries(call: Call, place_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The boundaries that a zone has had, newest first."""
    return _boundaries(call, place_id, "zone", query)


@routes.route(
    "GET",
    f"{_SITE}/present",
    permission=_LOOK,
    query=PresenceQuery,
    answer=PresenceList,
    audit=Keep.LOOK,
)
def list_present_in_site(call: Call, place_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Who is in a site now, in the order of arrival."""
    return _present(call, place_id, "site", query)


@routes.route(
    "GET",
    f"{_ZONE}/present",
    permission=_LOOK,
    query=PresenceQuery,
    answer=PresenceList,
    audit=Keep.LOOK,
)
def list_present_in_zone(call: Call, place_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Who is in a zone now, in the order of arrival."""
    return _present(call, place_id, "zone", query)


def _boundaries(call: Call, place_id: UUID, kind: str, query: dict[str, Any]) -> dict[str, Any]:
    place_for(call.session, call.actor, place_id, _READ, kind)
    before = decode_cursor(query["cursor"], by_number)
    items, more = boundary_history(call.session, place_id, before, query["limit"])
    return _page_of(items, more, "version")


def _edit(call: Call, place_id: UUID, kind: str, body: dict[str, Any]) -> Answer:
    place, scope = place_for(call.session, call.actor, place_id, _EDIT, kind, lock=True)
    check_if_match(place.version)
    changes, boundary = dict(body["properties"]), None
    if "geometry" in body:
        changes["boundary"] = boundary = drawn_in(body)
    before = rules_of(place, scope, changes)
    edit_place(call.session, call.actor, place, scope, changes)
    call.notes(before, rules_of(place, scope, changes))
    return _published(call, place, scope, boundary, 200)


def _archive(call: Call, place_id: UUID, kind: str) -> None:
    place, scope = place_for(call.session, call.actor, place_id, _EDIT, kind, lock=True)
    check_if_match(place.version)
    archive_place(call.session, call.actor, place, scope)


def _present(call: Call, place_id: UUID, kind: str, query: dict[str, Any]) -> dict[str, Any]:
    place, _ = place_for(call.session, call.actor, place_id, _LOOK, kind)
    check_named(call.session, place)
    after = decode_cursor(query["cursor"], by_id)
    found = sightings(call.session, [place_id], after=after, limit=query["limit"])
    looked_at = [sighting.visit.person_id for sighting in found]
    record_views(call.session, call.actor, place_id, looked_at, query["reason"])
    items = [wire_sighting(sighting) for sighting in found]
    return page(items, query["limit"], lambda: (items[-1]["id"],))


def _published(call: Call, place: PlaceRow, scope: Scope, boundary: Drawn | None, status: int) -> Answer:
    """A place as it is now; `boundary` is the new one, where it has one."""
    remarks: list[str] = []
    if place.kind == "zone":
        polygon = outline(call.session, place.id) if boundary is None else boundary.polygon
        remarks = published(call.session, call.actor, place, polygon)
    notes = () if boundary is None else boundary.boundary.notes
    body = {**wire_whole(call.session, place, scope), "notes": [*notes, *remarks]}
    return Answer(body, status, etag(place.version))


def _answer(call: Call, place: PlaceRow, scope: Scope) -> Answer:
    return Answer(wire_whole(call.session, place, scope), 200, etag(place.version))


def _page(call: Call, found: list[tuple[PlaceRow, Scope]], limit: int) -> dict[str, Any]:
    """A page may end early: it has so many corners and no more."""
    items = wire_places(call.session, found)
    return _page_of(items, len(items) < len(found) or len(found) == limit, "id")


def _page_of(items: list[dict[str, Any]], more: bool, key: str) -> dict[str, Any]:
    return page(items, len(items) if more and items else len(items) + 1, lambda: (items[-1][key],))
