"""Emptying payloads that may not be kept any longer.

The event stays, with its position, kind and hash, and the chain goes on verifying, since it covers a salted digest of
the payload (`journal/chain.py`). The salt goes with the payload: without it the digest tells nothing, not even to
somebody who tries every payload that could have been.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# The index `ix_journal_about` is made of the same expression and the same condition.
_ERASE = text(
    """
    UPDATE journal SET payload = NULL, salt = ''
    WHERE (organisation_id, position, recorded_at) IN (
        SELECT j.organisation_id, j.position, j.recorded_at
        FROM unnest(CAST(:about AS uuid[]), CAST(:before AS timestamptz[])) AS due (about, before)
        JOIN journal j ON coalesce(j.payload ->> 'place_id', j.payload ->> 'scope_id') = due.about::text
            AND j.occurred_at < due.before
        WHERE split_part(j.type, '.', 1) IN ('visit', 'muster', 'membership')
            AND coalesce(j.payload ->> 'source', '') NOT IN ('assigned', 'joined')
        LIMIT :limit)
    """
)


def erase_presence(session: Session, before: Mapping[UUID, datetime], limit: int) -> int:
    """Empty what the journal says of who was in a place, each place's from before a moment; returns how many events.

    That is visits, roll calls, and memberships by being there. For the worker's role.
    """
    about, moments = list(before), list(before.values())
    erased = session.execute(_ERASE, {"about": about, "before": moments, "limit": limit})
    return int(erased.rowcount)  # type: ignore[attr-defined]
