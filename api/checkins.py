"""Saying where I am by other means than fixes."""

from typing import Any

from flask import request

from api.pace import Pace
from api.route import Call, Routes
from geo.regions.events import take_region_events
from geo.stays import checkins, gate
from geo.stays.fixes import name_floor
from geo.stays.handover import hand_over
from people.permissions import Permission
from people.sign_in.opening import open_session
from people.sign_in.ways import Factor, Way
from schemas.markers import (
    ChangedVisits,
    CheckIn,
    CheckOut,
    FloorEdit,
    NewVisitor,
    RegionEvents,
    RegionReport,
)
from schemas.sessions import Tokens

routes = Routes("check-ins", "Check-ins: codes, beacons, Wi-Fi, regions")


@routes.route(
    "POST",
    "/me/check-ins",
    permission=Permission.ACCOUNT_USE,
    own_device=True,
    pace=Pace.CODE,
    body=CheckIn,
    answer=ChangedVisits,
    status=201,
)
def check_in(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Check in with a scanned code, a beacon or an access point. A zone's check-in counts for its site too."""
    return checkins.check_in(call.session, call.actor, body)


@routes.route(
    "POST", "/me/check-outs", permission=Permission.ACCOUNT_USE, body=CheckOut, answer=ChangedVisits
)
def check_out(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Say that I have left, whatever my phone says."""
    return checkins.check_out(call.session, call.actor, body["place_id"])


@routes.route(
    "PUT", "/me/floor", permission=Permission.ACCOUNT_USE, own_device=True, body=FloorEdit, status=204
)
def set_my_floor(call: Call, body: dict[str, Any]) -> None:
    """Say on which floor I am; it counts for half an hour's fixes that name none."""
    name_floor(call.session, call.actor, body["floor"])


@routes.route(
    "POST",
    "/me/regions/events",
    permission=Permission.ACCOUNT_USE,
    own_device=True,
    pace=Pace.BATCH,
    body=RegionEvents,
    answer=RegionReport,
)
def report_region_events(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """What the phone's own geofences saw, or an app that judges by itself. No coordinates are asked for."""
    return take_region_events(call.session, call.actor, body["events"], body["sent_at"])


@routes.route("POST", "/visitors", public=True, pace=Pace.GATE, body=NewVisitor, answer=Tokens, status=201)
def admit_at_the_gate(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Scan the gate's code as a stranger: an account for some hours, checked in at once. A phone has one at a time."""
    account = {"name": body["name"], "locale": body["locale"], "timezone": "UTC"}
    installation_id, address = body["device"]["installation_id"], request.remote_addr
    opened = gate.open_account(call.session, body["code"], account, installation_id, address)
    ttl = call.runtime.settings.session_ttl
    tokens, device_id = open_session(
        call.session,
        call.runtime.tokens,
        ttl,
        opened.person.organisation_id,
        opened.person.id,
        body["device"],
        Way((Factor.GATE,), request.remote_addr),
    )
    hand_over(call.session, tokens.session_id)
    gate.check_in(call.session, opened, device_id)
    return tokens.wire()
