"""How somebody came in: what a session remembers of it, for policies, step-up and the list of one's sessions."""

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True)
class Way:
    """By which factors, and from which network address (None: not known)."""

    factors: tuple[Factor, ...]
    address: str | None = None
