"""Presence, for managers: check people in and out, numbers, charters, the organisation's rules."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from api.route import Call, Routes
from base import clock
from geo.places.places import place_for
from geo.presence import occupancy
from geo.presence.groups import groups_of
from geo.privacy.charters import charter_of, set_charter
from geo.privacy.sharing import privacy_of, set_organisation_privacy
from geo.stays.by_hand import check_in_by_manager, check_out_by_manager
from people.permissions import Permission
from schemas.markers import ManualEvidence, ManualVisit
from schemas.occupancy import Occupancy, OccupancyQuery
from schemas.privacy import Charter, CharterEdit, PrivacyRules

routes = Routes("admin-presence", "Administration: presence and privacy", "/v1/admin")


@routes.route(
    "POST",
    "/places/<uuid:place_id>/visits",
    permission=Permission.VISITS_EDIT,
    body=ManualVisit,
    answer=ManualEvidence,
    status=201,
)
def check_person_in(call: Call, place_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Say that somebody is there. The person sees that you did; you do not see whether they were there already."""
    return check_in_by_manager(call.session, call.actor, place_id, body["person_id"])


@routes.route(
    "DELETE",
    "/places/<uuid:place_id>/visits/<uuid:person_id>",
    permission=Permission.VISITS_EDIT,
    status=204,
)
def check_person_out(call: Call, place_id: UUID, person_id: UUID) -> None:
    """Say that somebody has left, whatever their phone says. The person sees that you did."""
    check_out_by_manager(call.session, call.actor, place_id, person_id)


@routes.route(
    "GET",
    "/sites/<uuid:site_id>/occupancy",
    permission=Permission.OCCUPANCY_READ,
    query=OccupancyQuery,
    answer=Occupancy,
)
def read_occupancy(call: Call, site_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """How full the site and its zones are now and, with `from`, over time. Small groups are not shown."""
    place_for(call.session, call.actor, site_id, Permission.OCCUPANCY_READ, "site")
    at, now = occupancy.occupancy_now(call.session, site_id)
    over_time = []
    if query["start"] is not None:
        step = timedelta(minutes=query["step_minutes"])
        until = query["until"] or clock.now()
        over_time = occupancy.occupancy_over_time(call.session, site_id, query["start"], until, step)
    return {
        "at": clock.wire(at),
        "smallest_group": groups_of(call.session, site_id).smallest,
        "now": now,
        "over_time": over_time,
    }


@routes.route(
    "PUT",
    "/sites/<uuid:site_id>/charter",
    permission=Permission.CHARTER_EDIT,
    body=CharterEdit,
    answer=Charter,
)
def write_charter(call: Call, site_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Write what the site promises; every member is told."""
    site, _ = place_for(call.session, call.actor, site_id, Permission.CHARTER_EDIT, "site", lock=True)
    before = _promised(charter_of(call.session, site_id))
    charter = set_charter(call.session, call.actor, site, body)
    call.notes(before, _promised(charter))
    return charter


def _promised(charter: dict[str, Any]) -> dict[str, Any]:
    """What of a charter the product keeps; its purpose is told to people, in their words."""
    return {
        name: charter[name] for name in ("hours", "visit_days", "smallest_group", "aggregate_only", "version")
    }


@routes.route("PUT", "/privacy", permission=Permission.PRIVACY_MANAGE, body=PrivacyRules, answer=PrivacyRules)
def write_privacy_rules(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The organisation's rules for presence; what is not given is set to its default."""
    before = privacy_of(call.session, call.actor.organisation_id)
    after = set_organisation_privacy(call.session, call.actor, body)
    call.notes(before, after)
    return after
