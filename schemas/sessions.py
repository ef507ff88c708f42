"""Signing in and out on the wire."""

from typing import ClassVar

from marshmallow import fields, validate

from schemas.base import ID, SOME_APP, Address, Name, Password, Text, Wire, timezone_name
from schemas.identified import Identified
from schemas.people import LOCALES, App


class SignIn(Identified):
    """Organisation, identifier, password, and the app that asks."""

    example: ClassVar = {
        "organisation": "demo",
        "identifier": "mina@example.com",
        "password": "correct horse battery",
        "device": SOME_APP,
    }
    password = Password(required=True)
    device = fields.Nested(App, required=True)


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
    email = Address(3, 254, required=True, also=[validate.Email()])
    name = Name(1, 100, required=True)
    password = Password(required=True)
    locale = fields.String(load_default="en", validate=validate.OneOf(LOCALES))
    timezone = fields.String(load_default="UTC", validate=timezone_name)
    device = fields.Nested(App, required=True)


class Refresh(Wire):
    """Exchange a refresh token. Send an Idempotency-Key, so that a lost answer can be asked for again."""

    example: ClassVar = {"refresh_token": "r1.example-of-a-refresh-token"}
    refresh_token = Text(20, 100, required=True)


class Tokens(Wire):
    """A session's tokens."""

    session_id = ID(required=True)
    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds"})
    refresh_token = fields.String(required=True)
