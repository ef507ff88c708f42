"""Invitations on the wire: made, listed, redeemed, and made from a file."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from schemas.base import (
    ID,
    SOME_APP,
    Address,
    Moment,
    Name,
    Password,
    Some,
    Text,
    Wire,
    page_of,
    timezone_name,
)
from schemas.people import App
from schemas.profiles import LOCALES
from schemas.roles import RoleKey

MOST_INVITED_TO = 50
MOST_ROLES = 20
_DAYS = validate.Range(1, 365)
_STATES = ("open", "used_up", "expired", "revoked")


class InvitedRole(Wire):
    """A role that is given beside membership."""

    role = RoleKey(required=True)
    scope_id = ID(
        load_default=None, allow_none=True, metadata={"description": "Null: in the whole organisation"}
    )
    ends_at = Moment(load_default=None, allow_none=True)


class NewInvitation(Wire):
    """An invitation to make."""

    example: ClassVar = {"role": "member", "scope_ids": [], "uses": 1, "days": 14}
    role = fields.String(
        load_default="member",
        validate=validate.OneOf(("member", "organisation_administrator")),
        metadata={"description": "Without `stay_hours`, which makes a visitor"},
    )
    scope_ids = Some(ID(), most=MOST_INVITED_TO, load_default=list)
    roles = Some(fields.Nested(InvitedRole), most=MOST_ROLES, load_default=list)
    uses = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    days = fields.Integer(load_default=14, strict=True, validate=_DAYS)
    stay_hours = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, 720),
        metadata={"description": "For visitors: account and memberships end so long after accepting"},
    )
    name = Name(1, 100, load_default=None, allow_none=True, metadata={"description": "Who it is meant for"})
    identifier = Text(
        3,
        254,
        load_default=None,
        allow_none=True,
        metadata={"description": "Only who has this e-mail address or telephone number may redeem it"},
    )
    person_id = ID(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "A person who has an account and no password yet; the code sets the first one"
        },
    )
    send_to = Text(
        3,
        254,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "An e-mail address or telephone number: the code goes there, and is told to nobody else"
        },
    )
    locale = fields.String(
        load_default="en", validate=validate.OneOf(LOCALES), metadata={"description": "Of the message"}
    )
    qr = fields.Boolean(load_default=False, metadata={"description": "Whether to draw the code, too"})


class Invitation(Wire):
    """An invitation; `code`, `link` and `qr` are there only in the answer that makes it, and not where it was sent."""

    id = ID(required=True)
    code = fields.String(required=True, allow_none=True)
    link = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Opens the app with the code in its fragment"},
    )
    qr = fields.String(
        required=True, allow_none=True, metadata={"description": "The link, or the code, as SVG"}
    )
    state = fields.String(required=True, validate=validate.OneOf(_STATES))
    role = fields.String(required=True)
    scope_ids = Some(ID(), most=MOST_INVITED_TO, required=True)
    roles = Some(fields.Nested(InvitedRole), most=MOST_ROLES, required=True)
    name = fields.String(required=True, allow_none=True)
    identifier = fields.String(required=True, allow_none=True)
    sent_to = fields.String(required=True, allow_none=True)
    person_id = ID(required=True, allow_none=True)
    uses_left = fields.Integer(required=True)
    used = fields.Integer(required=True, metadata={"description": "How often it let somebody in"})
    stay_hours = fields.Integer(required=True, allow_none=True)
    expires_at = Moment(required=True)
    created_by = ID(required=True, allow_none=True)
    created_at = Moment(required=True)


InvitationPage = page_of(Invitation, "InvitationPage")


class InvitationFile(Wire):
    """How the people of a file are invited."""

    days = fields.Integer(load_default=14, validate=_DAYS)
    send = fields.Boolean(
        load_default=False,
        metadata={"description": "Send each code to its row's address or number, and tell it to nobody else"},
    )
    locale = fields.String(load_default="en", validate=validate.OneOf(LOCALES))


class AcceptInvitation(Wire):
    """Open the account that an invitation code allows, and sign in."""

    example: ClassVar = {
        "code": "7K2M-9QXA",
        "email": "mina@example.com",
        "name": "Mina",
        "password": "correct horse battery",
        "device": SOME_APP,
    }
    code = Text(1, 40, required=True)
    email = Address(
        3,
        254,
        load_default=None,
        allow_none=True,
        also=[validate.Email()],
        metadata={"description": "The same as `identifier`, as apps say it that know no other"},
    )
    identifier = Text(
        3,
        254,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "E-mail address or telephone number; needed where the invitation names none"
        },
    )
    name = Name(
        1,
        100,
        load_default=None,
        allow_none=True,
        metadata={"description": "Needed where the invitation names none"},
    )
    password = Password(required=True)
    locale = fields.String(load_default="en", validate=validate.OneOf(LOCALES))
    timezone = fields.String(load_default="UTC", validate=timezone_name)
    device = fields.Nested(App, required=True)

    @validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if data["email"] is not None and data["identifier"] is not None:
            raise ValidationError("Either `identifier` or `email`, and not both.", "identifier")

    @post_load
    def _as_identifier(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        email = data.pop("email")
        return data | {"identifier": data["identifier"] or email}
