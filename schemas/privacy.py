"""Sharing, consent, charters and looks on the wire."""

from typing import ClassVar

from marshmallow import fields, missing, validate

from schemas.base import ID, Moment, Some, Text, Wire, page_of
from schemas.hours import HoursField
from schemas.people import Person
from schemas.scopes import PUSH_CONTENTS

CONSENTS = ("presence", "trail")
MOST_TRAIL, MOST_CONSENTS = 1_000, 100


class NewConsent(Wire):
    """What is agreed to, and which version of the text was shown."""

    example: ClassVar = {"kind": "presence", "text_version": "1"}
    kind = fields.String(required=True, validate=validate.OneOf(CONSENTS))
    text_version = Text(1, 60, required=True)


class Consent(Wire):
    """A consent that was given, perhaps taken back."""

    id = ID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(CONSENTS))
    text_version = fields.String(required=True)
    given_at = Moment(required=True)
    withdrawn_at = Moment(required=True, allow_none=True)


class PrivacyRules(Wire):
    """An organisation's rules. Days: how long visits, last fixes and (with consent) trails are kept."""

    example: ClassVar = {"consent_required": True, "trail_days": 0, "visit_days": 365, "position_days": 7}
    push_content = fields.String(validate=validate.OneOf(PUSH_CONTENTS))  # kept where it is not given
    consent_required = fields.Boolean(load_default=True, truthy={True}, falsy={False})
    hours = HoursField()
    trail_days = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 90))
    visit_days = fields.Integer(load_default=365, strict=True, validate=validate.Range(1, 3_650))
    position_days = fields.Integer(load_default=7, strict=True, validate=validate.Range(1, 90))


class SharingEdit(Wire):
    """Change how one shares. Mode `device`: the phone judges, and sends no coordinates."""

    example: ClassVar = {"mode": "server", "paused_until": None}
    mode = fields.String(validate=validate.OneOf(("server", "device")))
    paused_until = Moment(allow_none=True)
    hours = HoursField(load_default=missing)


class Sharing(Wire):
    """How one shares, what was agreed to, and what the organisation's rules are."""

    mode = fields.String(required=True)
    paused_until = Moment(required=True, allow_none=True)
    hours = HoursField()
    consents = Some(fields.Nested(Consent), most=MOST_CONSENTS, required=True)
    organisation = fields.Nested(PrivacyRules, required=True)


class CharterEdit(Wire):
    """What a site promises."""

    example: ClassVar = {"purpose": "To know who is there in an emergency.", "visit_days": 90}
    purpose = Text(10, 1_000, required=True)
    hours = HoursField()
    visit_days = fields.Integer(load_default=365, strict=True, validate=validate.Range(1, 3_650))
    smallest_group = fields.Integer(load_default=5, strict=True, validate=validate.Range(5, 1_000))
    aggregate_only = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class Charter(CharterEdit):
    """A site's charter, as every member reads it; version 0 is what holds where none was written."""

    site_id = ID(required=True)
    version = fields.Integer(required=True)
    updated_at = Moment(required=True)


class PresenceView(Wire):
    """That somebody looked at where I am, and why."""

    id = ID(required=True)
    viewer = fields.Nested(Person, required=True)
    place_id = ID(required=True)
    place_name = fields.String(required=True)
    reason = fields.String(required=True)
    at = Moment(required=True)


PresenceViewPage = page_of(PresenceView, "PresenceViewPage")


class TrailQuery(Wire):
    """From when on, and how many."""

    after = Moment(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, MOST_TRAIL))


class TrailFix(Wire):
    """A fix that was kept."""

    at = Moment(required=True)
    lon = fields.Float(required=True)
    lat = fields.Float(required=True)
    accuracy = fields.Float(required=True, allow_none=True)


class Trail(Wire):
    """My own trail, oldest first."""

    items = Some(fields.Nested(TrailFix), most=MOST_TRAIL, required=True)
