"""Passwords on the wire: one's own, and a new one with a code."""

from typing import ClassVar

from marshmallow import fields

from schemas.base import Moment, Password, Text, Wire
from schemas.identified import Identified


class PasswordChange(Wire):
    """The present password, and the one that takes its place."""

    example: ClassVar = {
        "current_password": "correct horse battery",
        "new_password": "a stable for three horses",
    }
    current_password = Password(required=True)
    new_password = Password(required=True)


class PasswordReset(Identified):
    """A code that an administrator gave, whose it is, and the new password."""

    example: ClassVar = {
        "organisation": "demo",
        "identifier": "mina@example.com",
        "code": "7K2M-9QXA-HC4T-W8RD",
        "new_password": "a stable for three horses",
    }
    code = Text(1, 40, required=True, metadata={"description": "Dashes, spaces and capitals do not matter"})
    new_password = Password(required=True)


class ResetCode(Wire):
    """A code for a new password, told this once."""

    code = fields.String(required=True)
    expires_at = Moment(required=True)
