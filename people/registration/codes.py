"""Codes that were sent by mail: six figures, kept as digests with a key of the installation's.

Who reads the database learns nothing from them: to try all million figures takes the key.
"""

import hmac
import secrets
from uuid import UUID

from base.keys import derived
from base.settings import Settings

_FIGURES = 6
_PURPOSE = b"registration code"


class CodeKeys:
    """The present key, and the former one, whose codes are still good for their minutes."""

    def __init__(self, settings: Settings) -> None:
        given = (settings.secret_key, settings.former_secret_key)
        self._keys = [derived(each, _PURPOSE) for each in given if each is not None]

    def digest(self, registration_id: UUID, code: str) -> bytes:
        """What is kept of a code."""
        return _digest(self._keys[0], registration_id, code)

    def matches(self, registration_id: UUID, code: str, kept: bytes | None) -> bool:
        """Whether it is the code of which that was kept; takes as long where nothing was."""
        found = [hmac.compare_digest(_digest(key, registration_id, code), kept or b"") for key in self._keys]
        return any(found)


def new_code() -> str:
    """Six random figures."""
    return f"{secrets.randbelow(10**_FIGURES):0{_FIGURES}}"


def _digest(key: bytes, registration_id: UUID, code: str) -> bytes:
    return hmac.digest(key, registration_id.bytes + code.encode(), "sha256")
