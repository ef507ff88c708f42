"""Passwords are kept as argon2id hashes (RFC 9106); checking one takes the same time whoever is asked for.

What is hashed is their NFC (RFC 8265): a password of Hangul is the same from a Mac and from a phone. A hash that was
made of another form before is still found by whoever types it in that form.
"""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from base.text import normalised
from base.work import hashing
from base.work.hashing import Run

_DECOY = "a password that nobody has"
_memory_kib = 65_536


def configure_passwords(memory_kib: int) -> None:
    """Set how much memory a hash takes; tests take little."""
    global _memory_kib
    _memory_kib = memory_kib


def hash_password(password: str, run: Run | None = None) -> str:
    """The hash to keep, with its parameters and salt; `run` is a place among those who hash, else one is taken."""
    if run is None:
        with hashing.place() as run:
            return hash_password(password, run)
    return run(_hasher(_memory_kib).hash, normalised(password))


def matches(run: Run, password_hash: str | None, password: str) -> bool:
    """Whether the password is the one; takes as long for an account that is not there (`None`)."""
    forms = list(dict.fromkeys((normalised(password), password)))
    return run(_any_matches, password_hash, forms)


def _any_matches(password_hash: str | None, forms: list[str]) -> bool:
    known = password_hash or _decoy_hash(_memory_kib)
    matched = [_verify(known, form) for form in forms]  # all of them: how long it takes tells nothing
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
