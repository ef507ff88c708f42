"""Circles for the phone's geofences on the wire."""

from marshmallow import fields, validate

from schemas.base import Point, Some, Wire

MOST_REGIONS = 100


class RegionsQuery(Wire):
    """Where the phone is (else its last fix counts), and how many circles its system watches."""

    lon = fields.Float(load_default=None, allow_nan=False, validate=validate.Range(-180, 180))
    lat = fields.Float(load_default=None, allow_nan=False, validate=validate.Range(-90, 90))
    limit = fields.Integer(load_default=20, validate=validate.Range(3, MOST_REGIONS))
    boundaries = fields.Boolean(
        load_default=False, metadata={"description": "With the polygons, for an app that judges by itself"}
    )


class _Circle(Wire):
    id = fields.String(required=True)
    center = fields.Nested(Point, required=True)
    radius_m = fields.Float(required=True)
    notify_on = Some(fields.String(validate=validate.OneOf(("enter", "exit"))), most=2, required=True)


class RefreshRegion(_Circle):
    """The circle around the phone: whoever leaves it asks again."""


class Region(_Circle):
    """A circle around a place, whose id it has."""

    place_kind = fields.String(required=True, validate=validate.OneOf(("site", "zone")))
    place_name = fields.String(required=True)
    inside = fields.Boolean(required=True)
    floor_low = fields.Integer(required=True, allow_none=True)
    floor_high = fields.Integer(required=True, allow_none=True)
    boundary = fields.Dict(required=True, allow_none=True)
    simplified_m = fields.Float(
        required=True,
        allow_none=True,
        metadata={
            "description": "By how many metres the boundary may be off: farther than that from its outline, it is "
            "right; 0 for the place's own, null without a boundary"
        },
    )


class Regions(Wire):
    """What to watch now, the most important first. The same `version` means the same places."""

    version = fields.String(required=True)
    regions = Some(fields.Nested(Region), most=MOST_REGIONS, required=True)
    refresh = fields.Nested(RefreshRegion, required=True)
