"""What mattered while somebody was away: once a day, at the hour they chose in their own time zone, if they want it.

Who was seen within the last day was not away. What counts is what their list in the app holds unread of posts; there
has to be something that is newer than the last digest. For which moment it was is written down in the transaction that
queues the digest, and rows are taken with SKIP LOCKED: a worker that is killed leaves both or neither, and two never
double one.

Due is the last moment at which the person's clock began to show their hour. So what a worker slept through, over
midnight, too, is made up for; who crosses the date line or chooses another hour gets the next one when `DIGESTS_APART`
has passed, and so one a day; an hour that comes twice counts once, and one that is left out when the clocks are set.
"""

from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, DateTime, Text, bindparam, func, select, text
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import AnyRow
from base.wall_clock import latest
from people.audience import following
from people.models import Device, Person, Scope, SignedInSession
from push.inbox.inbox import unread_posts
from push.models import DIGESTS_APART, Delivery, Notification, PushPreferences

BATCH = 100
_AWAY = timedelta(days=1)
_LASTS = timedelta(hours=24)
_SILENT = timedelta(days=60)
_PRIORITY = 4
_PLACES = 3
_NAMES = {"alert": "alerts", "announcement": "announcements", "mention": "mentions", "reply": "replies"}
_COUNTS = (*_NAMES.values(), "direct")
_DUE = text(
    """
    SELECT wish.person_id, wish.organisation_id, wish.digest, latest.moment
    FROM push_preferences wish
    JOIN persons person ON person.id = wish.person_id AND person.ended_at IS NULL
    JOIN unnest(:zones, :clocks, :moments) AS latest(zone, clock, moment)
        ON latest.zone = person.timezone AND latest.clock = wish.digest_at
    WHERE wish.digest <> 'off' AND wish.digested_for <= latest.moment - :apart
    ORDER BY wish.person_id LIMIT :most FOR UPDATE OF wish SKIP LOCKED
    """
).bindparams(
    bindparam("zones", type_=ARRAY(Text)),
    bindparam("clocks", type_=ARRAY(Text)),
    bindparam("moments", type_=ARRAY(DateTime(timezone=True))),
    bindparam("apart", DIGESTS_APART),
)


def send_digests(session: Session, at: datetime | None = None) -> int:
    """Send the digests that are due as of `at` (now); returns for how many persons that was looked at."""
    now = at or clock.now()
    due = session.execute(_DUE, _latest(session, now) | {"most": BATCH}).all()
    for row in due:
        session.get_one(PushPreferences, row.person_id).digested_for = row.moment
        digest = _digest(session, row, now)
        if digest is not None:
            _queue(session, row, digest, now)
    session.flush()
    return len(due)


def _latest(session: Session, now: datetime) -> dict[str, list[Any]]:
    """For every zone and time of the day that somebody chose: the last moment at which a digest was due."""
    wanted = select(Person.timezone, PushPreferences.digest_at)
    wanted = wanted.join(PushPreferences, PushPreferences.person_id == Person.id)
    chosen = session.execute(wanted.where(PushPreferences.digest != "off").distinct()).all()
    return {
        "zones": [zone for zone, _ in chosen],
        "clocks": [at for _, at in chosen],
        "moments": [latest(time.fromisoformat(at), ZoneInfo(zone), now) for zone, at in chosen],
    }


def _digest(session: Session, row: AnyRow, now: datetime) -> dict[str, Any] | None:
    """What mattered to somebody who was away; None where they were not, or nothing is new."""
    seen = session.scalar(select(func.max(Device.last_seen_at)).where(Device.person_id == row.person_id))
    if seen is not None and seen > now - _AWAY:
        return None
    posts = unread_posts(
        session, row.person_id, following(session, row.person_id, row.organisation_id), row.organisation_id
    )
    last = _last_digest(session, row.person_id)
    if not posts or (last is not None and posts[0].item_id < ids.first_id_at(last)):
        return None
    counts = Counter(_NAMES.get(post.why, post.why) for post in posts)
    places = list(dict.fromkeys(post.scope_id for post in posts))[:_PLACES]
    names = {scope.id: scope.name for scope in session.scalars(select(Scope).where(Scope.id.in_(places)))}
    return {
        "count": len(posts),
        **{name: counts[name] for name in _COUNTS},
        "places": [{"scope_id": str(place), "name": names[place]} for place in places],
    }


def _last_digest(session: Session, person_id: UUID) -> datetime | None:
    mine = (Notification.subject_id == person_id, Notification.kind == "digest")
    return session.scalar(select(func.max(Notification.created_at)).where(*mine))


def _queue(session: Session, row: AnyRow, digest: dict[str, Any], now: datetime) -> None:
    note = Notification(
        id=ids.new_id(),
        organisation_id=row.organisation_id,
        kind="digest",
        subject_id=row.person_id,
        facts={"type": "digest", "digest": digest},
        created_at=now,
        expires_at=now + _LASTS,
    )
    session.add(note)
    session.flush()
    if row.digest == "push":
        session.add_all(_delivery(note, row.person_id, device) for device in _devices(session, row, now))


def _devices(session: Session, row: AnyRow, now: datetime) -> list[UUID]:
    """The devices on which the person can be woken."""
    signed_in = select(SignedInSession.device_id).where(
        SignedInSession.person_id == row.person_id,
        SignedInSession.ended_at.is_(None),
        SignedInSession.expires_at > now,
    )
    reachable = select(Device.id).where(
        Device.person_id == row.person_id,
        Device.push_address.is_not(None),
        Device.last_seen_at > now - _SILENT,
        Device.id.in_(signed_in),
    )
    return list(session.scalars(reachable))


def _delivery(note: Notification, person_id: UUID, device_id: UUID) -> Delivery:
    return Delivery(
        id=ids.new_id(),
        organisation_id=note.organisation_id,
        notification_id=note.id,
        person_id=person_id,
        device_id=device_id,
        why="digest",
        priority=_PRIORITY,
        due_at=note.created_at,
        expires_at=note.expires_at,
    )
