"""What apps report of the pushes that reached them: delivered, opened. It comes late, repeated and out of order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, DateTime, Text, Uuid, bindparam, text
from sqlalchemy.orm import Session

from people.actor import Actor

# The first time stands. A phone's clock may be wrong: nothing arrives before it was made, or in the future.
_REPORT = text(
    """
    WITH told AS (
        SELECT id, min(at) FILTER (WHERE what = 'delivered') AS delivered,
            min(at) FILTER (WHERE what = 'opened') AS opened
        FROM unnest(:ids, :whats, :ats) AS item(id, what, at) GROUP BY id
    )
    UPDATE deliveries d SET
        delivered_at = CASE WHEN d.delivered_at IS NOT NULL OR told.delivered IS NULL THEN d.delivered_at
            ELSE least(greatest(told.delivered, d.created_at), now()) END,
        opened_at = CASE WHEN d.opened_at IS NOT NULL OR told.opened IS NULL THEN d.opened_at
            ELSE least(greatest(told.opened, d.created_at), now()) END
    FROM told WHERE d.id = told.id AND d.device_id = :device AND d.person_id = :me
    """
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("whats", type_=ARRAY(Text)),
    bindparam("ats", type_=ARRAY(DateTime(timezone=True))),
)


def report(session: Session, actor: Actor, items: Sequence[dict[str, Any]]) -> None:
    """Take reports of the actor's own device; whatever else they name is left alone, and nobody is told so."""
    values = {
        "ids": [item["delivery_id"] for item in items],
        "whats": [item["what"] for item in items],
        "ats": [item["at"] for item in items],
        "device": actor.device_id,
        "me": actor.person_id,
    }
    session.execute(_REPORT, values)
