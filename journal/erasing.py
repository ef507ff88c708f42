"""Emptying payloads that may not be kept any longer.

The event stays, with its position, type and hash, and what its type says must survive; the chain goes on verifying,
since it covers a salted digest of the rest (`journal/chain.py`). The salt goes with the payload: without it the digest
tells nothing, not even to somebody who tries every payload that could have been. So does `about_id`, which names the
place; with it the event leaves the index that this is found by.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from journal.catalogue import CATALOGUE

ERASE = text(
    """
    UPDATE journal SET salt = '', about_id = NULL, payload = (
        SELECT jsonb_object_agg(kept.member, payload -> kept.member)
        FROM unnest(CAST(:types AS text[]), CAST(:members AS text[]), CAST(:since AS int[]))
            AS kept (type, member, since)
        WHERE kept.type = journal.type AND kept.since <= journal.version AND payload ? kept.member)
    WHERE (organisation_id, position, recorded_at) IN (
        SELECT j.organisation_id, j.position, j.recorded_at
        FROM unnest(CAST(:about AS uuid[]), CAST(:before AS timestamptz[])) AS due (about, before)
        JOIN journal j ON j.about_id = due.about AND j.occurred_at < due.before
        LIMIT :limit)
    """
)


def erase_presence(session: Session, before: Mapping[UUID, datetime], limit: int) -> int:
    """Empty what the journal says of who was in a place, each place's from before a moment; returns how many events.

    What says so is declared: types with `about`. For the worker's role.
    """
    due = {"about": list(before), "before": list(before.values()), "limit": limit}
    erased = session.execute(ERASE, due | survivors())
    return int(erased.rowcount)  # type: ignore[attr-defined]


def survivors() -> dict[str, list[str] | list[int]]:
    """What of which types, from which version on, is left: the values of `ERASE` beside what is due."""
    kept = [
        (declared.name, member, since)
        for declared in CATALOGUE.values()
        for member, since in declared.survives.items()
    ]
    return {
        "types": [name for name, _, _ in kept],
        "members": [member for _, member, _ in kept],
        "since": [since for _, _, since in kept],
    }
