"""Roll calls, for managers: begin one, and look at those of a place."""

from typing import Any
from uuid import UUID

from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from geo.musters import musters
from geo.musters.board import wire_board
from people.permissions import Permission
from schemas.base import Cursor
from schemas.musters import MusterBoard, MusterPage, NewMuster

routes = Routes("admin-musters", "Administration: roll calls", "/v1/admin")
_MUSTERS = "/places/<uuid:place_id>/musters"


@routes.route(
    "POST", _MUSTERS, permission=Permission.MUSTERS_RUN, body=NewMuster, answer=MusterBoard, status=201
)
def start_muster(call: Call, place_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Call the roll of a site or zone: everyone there is alerted and asked to answer."""
    return wire_board(call.session, musters.start(call.session, call.actor, place_id, body))


@routes.route("GET", _MUSTERS, permission=Permission.MUSTERS_RUN, query=Cursor, answer=MusterPage)
def list_musters(call: Call, place_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The roll calls of a place, newest first."""
    before = decode_cursor(query["cursor"], by_id)
    items = musters.list_musters(call.session, call.actor, place_id, before, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["id"],))
