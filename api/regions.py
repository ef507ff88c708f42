"""Which circles my phone should watch."""

from typing import Any

from flask import request

from api.answers import Answer
from api.route import Call, Routes
from base.errors import Invalid
from geo.regions.regions import regions_for
from people.permissions import Permission
from schemas.regions import Regions, RegionsQuery

routes = Routes("regions", "Regions: circles for the phone's own geofences")


@routes.route(
    "GET",
    "/me/regions",
    permission=Permission.ACCOUNT_USE,
    query=RegionsQuery,
    answer=Regions,
    headers={"ETag": "The version, for If-None-Match"},
)
def list_my_regions(call: Call, query: dict[str, Any]) -> Answer:
    """The circles to watch from here: the places I am in, the nearest, and one to ask again. 304 if unchanged."""
    if (query["lon"] is None) is not (query["lat"] is None):
        raise Invalid.at("/lat", "Give both lon and lat, or neither.")
    at = None if query["lon"] is None else (query["lon"], query["lat"])
    known = request.headers.get("If-None-Match", "").strip('"') or None
    found = regions_for(
        call.session, call.actor, at, query["limit"], boundaries=query["boundaries"], known=known
    )
    if found is None:
        return Answer(None, 304, {"ETag": f'"{known}"'})
    return Answer(found, headers={"ETag": f'"{found["version"]}"'})
