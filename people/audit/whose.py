"""Whose account somebody is trying to get into, for the audit log alone.

A refusal must not tell whether there is such an account, so it does not carry it. Whoever looks an account up before
anybody is signed in says here which it was; the edge that writes refusals down reads it (`api/auditing.py`).
"""

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Whose:
    """An account, and the session that was opened in it, if one was."""

    organisation_id: UUID
    person_id: UUID
    device_id: UUID | None = None
    session_id: UUID | None = None


WHOSE: ContextVar[Whose | None] = ContextVar("whose", default=None)


def concerns(
    organisation_id: UUID | None,
    person_id: UUID | None,
    device_id: UUID | None = None,
    session_id: UUID | None = None,
) -> None:
    """Say whose account the present request is about; None: nobody's."""
    known = organisation_id is not None and person_id is not None
    WHOSE.set(Whose(organisation_id, person_id, device_id, session_id) if known else None)  # type: ignore[arg-type]
