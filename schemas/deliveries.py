"""Deliveries of push on the wire: what apps report of them, and what became of a test."""

from marshmallow import fields, validate

from schemas.base import ID, Moment, Wire

STATUSES = ("queued", "sending", "sent", "failed", "expired", "dropped", "dead")


class DeliveryReport(Wire):
    """A push that the app received or the person opened; `delivery_id` is in its data."""

    delivery_id = ID(required=True)
    what = fields.String(required=True, validate=validate.OneOf(("delivered", "opened")))
    at = Moment(required=True)


class DeliveryReports(Wire):
    """What happened on the device since the last report."""

    items = fields.List(fields.Nested(DeliveryReport), required=True, validate=validate.Length(1, 100))


class TestPush(Wire):
    """A test push: how far it got, and why not further."""

    id = ID(required=True, metadata={"description": "`delivery_id` in the push's data"})
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    reason = fields.String(required=True, allow_none=True)
    queued_at = Moment(required=True)
    sent_at = Moment(required=True, allow_none=True)
    delivered_at = Moment(required=True, allow_none=True)
    opened_at = Moment(required=True, allow_none=True)
