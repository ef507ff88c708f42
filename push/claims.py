"""The queue in the database: claiming what is due, and recording what became of it. Row locks alone share the work.

Each claim looks which organisations have something due, by walking the index `ix_deliveries_due` from one to the next.
Alerts of any organisation are claimed first; then each organisation gets an equal share, its most urgent first. So one
that has very much to send never stands before the others.

A claim is a lease: what a worker took that died is due again when the lease is over.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Integer, Text, Uuid, bindparam, text
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow

LEASE = timedelta(seconds=30)  # a batch takes no longer than two timeouts of the transport
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
                    AND d.priority = level.priority AND d.due_at <= :now
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
).bindparams(bindparam("organisations", type_=ARRAY(Uuid)), bindparam("priorities", type_=ARRAY(Integer)))
# What was sent stays sent, also where the lease was over and another worker has it: the phone has been told.
_RECORD = text(
    """
    UPDATE deliveries d SET status = result.status, message_id = result.message_id, reason = result.reason,
        due_at = coalesce(result.due_at, d.due_at),
        sent_at = CASE WHEN result.status = 'sent' THEN :now ELSE d.sent_at END
    FROM unnest(:ids, :attempts, :statuses, :message_ids, :reasons, :due)
        AS result(id, attempts, status, message_id, reason, due_at)
    WHERE d.id = result.id AND d.status IN ('queued', 'sending')
        AND (result.status = 'sent' OR d.attempts = result.attempts)
    """
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("attempts", type_=ARRAY(Integer)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("statuses", "message_ids", "reasons")),
    bindparam("due", type_=ARRAY(DateTime(timezone=True))),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claimed delivery; `due_at` for one that is tried again."""

    id: UUID
    attempts: int
    status: str
    reason: str | None = None
    message_id: str | None = None
    due_at: datetime | None = None


def claim(session: Session, most: int) -> tuple[Sequence[AnyRow], bool]:
    """Take up to `most` that are due, each with its device, person and wishes; and whether there may be more."""
    now = clock.now()
    waiting = session.execute(_WAITING, {"now": now}).all()
    alerts = [row.organisation_id for row in waiting if row.alerts]
    others = [row.organisation_id for row in waiting if row.others]
    organisations = alerts or others
    if not organisations or most < 1:
        return [], False
    chosen = random.sample(organisations, min(most, len(organisations)))
    share = most // len(chosen)
    rows = session.execute(
        _CLAIM,
        {
            "organisations": chosen,
            "priorities": ALERTS if alerts else OTHERS,
            "share": share,
            "now": now,
            "leased": now + LEASE,
        },
    ).all()
    left_out = len(chosen) < len(organisations) or bool(alerts and others)
    return rows, left_out or len(rows) >= share


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
            "message_ids": [result.message_id for result in ordered],
            "reasons": [result.reason for result in ordered],
            "due": [result.due_at for result in ordered],
            "now": clock.now(),
        },
    )
