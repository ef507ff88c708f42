"""Claiming what is due from the queue in the database. Row locks alone share the work.

Each claim looks which organisations have something due, by walking the index `ix_deliveries_due` from one to the next.
Alerts of any organisation come first, but for a fifth of each claim: an alert to tens of thousands must not hold up
everybody's messages until it is over. Of either part each organisation gets an equal share, its most urgent first. So
one that has very much to send never stands before the others.

A claim is a lease: what a worker took that died is due again when the lease is over. A worker leaves alone what it has
an answer for and could not write down yet.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, text
from sqlalchemy.orm import Session

from base import clock
from base.rows import typed
from push.outgoing import OutgoingDelivery

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
_TAKEN = """
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
        RETURNING id, notification_id, person_id, device_id, why, action, priority, attempts, expires_at
    )"""
# Each with its device, its person and their wishes, as they are now.
_AS_NOW = """
    SELECT claimed.*, device.person_id AS holder_id,
        EXISTS (
            SELECT FROM sessions WHERE sessions.device_id = claimed.device_id AND sessions.ended_at IS NULL
                AND sessions.person_id = claimed.person_id AND sessions.expires_at > :now
        ) AS signed_in,
        device.push_address, coalesce(device.push_address_kind, 'token') AS push_address_kind, device.last_seen_at,
        coalesce(device.locale, person.locale) AS locale, person.timezone,
        wish.quiet_hours, wish.working_hours, wish.do_not_disturb_until, wish.on_call_until,
        coalesce(wish.off_site, 'quiet') AS off_site
    FROM claimed
    JOIN devices device ON device.id = claimed.device_id
    JOIN persons person ON person.id = claimed.person_id
    LEFT JOIN push_preferences wish ON wish.person_id = claimed.person_id
    """
_CLAIM = text(_TAKEN + _AS_NOW).bindparams(
    bindparam("priorities", type_=ARRAY(Integer)),
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("organisations", "unrecorded")),
)
_NAMED = """
    WITH claimed AS (
        SELECT id, notification_id, person_id, device_id, why, action, priority, attempts, expires_at
        FROM deliveries WHERE id = :id AND action = 'show'
    )"""
_TO_INSTALLATION = " WHERE device.installation_id = :installation"
_ONE = text(_NAMED + _AS_NOW + _TO_INSTALLATION)


class Claim(NamedTuple):
    """What was taken, and whether there may be more that is due."""

    deliveries: list[OutgoingDelivery]
    more: bool


def delivery_now(session: Session, delivery_id: UUID, installation_id: str) -> OutgoingDelivery | None:
    """One delivery to an installation, as a claim would give it; nothing is claimed."""
    given = {"id": delivery_id, "installation": installation_id, "now": clock.now()}
    return next(iter(typed(session.execute(_ONE, given), OutgoingDelivery)), None)


def claim(session: Session, most: int, unrecorded: Sequence[UUID] = ()) -> Claim:
    """Take up to `most` that are due, but for the `unrecorded`."""
    now = clock.now()
    waiting = session.execute(_WAITING, {"now": now}).all()
    urgent = [row.organisation_id for row in waiting if row.alerts]
    others = [row.organisation_id for row in waiting if row.others]
    for_alerts = most - int(most * RESERVED) if others else most
    alerts = _claim(session, urgent, ALERTS, for_alerts, now, unrecorded)
    rest = _claim(session, others, OTHERS, most - len(alerts.deliveries), now, unrecorded)
    return Claim([*alerts.deliveries, *rest.deliveries], alerts.more or rest.more)


def _claim(
    session: Session,
    organisations: Sequence[UUID],
    priorities: Sequence[int],
    most: int,
    now: datetime,
    unrecorded: Sequence[UUID],
) -> Claim:
    if not organisations or most < 1:
        return Claim([], bool(organisations))
    chosen = random.sample(organisations, min(most, len(organisations)))
    share = most // len(chosen)
    values = {
        "organisations": chosen,
        "priorities": priorities,
        "share": share,
        "unrecorded": list(unrecorded),
        "now": now,
        "leased": now + LEASE,
    }
    deliveries = typed(session.execute(_CLAIM, values), OutgoingDelivery)
    return Claim(deliveries, len(chosen) < len(organisations) or len(deliveries) >= share)
