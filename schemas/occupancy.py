"""Occupancy on the wire."""

from marshmallow import ValidationError, fields, validate

from schemas.base import ID, Moment, Whole, Wire


def _quarters(minutes: int) -> None:
    if minutes % 15:
        raise ValidationError("A multiple of 15.")


class OccupancyQuery(Wire):
    """Without `from` and `until`: only now. Steps are of a quarter of an hour or a multiple, cut at fixed moments."""

    start = Moment(load_default=None, data_key="from")
    until = Moment(load_default=None)
    step_minutes = fields.Integer(load_default=60, validate=[validate.Range(15, 1_440), _quarters])


class PlaceOccupancy(Wire):
    """How many are in a place now; null where there are so few that they would be persons."""

    place_id = ID(required=True)
    place_kind = fields.String(required=True)
    place_name = fields.String(required=True)
    count = fields.Integer(required=True, allow_none=True)
    limit = fields.Integer(required=True, allow_none=True)
    over_limit_since = Moment(required=True, allow_none=True)


class OccupancyStep(Wire):
    """How many different persons were in a place within a step; null where they are too few to be shown.

    Steps without anybody are left out; where a site shows numbers only, so is everything that is not shown.
    """

    place_id = ID(required=True)
    start = Moment(required=True, data_key="from")
    count = fields.Integer(required=True, allow_none=True)


class Occupancy(Wire):
    """How full a site and its zones are."""

    at = Moment(required=True)
    smallest_group = fields.Integer(required=True)
    now = Whole(fields.Nested(PlaceOccupancy), of="zones of the site", required=True)
    over_time = Whole(fields.Nested(OccupancyStep), of="zones of the site, times the steps", required=True)


class OccupancyChange(Wire):
    """A place came to be over its limit, or is not any more; null for a count that is not shown, or no limit."""

    place_id = ID(required=True)
    place_name = fields.String(required=True)
    count = fields.Integer(required=True, allow_none=True)
    limit = fields.Integer(required=True, allow_none=True)
    at = Moment(required=True)
