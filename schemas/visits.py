"""Fixes and visits on the wire."""

from marshmallow import fields, validate

from schemas.base import ID, Cursor, Moment, Number, Text, Wire, page_of
from schemas.people import Person

SOURCES = ("gps", "region", "device", "wifi", "beacon", "qr", "nfc", "manual")


class Fix(Wire):
    """One position report of a device. Metres, metres a second, degrees."""

    at = Moment(required=True)
    lon = Number(required=True, validate=validate.Range(-180, 180))
    lat = Number(required=True, validate=validate.Range(-90, 90))
    accuracy = Number(load_default=None, allow_none=True, validate=validate.Range(0, 1e6))
    speed = Number(load_default=None, allow_none=True, validate=validate.Range(0, 1e4))
    floor = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(-99, 999))
    mock = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class FixBatch(Wire):
    """Up to 100 fixes, in any order; repeats do no harm. `sent_at` corrects a wrong clock."""

    sent_at = Moment(load_default=None, allow_none=True)
    fixes = fields.List(fields.Nested(Fix), required=True, validate=validate.Length(1, 100))


class FixRefusal(Wire):
    """A fix that was not taken, and why."""

    index = fields.Integer(required=True)
    code = fields.String(required=True)


class Visit(Wire):
    """A person's stay in a place."""

    id = ID(required=True)
    person_id = ID(required=True)
    place_id = ID(required=True)
    place_kind = fields.String(required=True, validate=validate.OneOf(("site", "zone")))
    place_name = fields.String(required=True)
    source = fields.String(required=True, validate=validate.OneOf(SOURCES))
    confidence = fields.Integer(
        required=True, metadata={"description": "1 to 3: the best evidence that holds"}
    )
    doubtful = fields.Boolean(required=True)
    entered_at = Moment(required=True)
    stale_at = Moment(
        required=True, allow_none=True, metadata={"description": "Since when nothing was heard of the phone"}
    )
    left_at = Moment(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)


class FixReport(Wire):
    """What became of a batch: how many were taken, which were not, and the visits that it began or ended."""

    accepted = fields.Integer(required=True)
    refused = fields.List(fields.Nested(FixRefusal), required=True)
    visits = fields.List(fields.Nested(Visit), required=True)


VisitPage = page_of(Visit, "VisitPage")


class PresenceQuery(Cursor):
    """Why one looks is written down, and the persons looked at read it."""

    reason = Text(3, 200, required=True)


class VisitOfPerson(Visit):
    """A visit with the person's name and how well it is known, for managers."""

    person = fields.Nested(Person, required=True)
    sources = fields.List(fields.String(), required=True)
    last_seen_at = Moment(required=True)
    certain = fields.Boolean(required=True)
    doubts = fields.List(fields.String(), required=True)


class PresenceList(Wire):
    """Who is in a place now."""

    items = fields.List(fields.Nested(VisitOfPerson), required=True)
    next = fields.String(required=True, allow_none=True)
