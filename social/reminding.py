"""Asking again those who have not acknowledged an alert, and at last naming them to the managers.

An open alert that asks for acknowledgement is told again every `EVERY`, `ROUNDS` times at most, while somebody whom it
reaches is silent; `EVERY` after the last time the managers get the names. A round takes the alert's row, works out who
is silent, writes its event and moves the row on in one transaction: a worker that is killed in between leaves the round
undone, two workers never do the same one, and none is made up for after a standstill.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from geo.charters import shows_numbers_alone
from journal.events import Event, append
from people.audience import live_membership
from people.models import Membership, Person, Scope
from social.acknowledgements import named, place_of_presence, silent_on
from social.models import Post
from social.notices import OPEN
from social.wire import select_posts, wire_post

# Long enough to take off gloves and look at the phone; half an hour in all, then a person has to act.
EVERY = timedelta(minutes=5)
ROUNDS = 6
# Each may have 45,000 whom it reaches; so many fit well into one transaction.
BATCH = 10
NAMED = 100


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
    counted = {"reminders": alert.reminders + 1, "reminded_at": clock.now()}
    session.execute(update(Post).where(Post.id == alert.id).values(counted))
    silent = silent_on(session, alert, alert.organisation_id)
    if not silent:
        return
    if alert.reminders < ROUNDS:
        append(session, alert.organisation_id, _reminder(alert))
    else:
        append(session, alert.organisation_id, *_unanswered(session, alert, sorted(silent)))


def _reminder(alert: AnyRow) -> Event:
    payload = _of(alert) | {"round": alert.reminders + 1, "of": ROUNDS, "post": wire_post(alert)}
    return Event("alert.reminded", subject_id=alert.id, payload=payload, scope_id=alert.scope_id)


def _unanswered(session: Session, alert: AnyRow, silent: Sequence[UUID]) -> list[Event]:
    """One event to each manager; without names where they would tell who is in a place that shows numbers alone."""
    place = place_of_presence(session, alert.scope_id)
    hidden = place is not None and shows_numbers_alone(session, place)
    names = [] if hidden else named(session, silent[:NAMED])
    payload = _of(alert) | {"silent_count": len(silent), "silent": names}
    return [
        Event("alert.unanswered", subject_id=alert.id, payload=payload, person_id=person_id)
        for person_id in _managers(session, alert)
    ]


def _of(alert: AnyRow) -> dict[str, Any]:
    return {"post_id": str(alert.id), "scope_id": str(alert.scope_id)}


def _managers(session: Session, alert: AnyRow) -> list[UUID]:
    """The managers of the scope and of the site that it belongs to; where there is none, the administrators."""
    parent = select(Scope.parent_id).where(Scope.id == alert.scope_id).scalar_subquery()
    managers = (
        select(Membership.person_id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            or_(Membership.scope_id == alert.scope_id, Membership.scope_id == parent),
            Membership.role == "manager",
            Person.ended_at.is_(None),
            *live_membership(),
        )
    )
    administrators = select(Person.id).where(
        Person.organisation_id == alert.organisation_id,
        Person.role == "organisation_administrator",
        Person.ended_at.is_(None),
    )
    return sorted(set(session.scalars(managers)) or session.scalars(administrators))
