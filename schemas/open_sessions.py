"""Open sessions on the wire: where somebody is signed in."""

from marshmallow import fields

from schemas.base import ID, Moment, Some, Wire, page_of


class SessionDevice(Wire):
    """The app of a session."""

    id = ID(required=True)
    platform = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    app_version = fields.String(required=True, allow_none=True)


class OpenSession(Wire):
    """Where somebody is signed in, since when, and by what."""

    id = ID(required=True)
    device = fields.Nested(SessionDevice, required=True)
    address = fields.String(
        required=True, allow_none=True, metadata={"description": "The network address that signed in"}
    )
    factors = Some(
        fields.String(),
        most=20,
        required=True,
        metadata={"description": "What was proven with: password, totp, passkey …"},
    )
    created_at = Moment(required=True)
    last_seen_at = Moment(required=True)
    expires_at = Moment(required=True)
    current = fields.Boolean(required=True, metadata={"description": "Whether it is the one that asks"})


OpenSessionPage = page_of(OpenSession, "OpenSessionPage")
