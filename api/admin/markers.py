"""Markers, for managers: put up, show, print, turn, take down."""

from typing import Any
from uuid import UUID

from api.answers import Answer
from api.codes import code_pdf, code_svg
from api.kept import Keep
from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from base import clock
from base.errors import Conflict
from geo.models.places import Marker as MarkerRow
from geo.stays import markers
from people.permissions import Permission
from people.scopes.scopes import scope_for
from schemas.base import Cursor
from schemas.markers import Marker, MarkerPage, NewMarker, ShownCode

routes = Routes("admin-markers", "Administration: codes, NFC tags, beacons, Wi-Fi", "/v1/admin")
_MARKER = "/markers/<uuid:marker_id>"
_MANAGE = Permission.MARKERS_MANAGE


@routes.route(
    "POST", "/places/<uuid:place_id>/markers", permission=_MANAGE, body=NewMarker, answer=Marker, status=201
)
def add_marker(call: Call, place_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Put up a marker at a site or zone."""
    return markers.wire_marker(markers.add_marker(call.session, call.actor, place_id, body))


@routes.route("GET", "/places/<uuid:place_id>/markers", permission=_MANAGE, query=Cursor, answer=MarkerPage)
def list_markers(call: Call, place_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The markers of a place, oldest first."""
    scope_for(call.session, call.actor, place_id, _MANAGE)
    after = decode_cursor(query["cursor"], by_id)
    items = markers.list_markers(call.session, place_id, after, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["id"],))


@routes.route("GET", f"{_MARKER}/code", permission=_MANAGE, answer=ShownCode, audit=Keep.LOOK)
def read_code(call: Call, marker_id: UUID) -> dict[str, Any]:
    """The code to show now; a screen asks again at `until`."""
    code, until = markers.show_code(_coded(call, marker_id), clock.now())
    return {"code": code, "until": clock.wire_or_none(until)}


@routes.route("GET", f"{_MARKER}/code.svg", permission=_MANAGE, media="image/svg+xml", audit=Keep.LOOK)
def draw_code(call: Call, marker_id: UUID) -> Answer:
    """The code as a picture with its name, to print or show."""
    marker = _coded(call, marker_id)
    return Answer(content=code_svg(markers.show_code(marker, clock.now())[0], marker.name))


@routes.route("GET", f"{_MARKER}/code.pdf", permission=_MANAGE, media="application/pdf", audit=Keep.LOOK)
def print_code(call: Call, marker_id: UUID) -> Answer:
    """The code as a PDF, to print."""
    marker = _coded(call, marker_id)
    return Answer(content=code_pdf(markers.show_code(marker, clock.now())[0]))


@routes.route("POST", f"{_MARKER}/turn", permission=_MANAGE, answer=Marker)
def turn_marker(call: Call, marker_id: UUID) -> dict[str, Any]:
    """Make all codes that this marker has shown so far worthless: the poster was photographed."""
    marker = _coded(call, marker_id, lock=True)
    markers.turn_marker(call.session, marker)
    return markers.wire_marker(marker)


@routes.route("DELETE", _MARKER, permission=_MANAGE, status=204)
def remove_marker(call: Call, marker_id: UUID) -> None:
    """Take a marker down; what it has proved stays."""
    markers.marker_for(call.session, call.actor, marker_id, lock=True).revoked_at = clock.now()
    call.session.flush()


def _coded(call: Call, marker_id: UUID, *, lock: bool = False) -> MarkerRow:
    marker = markers.marker_for(call.session, call.actor, marker_id, lock=lock)
    if marker.kind not in markers.CODED:
        raise Conflict("A beacon or access point shows no code.", code="marker_has_no_code")
    return marker
