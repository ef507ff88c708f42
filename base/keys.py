"""Keys for one purpose each, derived from the installation's secret, and the names by which they are told apart.

Who learns one learns nothing of the others, nor of the secret.
"""

import hashlib
import hmac


def derived(secret: str, purpose: bytes) -> bytes:
    """The key for a purpose."""
    return hmac.digest(secret.encode(), purpose, "sha256")


def name(key: bytes) -> str:
    """A short name of a key, which tells nothing of it."""
    return hashlib.sha256(b"name" + key).hexdigest()[:8]


def named(secret: str, former: str | None, purpose: bytes) -> dict[str, bytes]:
    """The keys for a purpose by their names: first the one to sign with, then the one before, which is still read."""
    keys = [derived(each, purpose) for each in (secret, former) if each is not None]
    return {name(key): key for key in keys}
