"""Second factors on the wire: setting one up, showing it, and what there is when it is lost."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validates_schema

from schemas.base import Moment, Name, Password, Some, Text, Wire
from schemas.sessions import Tokens

RECOVERY_CODES = 10


class TotpCode(fields.String):
    """Six digits of an authenticator app; spaces between them are no matter."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"minLength": 6, "maxLength": 7, "example": "123456"}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        code = super()._deserialize(value, attr, data, **options).replace(" ", "")
        if not (len(code) == 6 and code.isascii() and code.isdecimal()):
            raise ValidationError("Six digits.")
        return code


class OneProof(Wire):
    """One way to prove something, and not two."""

    one_of: ClassVar[tuple[str, ...]] = ("totp", "recovery_code")

    @validates_schema
    def _check_one(self, data: Any, **_options: Any) -> None:
        if sum(name in data for name in self.one_of) != 1:
            raise ValidationError(f"Give one of {', '.join(self.one_of)}.")

    totp = TotpCode()
    recovery_code = Text(1, 40, metadata={"description": "Dashes, spaces and capitals do not matter"})


class SecondStep(OneProof):
    """The challenge of the first step, the installed app that began, and a code."""

    example: ClassVar = {
        "challenge": "the-challenge-that-the-first-step-was-answered-with",
        "installation_id": "an-id-that-the-app-keeps",
        "totp": "123456",
    }
    challenge = Text(20, 100, required=True)
    installation_id = Name(8, 100, required=True)


class FactorEnrolment(Wire):
    """The challenge of the first step, and the installed app that began."""

    example: ClassVar = {
        "challenge": "the-challenge-that-the-first-step-was-answered-with",
        "installation_id": "an-id-that-the-app-keeps",
    }
    challenge = Text(20, 100, required=True)
    installation_id = Name(8, 100, required=True)


class SecondStepTokens(Tokens):
    """A session's tokens, and where an authenticator app was set up, recovery codes."""

    recovery_codes = Some(
        fields.String(),
        most=RECOVERY_CODES,
        required=True,
        allow_none=True,
        metadata={"description": "Told this once; null where nothing was set up"},
    )


class AuthenticatorSetup(Wire):
    """What an authenticator app takes: scan `qr_svg` (which says `uri`), or type `secret`."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)
    qr_svg = fields.String(required=True, metadata={"description": "The same as a picture (SVG)"})


class Authenticator(Wire):
    """One's authenticator app; `confirmed_at` is null where one has none."""

    confirmed_at = Moment(required=True, allow_none=True)
    recovery_codes_left = fields.Integer(required=True)


class AuthenticatorCode(Wire):
    """A code of the app that is being set up."""

    example: ClassVar = {"totp": "123456"}
    totp = TotpCode(required=True)


class RecoveryCodes(Wire):
    """Codes for when the app is lost, each good once; told this once."""

    recovery_codes = Some(fields.String(), most=RECOVERY_CODES, required=True)


class NewProof(OneProof):
    """Who is at this phone, proven anew: with the password, or a code."""

    example: ClassVar = {"password": "correct horse battery"}
    one_of = ("password", "totp", "recovery_code")
    password = Password()


class ProofTaken(Wire):
    """Until when the proof is good for what takes a fresh one."""

    good_until = Moment(required=True)
