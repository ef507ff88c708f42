"""Drafts of boundaries, the advice on them, and rehearsals with a recorded track."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, SOME_BOUNDARY, SOME_TIME, Moment, Name, Some, Whole, Wire
from schemas.places import MOST_DRAWN, MOST_NOTES
from schemas.visits import FixField

MOST_TRACK = 10_000
_FLOOR = validate.Range(-99, 999)
_GEOMETRY = {"type": "object", "description": "GeoJSON Polygon or MultiPolygon, WGS84"}


class DraftProperties(Wire):
    """What is known of a place that is only drawn."""

    kind = fields.String(load_default="zone", validate=validate.OneOf(("site", "zone")))
    name = Name(1, 200, load_default=None, allow_none=True)
    floor_low = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_FLOOR)
    floor_high = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_FLOOR)


class NewDraft(Wire):
    """A zone of the site, new or redrawn (`id` names the zone that is there), or the site itself redrawn."""

    example: ClassVar = {
        "type": "Feature",
        "geometry": SOME_BOUNDARY,
        "properties": {"kind": "zone", "name": "Gate"},
    }
    most_values: ClassVar = MOST_DRAWN
    type = fields.String(required=True, validate=validate.Equal("Feature"))
    id = ID(load_default=None, allow_none=True)
    geometry = fields.Raw(required=True, metadata=_GEOMETRY)
    properties = fields.Nested(
        DraftProperties,
        load_default=lambda: {"kind": "zone", "name": None, "floor_low": None, "floor_high": None},
    )


class Advice(Wire):
    """One remark on a draft; it forbids nothing."""

    code = fields.String(required=True, metadata={"description": "Stable; docs/boundaries.md lists them"})
    severity = fields.String(required=True, validate=validate.OneOf(("info", "warning")))
    detail = fields.String(required=True)
    place_id = ID(required=True, allow_none=True, metadata={"description": "The other place it is about"})
    share = fields.Float(required=True, allow_none=True, metadata={"description": "A part, from 0 to 1"})
    estimated = fields.Boolean(
        required=True, metadata={"description": "Whether the share is good to some hundredths only"}
    )


class DraftReport(Wire):
    """How the boundary would be stored, and what to think of before publishing it."""

    area_m2 = fields.Float(required=True)
    vertices = fields.Integer(required=True)
    notes = Some(fields.String(), most=MOST_NOTES, required=True)
    advice = Whole(fields.Nested(Advice), of="places around the draft", required=True)
    geometry = fields.Dict(required=True)


class NewRehearsal(Wire):
    """A boundary and up to 10,000 recorded fixes, in any order."""

    example: ClassVar = {
        "geometry": SOME_BOUNDARY,
        "fixes": [{"at": SOME_TIME, "lon": 127.0, "lat": 37.5, "accuracy": 8}],
    }
    most_values: ClassVar = MOST_DRAWN
    geometry = fields.Raw(required=True, metadata=_GEOMETRY)
    floor_low = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_FLOOR)
    floor_high = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_FLOOR)
    fixes = Some(FixField(), least=1, most=MOST_TRACK, required=True)


class RehearsedEvent(Wire):
    """That the phone would have been taken for entering or leaving; doubtful when its position may be made up."""

    entered = fields.Boolean(required=True)
    at = Moment(required=True)
    doubtful = fields.Boolean(required=True)


class RehearsalReport(Wire):
    """What the track would have done, and how many of its fixes were taken at their word."""

    events = Some(fields.Nested(RehearsedEvent), most=MOST_TRACK, required=True)
    considered = fields.Integer(required=True)
