"""Registering by oneself, on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import (
    ID,
    SOME_APP,
    Address,
    Cursor,
    Moment,
    Name,
    Password,
    Text,
    Wire,
    page_of,
    timezone_name,
)
from schemas.people import App
from schemas.profiles import LOCALES
from schemas.sessions import Tokens

_STATES = ("awaiting", "opened", "approved", "refused")
_OUTCOMES = ("signed_in", "awaits_approval")


class _Registering(Wire):
    """Who wants to come in, and where."""

    organisation = Address(1, 63, required=True, metadata={"description": "The organisation's short name"})
    email = Address(3, 254, required=True, also=[validate.Email()])
    device = fields.Nested(App, required=True)


class NewRegistration(_Registering):
    """Ask for an account; a code goes to the address, where its domain is one of the organisation's."""

    example: ClassVar = {
        "organisation": "demo",
        "email": "mina@example.com",
        "name": "Mina",
        "device": SOME_APP,
    }
    name = Name(1, 100, required=True)
    locale = fields.String(load_default="en", validate=validate.OneOf(LOCALES))
    timezone = fields.String(load_default="UTC", validate=timezone_name)


class RegistrationCode(_Registering):
    """The code that came by mail, on the device that asked for it."""

    example: ClassVar = {
        "organisation": "demo",
        "email": "mina@example.com",
        "code": "123456",
        "password": "correct horse battery",
        "device": SOME_APP,
    }
    code = Text(1, 40, required=True)
    password = Password(load_default=None, allow_none=True)


class Registered(Wire):
    """What came of it: `tokens` where one is signed in, null where an administrator has to decide first."""

    state = fields.String(required=True, validate=validate.OneOf(_OUTCOMES))
    tokens = fields.Nested(Tokens, required=True, allow_none=True)


class Registration(Wire):
    """Somebody who registered, as administrators see them."""

    id = ID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(_STATES))
    email = fields.String(required=True)
    name = fields.String(required=True)
    locale = fields.String(required=True)
    asked_at = Moment(required=True)
    confirmed_at = Moment(required=True)
    decided_at = Moment(required=True, allow_none=True)
    decided_by = ID(required=True, allow_none=True)
    person_id = ID(required=True, allow_none=True, metadata={"description": "Whose account was opened"})


RegistrationPage = page_of(Registration, "RegistrationPage")


class RegistrationQuery(Cursor):
    """Which registrations to list."""

    state = fields.String(load_default="awaiting", validate=validate.OneOf(_STATES))
