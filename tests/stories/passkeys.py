"""An authenticator in software, and people who use one. It does what it is asked, and, where a test wants it, lies."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.world import Organisation, Phone

DOMAIN = "hereabouts.example"
ES256, EDDSA, RS256 = -7, -8, -257
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
PRESENT, VERIFIED, SYNCABLE, SYNCED, HAS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def raw(text: str) -> bytes:
    """What that was of."""
    return urlsafe_b64decode(text + "===")


@dataclass
class Authenticator:
    """A phone's keys. `steps` is how far its count goes with each signature; 0: it does not count."""

    algorithm: int = ES256
    domain: str = DOMAIN
    origin: str = f"https://{DOMAIN}"
    steps: int = 1
    flags: int = PRESENT | VERIFIED
    client_data: dict[str, Any] = field(default_factory=dict)
    attestation: dict[str, Any] = field(default_factory=lambda: {"fmt": "none", "attStmt": {}})
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user: bytes = bytes(16)
    count: int = 0
    key: Key = field(init=False)

    def __post_init__(self) -> None:
        self.key = _new_key(self.algorithm)

    def creates(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to options for a new passkey."""
        asked = options["public_key"]
        assert {"type": "public-key", "alg": self.algorithm} in asked["pubKeyCredParams"]
        self.user = raw(asked["user"]["id"])
        known = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._data(self.flags | HAS_KEY) + known + cbor2.dumps(_cose(self.key))
        made = cbor2.dumps({**self.attestation, "authData": data})
        said = self._client_data("webauthn.create", asked["challenge"])
        return self._credential({"clientDataJSON": b64(said), "attestationObject": b64(made)})

    def signs(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to options for a signature."""
        self.count += self.steps
        data, said = (
            self._data(self.flags),
            self._client_data("webauthn.get", options["public_key"]["challenge"]),
        )
        signature = _signed(self.key, data + hashlib.sha256(said).digest())
        return self._credential(
            {
                "clientDataJSON": b64(said),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": b64(self.user),
            }
        )

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.domain.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | self.client_data).encode()

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        named = b64(self.credential_id)
        rest = {"type": "public-key", "clientExtensionResults": {}, "authenticatorAttachment": "platform"}
        return {"id": named, "rawId": named, "response": response, **rest}


def _new_key(algorithm: int) -> Key:
    if algorithm == RS256:
        return rsa.generate_private_key(65_537, 2_048)
    return (
        ed25519.Ed25519PrivateKey.generate()
        if algorithm == EDDSA
        else ec.generate_private_key(ec.SECP256R1())
    )


def _cose(key: Key) -> dict[int, Any]:
    """The public key as COSE writes it (RFC 9053)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: EDDSA, -1: 6, -2: key.public_key().public_bytes_raw()}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {1: 3, 3: RS256, -1: _bytes(numbers.n, key.key_size // 8), -2: _bytes(numbers.e, 3)}
    point = key.public_key().public_numbers()
    return {1: 2, 3: ES256, -1: 1, -2: _bytes(point.x, 32), -3: _bytes(point.y, 32)}


def _bytes(number: int, length: int) -> bytes:
    return number.to_bytes(length, "big")


def _signed(key: Key, said: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(said)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(said, padding.PKCS1v15(), SHA256())
    return key.sign(said, ec.ECDSA(SHA256()))


def asks_for_passkey(phone: Phone) -> dict[str, Any]:
    """What the person's authenticator is to make."""
    return phone.post("/v1/me/passkeys/options", None, 201)


def adds_passkey(
    phone: Phone, authenticator: Authenticator, status: int = 201, name: str = "My phone"
) -> Any:
    """The person makes a passkey with it, and has it kept."""
    options = asks_for_passkey(phone)
    made = authenticator.creates(options)
    body = {"challenge_id": options["challenge_id"], "name": name, "credential": made}
    return phone.post("/v1/me/passkeys", body, status)


def has_passkey(phone: Phone, authenticator: Authenticator | None = None) -> str:
    """The id of a new passkey of the person."""
    return adds_passkey(phone, authenticator or Authenticator())["id"]


def asks_to_sign_in(org: Organisation, organisation: str | None = None) -> dict[str, Any]:
    """What an authenticator is to sign, for somebody who is not signed in."""
    return Phone(org, "Somebody").post("/v1/sessions/passkeys/options", {"organisation": organisation}, 201)


def signs_in(
    org: Organisation,
    authenticator: Authenticator,
    status: int = 201,
    options: dict[str, Any] | None = None,
    **changed: Any,
) -> Any:
    """Somebody signs in with a passkey on a phone of their own; `changed` members of the credential are others.

    Returns the phone, or the refusal.
    """
    options = options or asks_to_sign_in(org)
    phone = Phone(org, "Somebody")
    credential = {**authenticator.signs(options), **changed}
    body = {"challenge_id": options["challenge_id"], "credential": credential, "device": phone.app}
    answer = phone.post("/v1/sessions/passkeys", body, status)
    if status != 201:
        return answer
    phone.keeps(answer)
    return phone


def asks_for_proof(phone: Phone) -> dict[str, Any]:
    """What the person's authenticator is to sign, to prove anew who they are."""
    return phone.post("/v1/me/proofs/passkey/options", None, 201)


def proves(
    phone: Phone, authenticator: Authenticator, status: int = 204, options: dict[str, Any] | None = None
) -> Any:
    """Somebody who is signed in proves anew who they are."""
    options = options or asks_for_proof(phone)
    body = {"challenge_id": options["challenge_id"], "credential": authenticator.signs(options)}
    return phone.post("/v1/me/proofs/passkey", body, status)
