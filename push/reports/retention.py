"""What is forgotten of push: notifications with their deliveries after a month, sightings after a day.

What may still be sent is kept, however old: by its rows it is known whom it has reached already.
"""

from datetime import timedelta

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from base import clock
from base.rows import rows_written

KEPT = timedelta(days=30)
SIGHTINGS_KEPT = timedelta(days=1)
BATCH = 2_000
_DELIVERIES = text(
    """
    DELETE FROM deliveries WHERE id IN (
        SELECT id FROM deliveries WHERE created_at < :before AND expires_at < :now
        ORDER BY created_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    """
)
# One that still has deliveries waits for them: a notification of a busy day has tens of thousands.
_NOTIFICATIONS = text(
    """
    DELETE FROM notifications WHERE id IN (
        SELECT id FROM notifications WHERE created_at < :before AND expires_at < :now
            AND NOT EXISTS (SELECT FROM deliveries WHERE deliveries.notification_id = notifications.id)
        ORDER BY created_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    """
)
_SIGHTINGS = text(
    """
    DELETE FROM sightings WHERE (person_id, subject_id) IN (
        SELECT person_id, subject_id FROM sightings WHERE seen_at < :before
        ORDER BY seen_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    """
)


def forget_old_deliveries(session: Session) -> int:
    """Delete a batch of deliveries that are older than `KEPT` and too late to be sent; returns how many."""
    return _forget(session, _DELIVERIES, KEPT)


def forget_old_notifications(session: Session) -> int:
    """Delete a batch of notifications that are older than `KEPT` and too late to be sent; returns how many."""
    return _forget(session, _NOTIFICATIONS, KEPT)


def forget_old_sightings(session: Session) -> int:
    """Delete a batch of sightings that are older than `SIGHTINGS_KEPT`; returns how many."""
    return _forget(session, _SIGHTINGS, SIGHTINGS_KEPT)


def _forget(session: Session, statement: TextClause, kept: timedelta) -> int:
    now = clock.now()
    return rows_written(session, statement, {"before": now - kept, "now": now, "most": BATCH})
