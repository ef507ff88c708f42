"""Passkeys on the wire: what authenticators are asked, and what they answer, as browsers' `toJSON()` writes it."""

from typing import Any, ClassVar

from marshmallow import EXCLUDE, fields, validate

from schemas.base import ID, Address, Moment, Name, Some, Text, Wire
from schemas.people import App

MOST_PASSKEYS = 20
_BASE64URL = r"^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?={0,2}\Z"
SOME_PASSKEY = {
    "id": "cGFzc2tleQ",
    "rawId": "cGFzc2tleQ",
    "type": "public-key",
}
SOME_CREATION = {
    **SOME_PASSKEY,
    "response": {"clientDataJSON": "e30", "attestationObject": "oGNmbXRkbm9uZQ"},
}
SOME_ASSERTION = {
    **SOME_PASSKEY,
    "response": {"clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA"},
}


def Bytes(most: int, **options: Any) -> fields.String:  # noqa: N802 - reads as the type that it is
    """At most so many bytes, in base64url."""
    length = validate.Length(min=2, max=-(-most * 4 // 3) + 2)
    return fields.String(validate=[length, validate.Regexp(_BASE64URL)], **options)


class _Authenticators(Wire):
    """What browsers write, and not we: they add members to it, which are none of ours."""

    class Meta:
        """Other members are left out."""

        unknown = EXCLUDE


class CreationResponse(_Authenticators):
    """What an authenticator says of a passkey that it made."""

    clientDataJSON = Bytes(4_000, required=True)  # noqa: N815 - names of the standard
    attestationObject = Bytes(16_000, required=True)  # noqa: N815


class AssertionResponse(_Authenticators):
    """What an authenticator says with a signature."""

    clientDataJSON = Bytes(4_000, required=True)  # noqa: N815
    authenticatorData = Bytes(4_000, required=True)  # noqa: N815
    signature = Bytes(1_000, required=True)
    userHandle = Bytes(64, allow_none=True)  # noqa: N815


class _PublicKeyCredential(_Authenticators):
    id = Bytes(1_023, required=True)
    rawId = Bytes(1_023, required=True)  # noqa: N815
    type = fields.String(required=True, validate=validate.Equal("public-key"))


class CreatedCredential(_PublicKeyCredential):
    """The answer of `navigator.credentials.create`, as its `toJSON()` writes it."""

    response = fields.Nested(CreationResponse, required=True)


class SignedCredential(_PublicKeyCredential):
    """The answer of `navigator.credentials.get`, as its `toJSON()` writes it."""

    response = fields.Nested(AssertionResponse, required=True)


class PasskeyOptions(Wire):
    """What an authenticator is to be asked."""

    challenge_id = fields.String(
        required=True, metadata={"description": "To be given back with the answer; good once"}
    )
    expires_at = Moment(required=True)
    public_key = fields.Dict(
        required=True,
        metadata={
            "description": "For `navigator.credentials.create` or `.get`, as `parseCreationOptionsFromJSON()` "
            "and `parseRequestOptionsFromJSON()` read it; phones give it to their own passkey API as it is"
        },
    )


class NewPasskey(Wire):
    """A passkey that an authenticator has made."""

    example: ClassVar = {
        "challenge_id": "of-the-options",
        "name": "Mina's phone",
        "credential": SOME_CREATION,
    }
    challenge_id = Text(1, 1_000, required=True)
    name = Name(1, 100, required=True)
    credential = fields.Nested(CreatedCredential, required=True)


class PasskeyName(Wire):
    """What to call a passkey."""

    example: ClassVar = {"name": "Mina's laptop"}
    name = Name(1, 100, required=True)


class Passkey(Wire):
    """A passkey as its owner sees it."""

    id = ID(required=True)
    name = fields.String(required=True)
    synced = fields.Boolean(
        required=True, metadata={"description": "Whether its owner's other devices have it, too"}
    )
    created_at = Moment(required=True)
    last_used_at = Moment(required=True, allow_none=True)
    held_at = Moment(
        required=True,
        allow_none=True,
        metadata={
            "description": "It counted backwards, as a copy does, and lets nobody in any more: remove it"
        },
    )


class Passkeys(Wire):
    """A person's passkeys, the oldest first."""

    items = Some(fields.Nested(Passkey), most=MOST_PASSKEYS, required=True)


class PasskeyAsked(Wire):
    """Whose passkeys are taken."""

    example: ClassVar = {"organisation": "demo"}
    organisation = Address(
        1,
        63,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "The short name of the one organisation that is meant, where the app knows it"
        },
    )


class PasskeyProof(Wire):
    """What an authenticator answered."""

    example: ClassVar = {"challenge_id": "of-the-options", "credential": SOME_ASSERTION}
    challenge_id = Text(1, 1_000, required=True)
    credential = fields.Nested(SignedCredential, required=True)


class PasskeySignIn(PasskeyProof):
    """The same, and the app that asks."""

    example: ClassVar = {
        "challenge_id": "of-the-options",
        "credential": SOME_ASSERTION,
        "device": {"installation_id": "an-id-that-the-app-keeps", "platform": "android"},
    }
    device = fields.Nested(App, required=True)
