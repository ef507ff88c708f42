"""The service account that goes with a stand-in."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PROJECT = "hereabouts-standin"


def service_account(key: rsa.RSAPrivateKey, address: str) -> dict[str, str]:
    """What the SDK is given: a service account of nobody, that asks for its access tokens at `address`."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "standin",
        "private_key": private.decode(),
        "client_email": f"standin@{PROJECT}.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{address}/token",
    }
