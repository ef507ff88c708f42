"""Markers, check-ins and region events on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import (
    ID,
    SOME_APP,
    SOME_ID,
    SOME_TIME,
    Each,
    Moment,
    Name,
    Some,
    Text,
    Whole,
    Wire,
    page_of,
)
from schemas.people import LOCALES, App
from schemas.visits import Visit

KINDS = ("printed", "rotating", "nfc", "beacon", "wifi")
_BSSID = r"^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}\Z"
MOST_EVENTS = 100
_SIXTEEN_BITS = validate.Range(0, 65_535)


class Beacon(Wire):
    """What a beacon sends."""

    uuid = ID(required=True)
    major = fields.Integer(required=True, strict=True, validate=_SIXTEEN_BITS)
    minor = fields.Integer(required=True, strict=True, validate=_SIXTEEN_BITS)


class NewMarker(Wire):
    """A marker to put up. Beacons and access points have an address, the others get a secret."""

    example: ClassVar = {"kind": "printed", "name": "Door of ward 3"}
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = Name(1, 100, required=True)
    floor = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(-99, 999))
    beacon = fields.Nested(Beacon, load_default=None, allow_none=True)
    bssid = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(_BSSID))
    admits_visitors_hours = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 72)
    )


class Marker(Wire):
    """A marker as managers see it."""

    id = ID(required=True)
    place_id = ID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = fields.String(required=True)
    floor = fields.Integer(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    turn = fields.Integer(required=True)
    grade = fields.Integer(required=True)
    admits_visitors_hours = fields.Integer(required=True, allow_none=True)
    created_at = Moment(required=True)
    revoked_at = Moment(required=True, allow_none=True)


MarkerPage = page_of(Marker, "MarkerPage")


class ShownCode(Wire):
    """The code to show now; `until` null means until the marker is turned."""

    code = fields.String(required=True)
    until = Moment(required=True, allow_none=True)


class CheckIn(Wire):
    """What was scanned or heard. `at` only where that was without a network."""

    example: ClassVar = {"kind": "code", "code": "HB1.what-the-door-shows"}
    kind = fields.String(required=True, validate=validate.OneOf(("code", "beacon", "wifi")))
    code = Text(1, 200, load_default=None, allow_none=True)
    beacon = fields.Nested(Beacon, load_default=None, allow_none=True)
    bssid = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(_BSSID))
    at = Moment(load_default=None, allow_none=True)


class CheckOut(Wire):
    """Which place one has left; with a site, its zones too."""

    example: ClassVar = {"place_id": SOME_ID}
    place_id = ID(required=True)


class ChangedVisits(Wire):
    """The visits concerned."""

    visits = Whole(fields.Nested(Visit), of="places around the marker", required=True)


class FloorEdit(Wire):
    """The floor one is on, for half an hour's fixes that name none; null: not known."""

    example: ClassVar = {"floor": 2}
    floor = fields.Integer(required=True, allow_none=True, strict=True, validate=validate.Range(-99, 999))


class RegionEvent(Wire):
    """What the phone saw. `judged_by` region: the system's circle; device: the app, by the boundary itself."""

    place_id = ID(required=True)
    type = fields.String(required=True, validate=validate.OneOf(("enter", "exit")))
    at = Moment(required=True)
    judged_by = fields.String(load_default="region", validate=validate.OneOf(("region", "device")))
    mock = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class RegionEvents(Wire):
    """Up to 100 events, in any order; repeats do no harm. `sent_at` corrects a wrong clock."""

    example: ClassVar = {"events": [{"place_id": SOME_ID, "type": "enter", "at": SOME_TIME}]}
    sent_at = Moment(load_default=None, allow_none=True)
    events = Each(fields.Nested(RegionEvent), least=1, most=MOST_EVENTS, required=True)


class RegionResult(Wire):
    """What became of one event."""

    index = fields.Integer(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(("taken", "known", "refused")))
    code = fields.String(required=True, allow_none=True)
    detail = fields.String(
        required=True, allow_none=True, metadata={"description": "What is wrong with it, for `event_invalid`"}
    )


class RegionReport(Wire):
    """A result an event."""

    items = Some(fields.Nested(RegionResult), most=MOST_EVENTS, required=True)


class ManualVisit(Wire):
    """Whom a manager saw."""

    example: ClassVar = {"person_id": SOME_ID}
    person_id = ID(required=True)


class ManualEvidence(Wire):
    """What a manager said of somebody, and until when it holds."""

    person_id = ID(required=True)
    place_id = ID(required=True)
    source = fields.String(required=True)
    grade = fields.Integer(required=True)
    at = Moment(required=True)
    expires_at = Moment(required=True, allow_none=True)


class NewVisitor(Wire):
    """A stranger at the gate."""

    example: ClassVar = {
        "code": "HB1.what-the-gate-shows",
        "name": "Vera",
        "locale": "ko",
        "device": SOME_APP,
    }
    code = Text(1, 200, required=True)
    name = Name(1, 100, required=True)
    locale = fields.String(load_default="en", validate=validate.OneOf(LOCALES))
    device = fields.Nested(App, required=True)
