"""What the checks at the moment of sending need to know, for a whole batch: a handful of queries, whatever its size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, TextClause, Uuid, bindparam, text
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.rows import typed
from geo.presence.sightings import LOST
from people.audience import Follower, followers_among, managing_among
from push.outgoing import Outgoing, OutgoingDelivery, OutgoingNotification
from push.sending.checks import IN_A_SCOPE, Known, Phone, Reads, Subject, Wishes

# A phone tells where it is when it was seen at the site within this time.
_TELLS = timedelta(days=30)
_PLACES = ("site", "zone")
_WAYS = ("acknowledged", "read", "seen")
_NOTHING, _ANSWERED = frozenset[str](), frozenset(("answered",))
_Pair = tuple[UUID, UUID]  # what is asked about, and a person
_GIVEN = (bindparam("things", type_=ARRAY(Uuid)), bindparam("persons", type_=ARRAY(Uuid)))

_NOTIFICATIONS = text(
    """
    SELECT notification.id, notification.organisation_id, notification.kind, notification.scope_id,
        notification.subject_id, notification.actor_id, notification.position,
        (SELECT id FROM journal_epoch) AS epoch, notification.facts,
        told.position AS subject_position,
        scope.id AS about_id, scope.kind AS scope_kind, scope.name AS scope_name, author.name AS author_name,
        CASE WHEN author.id IS NOT NULL THEN post.text ELSE muster.message END AS text,
        coalesce(scope.push_content, organisation.settings ->> 'push_content', 'sender') AS content,
        coalesce(post.asks_acknowledgement, false) AS asks_acknowledgement, post.valid_until,
        CASE WHEN post.deleted_at IS NOT NULL THEN 'deleted' WHEN post.ended_at IS NOT NULL THEN 'ended'
             WHEN muster.ended_at IS NOT NULL OR (notification.kind = 'muster' AND muster.id IS NULL)
             THEN 'muster_ended'
        END AS over
    FROM notifications notification
    JOIN organisations organisation ON organisation.id = notification.organisation_id
    LEFT JOIN posts post ON post.id = notification.subject_id
    LEFT JOIN subject_positions told ON told.subject_id = notification.subject_id
    LEFT JOIN persons author ON author.id = post.author_id AND notification.kind <> 'unanswered'
    LEFT JOIN musters muster ON muster.id = notification.subject_id
    LEFT JOIN scopes scope ON scope.id = coalesce(notification.scope_id, post.scope_id, muster.place_id)
    WHERE notification.id = ANY (:ids)
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_MET = text(
    """
    SELECT wanted.subject_id, wanted.person_id,
        EXISTS (SELECT FROM acknowledgements a
                WHERE a.post_id = wanted.subject_id AND a.person_id = wanted.person_id) AS acknowledged,
        EXISTS (SELECT FROM subject_positions s JOIN reads r ON r.scope_id = s.scope_id
                LEFT JOIN naming_positions n ON n.subject_id = s.subject_id AND n.person_id = r.person_id
                WHERE s.subject_id = wanted.subject_id AND r.person_id = wanted.person_id
                    AND r.read_to >= greatest(s.position, n.position)) AS read,
        EXISTS (SELECT FROM sightings s
                WHERE s.subject_id = wanted.subject_id AND s.person_id = wanted.person_id) AS seen
    FROM unnest(:things, :persons) AS wanted(subject_id, person_id)
    """
).bindparams(*_GIVEN)
# A roll call calls those who are on it and silent.
_CALLED = text(
    """
    SELECT wanted.muster_id, wanted.person_id
    FROM unnest(:things, :persons) AS wanted(muster_id, person_id)
    JOIN muster_entries e ON e.muster_id = wanted.muster_id AND e.person_id = wanted.person_id
    WHERE e.status = 'unaccounted'
    """
).bindparams(*_GIVEN)
# Who has been at the gate alone is not out of a zone in which they were never seen; and of whom the server has lost
# track nobody knows that they left.
_OFF_SITE = text(
    """
    SELECT wanted.place_id, wanted.person_id
    FROM unnest(:things, :persons) AS wanted(place_id, person_id)
    JOIN places place ON place.id = wanted.place_id
    JOIN LATERAL (
        SELECT v.left_at, v.end_reason
        FROM visits v JOIN places part ON part.id = v.place_id
        WHERE v.person_id = wanted.person_id AND part.site_id = place.site_id
            AND (v.left_at IS NULL OR v.left_at > :since)
        ORDER BY place.kind = 'zone' AND v.place_id = place.id DESC, v.left_at DESC NULLS FIRST LIMIT 1
    ) AS stay ON stay.left_at IS NOT NULL AND coalesce(stay.end_reason, '') <> ALL (:lost)
    """
).bindparams(*_GIVEN)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the queries say of a batch: of (post, person), (roll call, person), and (scope, person)."""

    met: dict[_Pair, frozenset[str]]
    called: set[_Pair]
    followers: dict[_Pair, Follower]
    managed: set[_Pair]
    left: set[_Pair]


def outgoing_of(session: Session, deliveries: Sequence[OutgoingDelivery]) -> list[Outgoing]:
    """Claimed deliveries, in their order, with their notifications as they are now."""
    if not deliveries:
        return []
    ids = list({delivery.notification_id for delivery in deliveries})
    found = typed(session.execute(_NOTIFICATIONS, {"ids": ids}), OutgoingNotification)
    notifications = {notification.id: notification for notification in found}
    return [Outgoing(delivery, notifications[delivery.notification_id]) for delivery in deliveries]


def gather(session: Session, outgoing: Sequence[Outgoing]) -> list[Known]:
    """What is known of each, in their order."""
    found = _ask(session, [one for one in outgoing if one.delivery.action == "show"])
    notifications = {one.notification.id: one.notification for one in outgoing}
    subjects = {each: _subject(notification) for each, notification in notifications.items()}
    return [_known(*one, subjects[one.notification.id], found) for one in outgoing]


def _ask(session: Session, shown: Sequence[Outgoing]) -> _Found:
    said = [one for one in shown if one.delivery.why in IN_A_SCOPE]
    held_back_elsewhere = [
        one
        for one in said
        if one.notification.scope_kind in _PLACES
        and one.delivery.why != "alert"
        and one.delivery.off_site == "quiet"
    ]
    calls = [one for one in shown if one.delivery.why == "muster"]
    of_others = [one for one in shown if one.notification.kind == "unanswered"]
    return _Found(
        _met(session, _pairs(said, "subject_id")),
        _with_row(session, _CALLED, _pairs(calls, "subject_id")),
        followers_among(session, list(_pairs(shown, "scope_id"))),
        managing_among(session, _pairs(of_others, "about_id")),
        _with_row(
            session,
            _OFF_SITE,
            _pairs(held_back_elsewhere, "scope_id"),
            since=clock.now() - _TELLS,
            lost=list(LOST),
        ),
    )


def _pairs(outgoing: Iterable[Outgoing], thing: str) -> set[_Pair]:
    """Of each the thing with which its notification is concerned in this way, if any, and the person."""
    pairs = {(getattr(notification, thing), delivery.person_id) for delivery, notification in outgoing}
    return {(thing_id, person_id) for thing_id, person_id in pairs if thing_id is not None}


def _known(
    delivery: OutgoingDelivery, notification: OutgoingNotification, subject: Subject, found: _Found
) -> Known:
    person_id, scope_id = delivery.person_id, notification.scope_id
    about = (notification.subject_id, person_id)
    follower = None if scope_id is None else found.followers.get((scope_id, person_id))
    answered = delivery.why == "muster" and about not in found.called
    return Known(
        delivery.action,
        delivery.why,
        person_id,
        delivery.expires_at,
        Phone(
            delivery.holder_id == person_id,
            delivery.signed_in,
            delivery.push_address,
            delivery.last_seen_at,
        ),
        Wishes(
            delivery.timezone,
            delivery.quiet_hours,
            delivery.working_hours,
            delivery.do_not_disturb_until,
            delivery.on_call_until,
        ),
        subject,
        follower and Reads(follower.level, follower.since, follower.muted_until),
        _ANSWERED if answered else found.met.get(about, _NOTHING),
        (scope_id, person_id) in found.left,
        notification.kind != "unanswered" or (notification.about_id, person_id) in found.managed,
    )


def _subject(notification: OutgoingNotification) -> Subject:
    return Subject(
        notification.subject_id,
        notification.scope_id,
        notification.facts.get("type") or "",
        notification.subject_position or 0,
        notification.actor_id,
        notification.asks_acknowledgement,
        notification.over,
        notification.valid_until,
    )


def _met(session: Session, pairs: set[_Pair]) -> dict[_Pair, frozenset[str]]:
    """How those persons who know of a post know of it."""
    return {
        (row.subject_id, row.person_id): frozenset(way for way in _WAYS if getattr(row, way))
        for row in _rows(session, _MET, pairs)
        if row.acknowledged or row.read or row.seen
    }


def _with_row(session: Session, query: TextClause, pairs: set[_Pair], **values: Any) -> set[_Pair]:
    """Those of the pairs for which the query has a row."""
    return {(thing_id, person_id) for thing_id, person_id in _rows(session, query, pairs, **values)}


def _rows(session: Session, query: TextClause, pairs: set[_Pair], **values: Any) -> Sequence[AnyRow]:
    if not pairs:
        return []
    things, persons = zip(*pairs, strict=True)
    return session.execute(query, {"things": list(things), "persons": list(persons), **values}).all()
