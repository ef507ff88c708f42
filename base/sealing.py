"""What has to be kept and read again, and is nobody's to read in the database: sealed with the installation's secret.

Passwords and codes that are only compared are not kept at all; of them a hash or digest is.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from base.keys import derived


class Unsealable(Exception):
    """It was sealed with neither the installation's secret nor the former one, or was changed."""


class Sealer:
    """Seals with the installation's secret; what was sealed with the former one is read, too."""

    def __init__(self, secret: str, former: str | None) -> None:
        keys = [derived(each, b"sealing") for each in (secret, former) if each is not None]
        known = [Fernet(base64.urlsafe_b64encode(key)) for key in keys]
        self._present, self._keys = known[0], MultiFernet(known)

    def sealed(self, text: str) -> str:
        """The text, sealed."""
        return self._keys.encrypt(text.encode()).decode()

    def opened(self, sealed: str) -> str:
        """What was sealed; raises `Unsealable`."""
        try:
            return self._keys.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Unsealable from None

    def anew(self, sealed: str) -> str | None:
        """The same, sealed with the present secret; None where it is already, or nobody can read it."""
        try:
            self._present.decrypt(sealed.encode())
        except InvalidToken:
            try:
                return self._keys.rotate(sealed.encode()).decode()
            except InvalidToken:
                return None
        return None
