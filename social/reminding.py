"""Asking again those who have not acknowledged an alert, and at last telling the managers.

An open alert that asks for acknowledgement is told again every `EVERY`, `ROUNDS` times at most, while somebody whom it
reaches is silent; `EVERY` after the last time the managers are told. A round takes the alert's row, looks whether
somebody is silent, writes its event and moves the row on in one transaction: a worker that is killed in between leaves
the round undone, two workers never do the same one, and none is made up for after a standstill.
"""

from datetime import timedelta

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from journal.catalogue import ALERT_REMINDED
from journal.events import Event, append
from social.acknowledgements import somebody_may_be_silent
from social.models import Post
from social.notices import OPEN
from social.unanswered import ROUNDS, tell_unanswered
from social.wire import select_posts, wire_post

# Long enough to take off gloves and look at the phone; half an hour in all, then a person has to act.
EVERY = timedelta(minutes=5)
BATCH = 1  # each may reach 45,000: none waits for the transaction of another


def remind_the_silent(session: Session) -> int:
    """Do the rounds that are due; returns how many alerts had one. Safe to run in several workers."""
    now = clock.now()
    due = session.execute(
        select_posts()
        .add_columns(Post.organisation_id, Post.reminders)
        .where(
            *OPEN,
            Post.kind == "alert",
            Post.asks_acknowledgement,
            Post.valid_until > now,
            Post.reminders <= ROUNDS,
            func.coalesce(Post.reminded_at, Post.created_at) <= now - EVERY,
        )
        .order_by(Post.id)
        .limit(BATCH)
        .with_for_update(of=Post, skip_locked=True)
    ).all()
    for alert in due:
        _remind(session, alert)
    return len(due)


def _remind(session: Session, alert: AnyRow) -> None:
    if alert.reminders == ROUNDS:
        tell_unanswered(session, alert)
        return
    counted = {"reminders": alert.reminders + 1, "reminded_at": clock.now()}
    session.execute(update(Post).where(Post.id == alert.id).values(counted))
    if somebody_may_be_silent(session, alert, alert.organisation_id):
        append(session, alert.organisation_id, _reminder(alert))


def _reminder(alert: AnyRow) -> Event:
    payload = {
        "post_id": str(alert.id),
        "scope_id": str(alert.scope_id),
        "round": alert.reminders + 1,
        "of": ROUNDS,
        "post": wire_post(alert),
    }
    return Event(ALERT_REMINDED, subject_id=alert.id, payload=payload, scope_id=alert.scope_id)
