"""Signing in and out on the wire."""

from typing import ClassVar

from marshmallow import fields

from schemas.base import ID, SOME_APP, Address, Password, Text, Wire
from schemas.people import App


class SignIn(Wire):
    """Organisation, address, password, and the app that asks."""

    example: ClassVar = {
        "organisation": "demo",
        "email": "mina@example.com",
        "password": "correct horse battery",
        "device": SOME_APP,
    }
    organisation = Address(1, 63, required=True, metadata={"description": "The organisation's short name"})
    email = Address(1, 254, required=True)
    password = Password(required=True)
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
