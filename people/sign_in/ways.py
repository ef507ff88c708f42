"""How somebody came in: what a session remembers of it, for policies, step-up and the list of one's sessions."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

FRESH_FOR = timedelta(minutes=5)
"""So long a proof is good for what takes a fresh one."""


class Factor(StrEnum):
    """What a person proved who they are with."""

    PASSWORD = "password"  # noqa: S105 - the name of a factor
    ONE_TIME_CODE = "one_time_code"
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"
    PIN = "pin"
    INVITATION = "invitation"
    GATE = "gate"


FIRST = (Factor.PASSWORD, Factor.ONE_TIME_CODE, Factor.PASSKEY, Factor.PIN)
"""What signing in begins with, as policies allow it or not."""
_OPENING = frozenset({Factor.INVITATION, Factor.GATE})
_SECOND = frozenset({Factor.TOTP, Factor.RECOVERY_CODE})


@dataclass(frozen=True)
class Way:
    """By which factors, and from which network address (None: not known)."""

    factors: tuple[Factor, ...]
    address: str | None = None

    @property
    def known_address(self) -> str | None:
        """The address as it is kept and compared; None for what is none, as of a socket, or of a proxy that lies."""
        return known_address(self.address)

    @property
    def proves_anew(self) -> bool:
        """Whether it is as good as a step-up: a PIN, typed on a tablet before everybody's eyes, is not."""
        return self.factors != (Factor.PIN,)


def known_address(given: str | None) -> str | None:
    """A network address in its one form, IPv4 where it is one; None for what is none."""
    try:
        ip = ipaddress.ip_address((given or "").partition("%")[0])
    except ValueError:
        return None
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def is_two_factors(factors: Collection[str]) -> bool:
    """Whether two things were proven. A passkey is two: a device that one has, which asks who holds it."""
    return Factor.PASSKEY in factors or not _SECOND.isdisjoint(factors)


def opens_account(factors: Collection[str]) -> bool:
    """Whether it was an account's first way in, which no policy of factors can know of."""
    return not _OPENING.isdisjoint(factors)
