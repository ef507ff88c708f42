"""What an authenticator is asked, and whether what it answers is right: the only file that speaks WebAuthn.

The authenticator must have checked who holds it (user verification): a passkey is something that one has, and the
finger or PIN that opens it, in one. Who made the authenticator is not asked, and no certificate of it looked at.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    options_to_json_dict,
    parse_attestation_object,
    parse_client_data_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from base import clock
from base.errors import Conflict
from base.settings import Settings
from people.factors.challenges import LASTS, Challenge

Credential = dict[str, Any]
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# An RSA key of 4,096 bits has 526. What is longer takes long to check, and is nobody's phone.
_MOST_OF_A_KEY, _MOST_OF_AN_ID = 600, 1_023
_TIMEOUT_MS = int(LASTS.total_seconds() * 1_000)
_UNMADE = (AttestationFormat.NONE, AttestationFormat.PACKED)


class PasskeysOff(Conflict):
    """Nobody has said for which domain passkeys are to be made."""

    code, title = "passkeys_off", "Passkeys are not set up here"


@dataclass(frozen=True)
class RelyingParty:
    """For which domain passkeys are made, and from which pages and apps they are used."""

    id: str
    origins: list[str]


@dataclass(frozen=True)
class NewKey:
    """What an authenticator has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool


@dataclass(frozen=True)
class Signed:
    """What an authenticator says with a signature: how often it signed, whether it is synced, for which user."""

    sign_count: int
    synced: bool
    user: bytes | None


def relying_party(settings: Settings) -> RelyingParty:
    """As the settings say; raises `PasskeysOff`."""
    if settings.passkey_rp_id is None:
        raise PasskeysOff
    return RelyingParty(
        settings.passkey_rp_id, list(settings.passkey_origins) or [f"https://{settings.passkey_rp_id}"]
    )


def creation_options(
    party: RelyingParty,
    challenge: Challenge,
    *,
    organisation: str,
    user: bytes,
    name: str,
    display_name: str,
    known: Iterable[bytes],
) -> dict[str, Any]:
    """For `navigator.credentials.create`; authenticators that have one of the `known` passkeys make no other."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=organisation,
        user_name=name,
        user_id=user,
        user_display_name=display_name,
        challenge=challenge.material,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


def request_options(party: RelyingParty, challenge: Challenge, known: Iterable[bytes] = ()) -> dict[str, Any]:
    """For `navigator.credentials.get`: with one of the `known` passkeys, or any that the authenticator has."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge.material,
        timeout=_TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def wire_options(challenge: Challenge, options: dict[str, Any]) -> dict[str, Any]:
    """What an app is told: the options, and what it gives back with the answer to them."""
    return {
        "challenge_id": challenge.sealed,
        "expires_at": clock.wire(challenge.expires_at),
        "public_key": options,
    }


def registered(party: RelyingParty, challenge: Challenge, credential: Credential) -> NewKey | None:
    """The key of an authenticator's answer to `creation_options`; None where anything is wrong with it."""
    try:
        if not _is_plain(credential["response"]):
            return None
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge.material,
            expected_rp_id=party.id,
            expected_origin=party.origins,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except Exception:  # whatever the library stumbles over in bytes that strangers send is no proof
        return None
    key = NewKey(
        made.credential_id,
        made.credential_public_key,
        made.sign_count,
        _is_synced(made.credential_device_type),
    )
    fits = len(key.credential_id) <= _MOST_OF_AN_ID and len(key.public_key) <= _MOST_OF_A_KEY
    return key if fits else None


def signed(
    party: RelyingParty, challenge: Challenge, credential: Credential, public_key: bytes
) -> Signed | None:
    """What an answer to `request_options` says; None where anything is wrong with it.

    How often the authenticator has signed is for the caller to compare: the library would do so before it has looked at
    the signature, and anybody could make an honest passkey seem to be a copy.
    """
    try:
        if _is_framed(credential["response"]):
            return None
        said = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.material,
            expected_rp_id=party.id,
            expected_origin=party.origins,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        user = credential["response"].get("userHandle")
        return Signed(
            said.new_sign_count,
            _is_synced(said.credential_device_type),
            base64url_to_bytes(user) if user else None,
        )
    except Exception:  # as above
        return None


def _is_plain(response: dict[str, Any]) -> bool:
    """Whether no maker vouches for the authenticator, as was asked for: no stranger's certificates are read."""
    made = parse_attestation_object(base64url_to_bytes(response["attestationObject"]))
    return made.fmt in _UNMADE and not made.att_stmt.x5c and not _is_framed(response)


def _is_framed(response: dict[str, Any]) -> bool:
    """Whether a page of another origin had the page in a frame that asked."""
    return bool(parse_client_data_json(base64url_to_bytes(response["clientDataJSON"])).cross_origin)


def _is_synced(kind: CredentialDeviceType) -> bool:
    return kind is CredentialDeviceType.MULTI_DEVICE
