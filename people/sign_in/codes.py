"""Codes that people read to one another, and type: of an invitation, or for a new password."""

import secrets

_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # no letter that a glove or a bad printer turns into another
_LENGTH = 16


def new_code() -> str:
    """A random code, far too long to guess; only its digest is to be kept."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def as_made(typed: str) -> str:
    """The code that somebody meant: in capitals, without the spaces and dashes that help reading."""
    return "".join(typed.upper().replace("-", " ").split())
