"""Occupancy on the wire."""

from marshmallow import fields, validate

from schemas.base import ID, Moment, Wire


class OccupancyQuery(Wire):
    """Without `from` and `until`: only now. `step` in minutes."""

    start = Moment(load_default=None, data_key="from")
    until = Moment(load_default=None)
    step_minutes = fields.Integer(load_default=60, validate=validate.Range(5, 1_440))


class PlaceOccupancy(Wire):
    """How many are in a place now; null where there are so few that they would be persons."""

    place_id = ID(required=True)
    place_kind = fields.String(required=True)
    place_name = fields.String(required=True)
    count = fields.Integer(required=True, allow_none=True)
    limit = fields.Integer(required=True, allow_none=True)
    over_limit_since = Moment(required=True, allow_none=True)


class OccupancyStep(Wire):
    """How many different persons were in a place within a step; steps without anybody are left out."""

    place_id = ID(required=True)
    start = Moment(required=True, data_key="from")
    count = fields.Integer(required=True, allow_none=True)


class Occupancy(Wire):
    """How full a site and its zones are."""

    at = Moment(required=True)
    smallest_group = fields.Integer(required=True)
    now = fields.List(fields.Nested(PlaceOccupancy), required=True)
    over_time = fields.List(fields.Nested(OccupancyStep), required=True)


class OccupancyChange(Wire):
    """A place came to be over its limit, or is not any more."""

    place_id = ID(required=True)
    place_name = fields.String(required=True)
    count = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    at = Moment(required=True)
