"""Drafts: what would become of a boundary, and how a phone would meet it. Nothing is changed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from api import bounds
from api.admin.outlined import drawn_in, outlined, rehearsed
from api.kept import Keep
from api.route import Call, Routes
from api.translations import asked_locale, translated
from base import clock
from base.errors import Invalid
from base.work.apart import apart
from base.work.offload import offload
from geo.places.drafts import advice_on
from geo.places.places import place_for
from geo.places.rehearsal import Rehearsal, rehearse_packed
from geo.shapes.advice import Advice, Draft
from people.permissions import Permission
from schemas.drafts import DraftReport, NewDraft, NewRehearsal, RehearsalReport

routes = Routes("admin-drafts", "Administration: advice on boundaries before they are published", "/v1/admin")
_FEW = 5_000  # fixes times corners that are played sooner than they are sent to another process


@routes.route(
    "POST",
    "/sites/<uuid:site_id>/drafts",
    permission=Permission.PLACES_EDIT,
    body=NewDraft,
    max_body=bounds.BOUNDARY,
    work=outlined,
    answer=DraftReport,
    audit=Keep.NOTHING,
)
def check_draft(call: Call, site_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Check a boundary of a zone, or with properties.kind `site` of the site itself, and get advice on it."""
    site, _ = place_for(call.session, call.actor, site_id, Permission.PLACES_EDIT, "site")
    drawn, known = drawn_in(body), body["properties"]
    boundary, floors = drawn.boundary, _floors(known, "/properties")
    draft = Draft(known["kind"], known["name"], boundary.polygon, boundary.area_m2, floors)
    advice = advice_on(call.session, call.actor, site, draft, body["id"])
    return {
        "area_m2": boundary.area_m2,
        "vertices": boundary.vertices,
        "notes": list(boundary.notes),
        "advice": [_wire(remark) for remark in advice],
        "geometry": orjson.Fragment(drawn.forms.whole),
    }


@routes.route(
    "POST",
    "/sites/<uuid:site_id>/drafts/rehearsal",
    permission=Permission.PLACES_EDIT,
    body=NewRehearsal,
    max_body=bounds.BOUNDARY,
    work=rehearsed,
    answer=RehearsalReport,
    audit=Keep.NOTHING,
)
def rehearse_draft(call: Call, site_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Play a recorded track against a boundary: when would the phone have entered and left?"""
    site, _ = place_for(call.session, call.actor, site_id, Permission.PLACES_EDIT, "site")
    boundary = drawn_in(body).boundary
    of_site = None if site.floor_low is None or site.floor_high is None else (site.floor_low, site.floor_high)
    run: Callable[..., Rehearsal] = offload if body["count"] * boundary.vertices <= _FEW else apart
    rehearsal = run(rehearse_packed, boundary.polygon, body["fixes"], _floors(body, ""), of_site)
    events = [
        {"entered": e.entered, "at": clock.wire(datetime.fromtimestamp(e.at, UTC)), "doubtful": e.doubtful}
        for e in rehearsal.events
    ]
    return {"events": events, "considered": rehearsal.considered}


def _wire(advice: Advice) -> dict[str, Any]:
    return {**advice.wire(), "detail": translated(advice.detail, asked_locale())}


def _floors(members: dict[str, Any], pointer: str) -> tuple[int, int] | None:
    low, high = members["floor_low"], members["floor_high"]
    if low is None and high is None:
        return None
    if low is None or high is None or low > high:
        raise Invalid.at(f"{pointer}/floor_low", "Give both floors, the lower one first, or neither.")
    return low, high
