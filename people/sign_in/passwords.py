"""Passwords are kept as argon2id hashes (RFC 9106); checking one takes the same time whoever is asked for.

What is hashed is their NFC (RFC 8265): a password of Hangul is the same from a Mac and from a phone. A hash that was
made of another form before is still found by whoever types it in that form.
"""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from base.offload import offload
from base.text import normalised

MIN_LENGTH = 10
MAX_LENGTH = 200
_DECOY = "a password that nobody has"
_memory_kib = 65_536


def configure_passwords(memory_kib: int) -> None:
    """Set how much memory a hash takes; tests take little."""
    global _memory_kib
    _memory_kib = memory_kib


def hash_password(password: str) -> str:
    """The hash to keep, with its parameters and salt."""
    return offload(_hasher(_memory_kib).hash, normalised(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one; takes as long for an account that is not there (`None`)."""
    known = password_hash or _decoy_hash(_memory_kib)
    forms = dict.fromkeys((normalised(password), password))
    matched = [
        offload(_verify, known, form) for form in forms
    ]  # all of them: how long it takes tells nothing
    return any(matched) and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher(_memory_kib).verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache
def _hasher(memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=memory_kib, parallelism=1)


@lru_cache
def _decoy_hash(memory_kib: int) -> str:
    return _hasher(memory_kib).hash(_DECOY)
