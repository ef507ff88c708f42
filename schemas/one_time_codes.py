"""One-time codes on the wire: to sign in, and to verify an address or number."""

from typing import ClassVar

from marshmallow import fields

from schemas.base import SOME_APP, Address, Name, Text, Wire
from schemas.people import App

_ORGANISATION = {"description": "The organisation's short name"}
_IDENTIFIER = {"description": "A verified e-mail address or telephone number of the account"}
_SOMEBODY = {"organisation": "demo", "identifier": "mina@example.com", "device": SOME_APP}
_CODE = {"description": "Six digits; spaces and dashes do not matter"}


class CodeWish(Wire):
    """Who wants a code, and the app that it is to be good on."""

    example: ClassVar = _SOMEBODY
    organisation = Address(1, 63, required=True, metadata=_ORGANISATION)
    identifier = Name(1, 254, required=True, metadata=_IDENTIFIER)
    device = fields.Nested(App, required=True)


class CodeSignIn(CodeWish):
    """The code that came, on the app that asked for it."""

    example: ClassVar = {**_SOMEBODY, "code": "493 027"}
    code = Text(1, 40, required=True, metadata=_CODE)


class VerificationCode(Wire):
    """The code that came to the address or number."""

    example: ClassVar = {"code": "493 027"}
    code = Text(1, 40, required=True, metadata=_CODE)
