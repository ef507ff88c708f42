"""Who comes late is told what still holds; who leaves has it taken from the lock screen.

An alert stays on the phone of somebody who walks out of the place: that may be what it asks for. It is taken back only
where the person may not read it any more.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Uuid, exists, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from base import clock
from base.database import AnyRow
from geo.models.places import Place
from geo.models.stays import Visit
from journal.order import position_of
from people.audience import audience_of
from push.models import Notification, Sighting
from push.plans.deliveries import at_their_level, persons_for
from push.plans.queue import Notified, notify, queue, queue_again, resume
from push.plans.withdrawals import withdraw
from push.rules import expires_at, reading_is_enough
from social.models import Acknowledgement, Post, reads
from social.notices import OPEN


def plan_arrival(session: Session, event: AnyRow) -> int:
    """Somebody has come into a place."""
    place_id = UUID(event.payload["place_id"])
    return _queue_what_holds(session, event, place_id) + _resume(session, event, place_id)


def plan_new_member(session: Session, event: AnyRow) -> int:
    """Somebody follows a scope from now on."""
    return _queue_what_holds(session, event, UUID(event.payload["scope_id"]))


def plan_departure(session: Session, event: AnyRow) -> int:
    """Somebody has left a place, with all of its parts."""
    place_id = UUID(event.payload["place_id"])
    still_there = (
        exists()
        .where(Visit.person_id == event.person_id, Visit.left_at.is_(None))
        .where(Visit.place_id == Place.id, or_(Place.id == place_id, Place.site_id == place_id))
    )
    if session.scalar(select(still_there)):
        return 0
    shown = _notifications_of_notices(place_id, Post.kind == "announcement")
    return withdraw(session, shown, "left", person_id=event.person_id)


def plan_left_scope(session: Session, event: AnyRow) -> int:
    """Somebody follows a scope no more: a closed app is woken without a word, so that it deletes what it has of it.

    Who follows it again by now keeps what the lock screen shows: an event may be planned late.
    """
    scope_id = UUID(event.payload["scope_id"])
    back = session.scalar(
        select(audience_of(scope_id, event.organisation_id, among=[event.person_id]).exists())
    )
    shown = _notifications_of_notices(scope_id)
    taken = 0 if back else withdraw(session, shown, "no_longer_a_member", person_id=event.person_id)
    until = expires_at("sync", event.occurred_at)
    if until <= clock.now():
        return taken
    notification = notify(session, event, "sync", {"type": event.type}, until)
    return taken + queue(session, notification, persons_for([event.person_id], "sync"), action="wake")


def _queue_what_holds(session: Session, event: AnyRow, scope_id: UUID) -> int:
    """Each open notice of the scope that has an end, once a phone, unless the person knows of it.

    Also what was said before they came: it holds for everybody who is there now.
    """
    notices = session.execute(
        select(
            Post.id,
            Post.kind,
            Post.asks_acknowledgement,
            Notification.id.label("notification_id"),
            Notification.expires_at,
        )
        .ext(distinct_on(Post.id))
        .join(Notification, Notification.subject_id == Post.id)
        .where(
            Post.scope_id == scope_id,
            *OPEN,
            Post.valid_until > clock.now(),
            Post.author_id != event.person_id,
            Notification.kind == Post.kind,
        )
        .order_by(Post.id, Notification.position)  # its first notification, before any reminder's
    ).all()
    return sum(
        queue_again(
            session,
            Notified(notice.notification_id, event.organisation_id, notice.expires_at),
            _newcomer_unless_they_know(event, scope_id, notice),
        )
        for notice in notices
    )


def _resume(session: Session, event: AnyRow, place_id: UUID) -> int:
    """What was held back because they were elsewhere is tried again: at the sending it is checked as ever."""
    part = aliased(Place)
    of_site = select(part.id).join(Place, Place.site_id == part.site_id).where(Place.id == place_id)
    return resume(session, event.person_id, select(Notification.id).where(Notification.scope_id.in_(of_site)))


def _newcomer_unless_they_know(event: AnyRow, scope_id: UUID, notice: AnyRow) -> Select[UUID, str]:
    """The event's person as the recipient of a notice, where their level lets it through and they do not know it."""
    whom = audience_of(scope_id, event.organisation_id, among=[event.person_id]).subquery("audience")
    person, why = whom.c.person_id, literal(notice.kind, Text)
    known: list[ColumnElement[bool]] = [
        exists().where(Acknowledgement.post_id == notice.id, Acknowledgement.person_id == person)
    ]
    if reading_is_enough(notice.kind, asks_acknowledgement=notice.asks_acknowledgement):
        known.append(exists().where(Sighting.subject_id == notice.id, Sighting.person_id == person))
        known.append(
            exists().where(
                reads.c.scope_id == scope_id,
                reads.c.person_id == person,
                reads.c.read_to >= position_of(literal(notice.id, Uuid)),
            )
        )
    return select(person, why.label("why")).where(at_their_level(whom, why), *(~way for way in known))


def _notifications_of_notices(scope_id: UUID, *kinds: ColumnElement[bool]) -> Select[UUID]:
    """The notifications of a scope's open notices that have an end."""
    return (
        select(Notification.id)
        .join(Post, Post.id == Notification.subject_id)
        .where(Post.scope_id == scope_id, *OPEN, Post.valid_until.is_not(None), *kinds)
    )
