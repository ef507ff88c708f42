"""What people want of push, on the wire."""

from typing import ClassVar

from marshmallow import fields, missing, validate

from schemas.base import Moment, Wire
from schemas.hours import CLOCK, HoursField

_OFF_SITE = validate.OneOf(("quiet", "loud"))
_DIGEST = validate.OneOf(("off", "push", "inbox"))


class PushPreferencesEdit(Wire):
    """What to change; what is not named stays as it is."""

    example: ClassVar = {"off_site": "quiet", "digest": "push", "digest_at": "07:30"}
    quiet_hours = HoursField(
        load_default=missing, metadata={"description": "In these only alerts and roll calls wake the phone"}
    )
    working_hours = HoursField(
        load_default=missing, metadata={"description": "Outside of these only alerts and roll calls do"}
    )
    do_not_disturb_until = Moment(allow_none=True)
    on_call_until = Moment(
        allow_none=True, metadata={"description": "Until then everything wakes the phone, whatever the hour"}
    )
    off_site = fields.String(
        validate=_OFF_SITE, metadata={"description": "Whether a place is quiet while one is not there"}
    )
    digest = fields.String(
        validate=_DIGEST, metadata={"description": "What mattered while one was away, once a day"}
    )
    digest_at = fields.String(
        validate=validate.Regexp(CLOCK), metadata={"description": "In the person's own time zone"}
    )


class PushPreferences(Wire):
    """What one wants of push."""

    quiet_hours = HoursField(required=True, load_default=missing)
    working_hours = HoursField(required=True, load_default=missing)
    do_not_disturb_until = Moment(required=True, allow_none=True)
    on_call_until = Moment(required=True, allow_none=True)
    off_site = fields.String(required=True, validate=_OFF_SITE)
    digest = fields.String(required=True, validate=_DIGEST)
    digest_at = fields.String(required=True)
