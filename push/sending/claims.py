"""The queue in the database: claiming what is due, and recording what became of it. Row locks alone share the work.

Each claim looks which organisations have something due, by walking the index `ix_deliveries_due` from one to the next.
Alerts of any organisation come first, but for a fifth of each claim: an alert to tens of thousands must not hold up
everybody's messages until it is over. Of either part each organisation gets an equal share, its most urgent first. So
one that has very much to send never stands before the others.

A claim is a lease: what a worker took that died is due again when the lease is over. A worker leaves alone what it has
an answer for and could not write down yet.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, DateTime, Integer, Text, Uuid, bindparam, text
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow

# Longer than a batch may take: what is not on its way `BEGIN_WITHIN_S` after the claim goes back to the queue, and
# two timeouts of the transport, with as many waits for an access token, end the rest.
LEASE = timedelta(seconds=60)
RESERVED = 0.2  # the share of a claim that other priorities have while alerts are due
ALERTS, OTHERS = [0], [1, 2, 3, 4]
_WAITING = text(
    """
    WITH RECURSIVE waiting(organisation_id) AS (
        (SELECT organisation_id FROM deliveries WHERE status IN ('queued', 'sending')
         ORDER BY organisation_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.organisation_id FROM deliveries d
                WHERE d.status IN ('queued', 'sending') AND d.organisation_id > waiting.organisation_id
                ORDER BY d.organisation_id LIMIT 1)
        FROM waiting WHERE waiting.organisation_id IS NOT NULL
    )
    SELECT organisation_id, alerts.due AS alerts, others.due AS others
    FROM waiting
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM deliveries d WHERE d.status IN ('queued', 'sending')
                AND d.organisation_id = waiting.organisation_id AND d.priority = 0 AND d.due_at <= :now
        ) AS due
    ) AS alerts
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM generate_series(1, 4) AS level(priority), LATERAL (
                SELECT FROM deliveries d WHERE d.status IN ('queued', 'sending')
                    AND d.organisation_id = waiting.organisation_id AND d.priority = level.priority
                    AND d.due_at <= :now LIMIT 1
            ) AS one
        ) AS due
    ) AS others
    WHERE organisation_id IS NOT NULL
    """
)
_CLAIM = text(
    """
    WITH due AS MATERIALIZED (
        SELECT one.id FROM unnest(:organisations) AS part(organisation_id)
        CROSS JOIN LATERAL (
            SELECT next.id FROM unnest(:priorities) AS level(priority)
            CROSS JOIN LATERAL (
                SELECT d.id FROM deliveries d
                WHERE d.status IN ('queued', 'sending') AND d.organisation_id = part.organisation_id
                    AND d.priority = level.priority AND d.due_at <= :now AND d.id <> ALL (:unrecorded)
                ORDER BY d.due_at LIMIT :share FOR UPDATE SKIP LOCKED
            ) AS next LIMIT :share
        ) AS one
    ), claimed AS (
        UPDATE deliveries SET status = 'sending', attempts = attempts + 1, due_at = :leased
        WHERE id = ANY (ARRAY(SELECT id FROM due))
        RETURNING id, organisation_id, notification_id, person_id, device_id, why, action, priority, attempts,
            expires_at
    )
    SELECT claimed.*, device.person_id AS holder_id, device.push_address, device.push_address_kind,
        device.platform, device.locale AS device_locale, device.last_seen_at, person.locale, person.timezone,
        wish.quiet_hours, wish.working_hours, wish.do_not_disturb_until, wish.on_call_until,
        coalesce(wish.off_site, 'quiet') AS off_site,
        EXISTS (
            SELECT FROM sessions WHERE sessions.device_id = claimed.device_id AND sessions.ended_at IS NULL
                AND sessions.person_id = claimed.person_id AND sessions.expires_at > :now
        ) AS signed_in
    FROM claimed
    JOIN devices device ON device.id = claimed.device_id
    JOIN persons person ON person.id = claimed.person_id
    LEFT JOIN push_preferences wish ON wish.person_id = claimed.person_id
    """
).bindparams(
    bindparam("priorities", type_=ARRAY(Integer)),
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("organisations", "unrecorded")),
)
# What was sent stays sent, also where the lease was over and another worker has it: the phone has been told.
_RECORD = text(
    """
    UPDATE deliveries d SET status = result.status, message_id = result.message_id, reason = result.reason,
        due_at = coalesce(result.due_at, d.due_at),
        attempts = d.attempts - CASE WHEN result.tried THEN 0 ELSE 1 END,
        sent_at = CASE WHEN result.status = 'sent' THEN :now ELSE d.sent_at END
    FROM unnest(:ids, :attempts, :statuses, :message_ids, :reasons, :due, :tried)
        AS result(id, attempts, status, message_id, reason, due_at, tried)
    WHERE d.id = result.id AND d.status IN ('queued', 'sending')
        AND (result.status = 'sent' OR d.attempts = result.attempts)
    """
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("attempts", type_=ARRAY(Integer)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("statuses", "message_ids", "reasons")),
    bindparam("due", type_=ARRAY(DateTime(timezone=True))),
    bindparam("tried", type_=ARRAY(Boolean)),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claimed delivery; `due_at` for one that is to be tried again.

    Where it was not `tried` the attempt does not count.
    """

    id: UUID
    attempts: int
    status: str
    reason: str | None = None
    message_id: str | None = None
    due_at: datetime | None = None
    tried: bool = True


