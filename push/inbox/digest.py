"""What mattered while somebody was away: once a day, at the hour they chose in their own time zone, if they want it.

Who was seen within the last day was not away. What counts is what their list in the app holds unread of posts; there
has to be something that is newer than the last digest. The day is written down in the transaction that queues the
digest, and rows are taken with SKIP LOCKED: a worker that is killed leaves both or neither, and two never double one.

An hour that a change of clocks leaves out is past when they have gone on, and one that comes twice is the same day.
"""

from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from base import clock, ids
from base.rows import GivenRows, typed
from people.audience import following
from people.models import Device, Person, Scope
from push.inbox.inbox import unread_posts
from push.models import Notification, PushPreferences
from push.plans.deliveries import persons_for
from push.plans.queue import Notified, queue

BATCH = 100
_AWAY = timedelta(days=1)
_LASTS = timedelta(hours=24)
_PLACES = 3
_NAMES = {"alert": "alerts", "announcement": "announcements", "mention": "mentions", "reply": "replies"}
_COUNTS = (*_NAMES.values(), "direct")


class _Zone(NamedTuple):
    """A time zone with its day and its time of day, as they are written in preferences."""

    name: str
    today: str
    clock: str


class _Due(NamedTuple):
    """Somebody whose digest is due, for a day of their own; `digest` says how they want it."""

    person_id: UUID
    organisation_id: UUID
    digest: str
    today: str


_ZONES = GivenRows("zones", _Zone)


def send_digests(session: Session, at: datetime | None = None) -> int:
    """Send the digests that are due as of `at` (now); returns for how many persons that was looked at."""
    now = at or clock.now()
    due = typed(session.execute(_select_due(), _ZONES.values(_zones(session, now))), _Due)
    for one in due:
        session.get_one(PushPreferences, one.person_id).digested_on = one.today
        digest = _digest(session, one, now)
        if digest is not None:
            _queue(session, one, digest, now)
    session.flush()
    return len(due)


@cache
def _select_due() -> Select[UUID, UUID, str, str]:
    wishes, zone = PushPreferences, _ZONES.c
    return (
        select(wishes.person_id, wishes.organisation_id, wishes.digest, zone.today)
        .join(Person, and_(Person.id == wishes.person_id, Person.ended_at.is_(None)))
        .join(_ZONES.table, zone.name == Person.timezone)
        .where(
            wishes.digest != "off",
            wishes.digest_at <= zone.clock,
            wishes.digested_on.is_distinct_from(zone.today),
        )
        .order_by(wishes.person_id)
        .limit(BATCH)
        .with_for_update(of=wishes, skip_locked=True)
    )


def _zones(session: Session, now: datetime) -> list[_Zone]:
    """Day and time of day in every zone in which somebody wants digests."""
    wanted = select(Person.timezone).join(PushPreferences, PushPreferences.person_id == Person.id)
    names = session.scalars(wanted.where(PushPreferences.digest != "off").distinct())
    local = {name: now.astimezone(ZoneInfo(name)) for name in names}
    return [_Zone(name, moment.date().isoformat(), f"{moment:%H:%M}") for name, moment in local.items()]


def _digest(session: Session, due: _Due, now: datetime) -> dict[str, Any] | None:
    """What mattered to somebody who was away; None where they were not, or nothing is new."""
    seen = session.scalar(select(func.max(Device.last_seen_at)).where(Device.person_id == due.person_id))
    if seen is not None and seen > now - _AWAY:
        return None
    posts = unread_posts(
        session, due.person_id, following(session, due.person_id, due.organisation_id), due.organisation_id
    )
    last = _last_digest(session, due.person_id)
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


def _queue(session: Session, due: _Due, digest: dict[str, Any], now: datetime) -> None:
    notification = Notification(
        id=ids.new_id(),
        organisation_id=due.organisation_id,
        kind="digest",
        subject_id=due.person_id,
        facts={"type": "digest", "digest": digest},
        created_at=now,
        expires_at=now + _LASTS,
    )
    session.add(notification)
    session.flush()
    if due.digest == "push":
        notified = Notified(notification.id, due.organisation_id, notification.expires_at)
        queue(session, notified, persons_for([due.person_id], "digest"))
