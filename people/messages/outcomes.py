"""What became of handing over one message. Reasons are words and codes of ours: what servers say may name people."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID


class Letter(NamedTuple):
    """A message in its words. `subject` is a mail's alone."""

    id: UUID
    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class Sent:
    """It was taken."""


@dataclass(frozen=True)
class Refused:
    """It will never be taken."""

    reason: str


@dataclass(frozen=True)
class Later:
    """Not now: after so many seconds, or when the message's own pause is over. `by_all`: so it is with all others."""

    reason: str
    after_s: float | None = None
    by_all: bool = False


Outcome = Sent | Refused | Later
