"""Signing in and out on the wire."""

from typing import ClassVar

from marshmallow import fields

from schemas.base import ID, SOME_APP, Password, Text, Wire
from schemas.identified import Identified
from schemas.people import App


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