def claim(session: Session, most: int, unrecorded: Sequence[UUID] = ()) -> tuple[Sequence[AnyRow], bool]:
    """Take up to `most` that are due, each with its device, person and wishes; and whether there may be more."""
    now = clock.now()
    waiting = session.execute(_WAITING, {"now": now}).all()
    urgent = [row.organisation_id for row in waiting if row.alerts]
    others = [row.organisation_id for row in waiting if row.others]
    for_alerts = most - int(most * RESERVED) if others else most
    rows, more = _claim(session, urgent, ALERTS, for_alerts, now, unrecorded)
    rest, more_of_rest = _claim(session, others, OTHERS, most - len(rows), now, unrecorded)
    return [*rows, *rest], more or more_of_rest


def _claim(
    session: Session,
    organisations: Sequence[UUID],
    priorities: Sequence[int],
    most: int,
    now: datetime,
    unrecorded: Sequence[UUID],
) -> tuple[Sequence[AnyRow], bool]:
    if not organisations or most < 1:
        return [], bool(organisations)
    chosen = random.sample(organisations, min(most, len(organisations)))
    share = most // len(chosen)
    values = {
        "organisations": chosen,
        "priorities": priorities,
        "share": share,
        "unrecorded": list(unrecorded),
    }
    rows = session.execute(_CLAIM, {**values, "now": now, "leased": now + LEASE}).all()
    return rows, len(chosen) < len(organisations) or len(rows) >= share


def _written(answer: str | None) -> str | None:
    """What another server said, as text that PostgreSQL can hold."""
    return None if answer is None else str(answer).replace("\0", "").encode(errors="replace").decode()


def record(session: Session, results: Sequence[Result]) -> None:
    """Write down what became of claimed deliveries, in the order of their ids, so that no two writers cross."""
    if not results:
        return
    ordered = sorted(results, key=lambda result: result.id)
    session.execute(
        _RECORD,
        {
            "ids": [result.id for result in ordered],
            "attempts": [result.attempts for result in ordered],
            "statuses": [result.status for result in ordered],
            "message_ids": [_written(result.message_id) for result in ordered],
            "reasons": [_written(result.reason) for result in ordered],
            "due": [result.due_at for result in ordered],
            "tried": [result.tried for result in ordered],
            "now": clock.now(),
        },
    )
