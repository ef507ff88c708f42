"""People as administrators keep them, and what anybody signs in with, on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, Cursor, Moment, Name, Some, Whole, Wire, timezone_name
from schemas.people import Account
from schemas.profiles import LOCALES, Day, Profile, ProfileChange

KINDS = ("email", "phone", "employee_number", "username")
MOST_IDENTIFIERS = 10
STATES = ("open", "ended", "all")
_LONGEST = 254


class NewIdentifier(Wire):
    """Something to sign in with, as it is written."""

    example: ClassVar = {"kind": "phone", "value": "010-1234-5678"}
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    value = Name(1, _LONGEST, required=True)


class OwnNewIdentifier(NewIdentifier):
    """The same by oneself: employee numbers are given by administrators."""

    kind = fields.String(
        required=True, validate=validate.OneOf(tuple(kind for kind in KINDS if kind != "employee_number"))
    )


class Identifier(Wire):
    """What somebody signs in with."""

    id = ID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    value = fields.String(
        required=True, metadata={"description": "The one form in which it is compared; numbers in E.164"}
    )
    written = fields.String(required=True, metadata={"description": "As it was typed"})
    created_at = Moment(required=True)
    verified_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When the person showed that it reaches them"},
    )


class Identifiers(Wire):
    """All that somebody signs in with, the oldest first."""

    items = Some(fields.Nested(Identifier), most=MOST_IDENTIFIERS, required=True)


class Employment(Wire):
    """A time that somebody belonged to the organisation, and that is over."""

    began_on = fields.Date(required=True)
    ended_on = fields.Date(required=True)
    reason = fields.String(required=True, validate=validate.OneOf(("account_closed", "employment_over")))


class PersonRecord(Account):
    """All that administrators see of a person."""

    profile = fields.Nested(Profile, required=True)
    identifiers = Some(fields.Nested(Identifier), most=MOST_IDENTIFIERS, required=True)
    employments = Whole(fields.Nested(Employment), of="how often the person left and returned", required=True)


class NewPerson(Wire):
    """Somebody who is to have an account, and comes in by an invitation or a code."""

    example: ClassVar = {
        "name": "Mina Kim",
        "identifiers": [{"kind": "phone", "value": "010-1234-5678"}],
        "locale": "ko",
        "timezone": "Asia/Seoul",
        "profile": {"given_name": "Mina", "family_name": "Kim", "employee_number": "A-1017"},
    }
    name = Name(1, 100, required=True)
    identifiers = Some(fields.Nested(NewIdentifier), most=MOST_IDENTIFIERS, load_default=list)
    locale = fields.String(load_default="en", validate=validate.OneOf(LOCALES))
    timezone = fields.String(load_default="UTC", validate=timezone_name)
    profile = fields.Nested(ProfileChange, load_default=dict)


class PersonChange(Wire):
    """What is named changes."""

    example: ClassVar = {"profile": {"title": "Crane operator", "languages": ["ko", "en"]}}
    name = Name(1, 100)
    locale = fields.String(validate=validate.OneOf(LOCALES))
    timezone = fields.String(validate=timezone_name)
    profile = fields.Nested(ProfileChange)


class Return(Wire):
    """Somebody who left comes back; what they signed in with is theirs again where it is free."""

    example: ClassVar = {"identifiers": [], "employed_from": "2026-12-01"}
    identifiers = Some(fields.Nested(NewIdentifier), most=MOST_IDENTIFIERS, load_default=list)
    employed_from = Day(
        load_default=None, allow_none=True, metadata={"description": "Today, if it is not said"}
    )
    employed_until = Day(load_default=None, allow_none=True)


class PersonQuery(Cursor):
    """Query of a list of persons."""

    q = Name(
        1,
        100,
        load_default=None,
        metadata={"description": "With what their name, or something that they sign in with, begins"},
    )
    state = fields.String(load_default="all", validate=validate.OneOf(STATES))
