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
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from base import clock, ids
from base.rows import GivenRows, typed
from base.wall_clock import latest
from people.audience import following
from people.models import Device, Person, Scope
from push.inbox.inbox import unread_posts
from push.models import DIGESTS_APART, Notification, PushPreferences
from push.plans.deliveries import persons_for
from push.plans.queue import Notified, queue

BATCH = 100
_AWAY = timedelta(days=1)
_LASTS = timedelta(hours=24)
_PLACES = 3
_NAMES = {"alert": "alerts", "announcement": "announcements", "mention": "mentions", "reply": "replies"}
_COUNTS = (*_NAMES.values(), "direct")


class _Latest(NamedTuple):
    """The last moment at which a digest was due for those of a time zone who chose this time of the day."""

    zone: str
    clock: str
    moment: datetime


class _Due(NamedTuple):
    """Somebody whose digest is due, for which moment; `digest` says how they want it."""

    person_id: UUID
    organisation_id: UUID
    digest: str
    moment: datetime


_LATEST = GivenRows("latest", _Latest)


def send_digests(session: Session, at: datetime | None = None) -> int:
    """Send the digests that are due as of `at` (now); returns for how many persons that was looked at."""
    now = at or clock.now()
    due = typed(session.execute(_select_due(), _LATEST.values(_latest(session, now))), _Due)
    for one in due:
        session.get_one(PushPreferences, one.person_id).digested_for = one.moment
        digest = _digest(session, one, now)
        if digest is not None:
            _queue(session, one, digest, now)
    session.flush()
    return len(due)


@cache
def _select_due() -> Select[UUID, UUID, str, datetime]:
    wishes, chosen = PushPreferences, _LATEST.c
    return (
        select(wishes.person_id, wishes.organisation_id, wishes.digest, chosen.moment)
        .join(Person, and_(Person.id == wishes.person_id, Person.ended_at.is_(None)))
        .join(_LATEST.table, and_(chosen.zone == Person.timezone, chosen.clock == wishes.digest_at))
        .where(wishes.digest != "off", wishes.digested_for <= chosen.moment - DIGESTS_APART)
        .order_by(wishes.person_id)
        .limit(BATCH)
        .with_for_update(of=wishes, skip_locked=True)
    )


def _latest(session: Session, now: datetime) -> list[_Latest]:
    """For every zone and time of the day that somebody chose."""
    wanted = select(Person.timezone, PushPreferences.digest_at)
    wanted = wanted.join(PushPreferences, PushPreferences.person_id == Person.id)
    chosen = session.execute(wanted.where(PushPreferences.digest != "off").distinct())
    return [_Latest(zone, at, latest(time.fromisoformat(at), ZoneInfo(zone), now)) for zone, at in chosen]


def _digest(session: Session, due: _Due, now: datetime) -> dict[str, Any] | None:
    """What mattered to somebody who was away; None where they were not, or nothing is new."""
    seen = session.scalar(select(func.max(Device.last_seen_at)).where(Device.person_id == due.person_id))
    if seen is not None and seen > now - _AWAY:
        return None
    posts = unread_posts(session, due.person_id, following(session, due.person_id, due.organisation_id))
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
