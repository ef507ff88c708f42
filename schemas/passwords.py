"""Passwords on the wire: one's own, and a new one with a code."""

from typing import ClassVar

from marshmallow import fields

from schemas.base import Address, Moment, Password, Text, Wire


class PasswordChange(Wire):
    """The present password, and the one that takes its place."""

    example: ClassVar = {
        "current_password": "correct horse battery",
        "new_password": "a stable for three horses",
    }
    current_password = Password(required=True)
    new_password = Password(required=True)


class PasswordReset(Wire):
    """A code that an administrator gave, whose it is, and the new password."""

    example: ClassVar = {
        "organisation": "demo",
        "email": "mina@example.com",
        "code": "7K2M-9QXA-HC4T-W8RD",
        "new_password": "a stable for three horses",
    }
    organisation = Address(1, 63, required=True, metadata={"description": "The organisation's short name"})
    email = Address(1, 254, required=True)
    code = Text(1, 40, required=True, metadata={"description": "Dashes, spaces and capitals do not matter"})
    new_password = Password(required=True)


class ResetCode(Wire):
    """A code for a new password, told this once."""

    code = fields.String(required=True)
    expires_at = Moment(required=True)
