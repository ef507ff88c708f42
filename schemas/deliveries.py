"""Deliveries of push on the wire: what apps report of them, and what became of a test."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, SOME_ID, SOME_TIME, Each, Moment, Some, Wire, page_of

STATUSES = ("queued", "sending", "sent", "failed", "expired", "dropped", "dead")
MOST_REPORTS = 100


class DeliveryReport(Wire):
    """A push that the app received or the person opened; `delivery_id` is in its data."""

    delivery_id = ID(required=True)
    what = fields.String(required=True, validate=validate.OneOf(("delivered", "opened")))
    at = Moment(required=True)


class DeliveryReports(Wire):
    """What happened on the device since the last report."""

    example: ClassVar = {"items": [{"delivery_id": SOME_ID, "what": "opened", "at": SOME_TIME}]}
    items = Each(fields.Nested(DeliveryReport), least=1, most=MOST_REPORTS, required=True)


class ReportRefusal(Wire):
    """A report that was not taken, and what is wrong with it."""

    index = fields.Integer(required=True)
    code = fields.String(required=True, validate=validate.Equal("report_invalid"))
    detail = fields.String(required=True)


class ReportsTaken(Wire):
    """What became of the reports: how many could be read, and which could not."""

    accepted = fields.Integer(required=True)
    refused = Some(fields.Nested(ReportRefusal), most=MOST_REPORTS, required=True)


class TestPush(Wire):
    """A test push: how far it got, and why not further."""

    id = ID(required=True, metadata={"description": "`delivery_id` in the push's data"})
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    reason = fields.String(required=True, allow_none=True)
    queued_at = Moment(required=True)
    sent_at = Moment(required=True, allow_none=True)
    delivered_at = Moment(required=True, allow_none=True)
    opened_at = Moment(required=True, allow_none=True)


_FEW = {"description": "Null where the post reaches fewer than five, or would tell who is in a place"}
_REASONS = {"description": "Devices by reason; null where `devices` are"}


def _number() -> fields.Integer:
    """A number of persons or devices, where it may be told."""
    return fields.Integer(required=True, allow_none=True, metadata=_FEW)


class FunnelDevices(Wire):
    """Devices that a push was queued for, and how far it got; each number is part of the one before it."""

    queued = _number()
    waiting = _number()
    sent = _number()
    delivered = _number()
    opened = _number()
    failed = _number()
    dropped = _number()


class Funnel(Wire):
    """How far a post's pushes got. `audience`, `with_device`, `read` and `acknowledged` count persons."""

    post_id = ID(required=True)
    audience = _number()
    with_device = _number()
    read = _number()
    acknowledged = _number()
    devices = fields.Nested(FunnelDevices, required=True)
    failed = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True, allow_none=True, metadata=_REASONS
    )
    dropped = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True, allow_none=True, metadata=_REASONS
    )


class DeadLetter(Wire):
    """A push that FCM refused although its address is good."""

    id = ID(required=True)
    kind = fields.String(required=True)
    why = fields.String(required=True)
    action = fields.String(required=True)
    scope_id = ID(required=True, allow_none=True)
    subject_id = ID(required=True)
    device_id = ID(required=True)
    platform = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    queued_at = Moment(required=True)
    expires_at = Moment(required=True)


DeadLetterPage = page_of(DeadLetter, "DeadLetterPage")
