"""New posts, announcements and alerts: whom of the scope's audience they concern, and as what.

Most events are posts, and a busy scope has many at a time. So neighbours of one scope are planned together, with the
audience worked out once for them, by a statement that is built once for all.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    DateTime,
    Select,
    Uuid,
    bindparam,
    case,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.rows import GivenRows, rows_written
from people.audience import everyone_of, members_of
from people.models import Membership, Scope
from push.plans.deliveries import at_their_level, deliveries
from push.plans.queue import NewNotification, new_notification, notify_each
from push.rules import expires_at
from social.models import Post


class _Post(NamedTuple):
    """A post whose deliveries are queued; `kind` is what it is told for to whom it neither names nor answers."""

    notification_id: UUID
    position: int
    author_id: UUID
    answered_id: UUID | None  # the author of the post that it answers
    kind: str
    expires_at: datetime


class _Mention(NamedTuple):
    notification_id: UUID
    person_id: UUID


_POSTS = GivenRows("posts", _Post)
_MENTIONS = GivenRows("mentions", _Mention)
_TOGETHER = 5_000  # people whom the posts of one statement reach, each counted for each post
_SCOPE_ID: BindParameter[UUID] = bindparam("scope_id", type_=Uuid)
_ORGANISATION_ID: BindParameter[UUID] = bindparam("organisation_id", type_=Uuid)
_NOW: BindParameter[datetime] = bindparam("now", type_=DateTime(timezone=True))
_KIND = select(Scope.kind).where(Scope.id == _SCOPE_ID)
_MEMBERS = select(func.count()).select_from(
    select(Membership.id)
    .where(Membership.scope_id == _SCOPE_ID, Membership.ended_at.is_(None))
    .limit(bindparam("most"))
    .subquery()
)


def portions(
    session: Session, events: Sequence[AnyRow], people: int = _TOGETHER
) -> Iterator[Sequence[AnyRow]]:
    """Posts of one scope, as many at a time as one short statement can queue for all; one where it reaches everyone."""
    if len(events) == 1:
        yield events
        return
    first, size = events[0], 1
    if first.scope_id != first.organisation_id:
        members = session.scalar(_MEMBERS, {"scope_id": first.scope_id, "most": people}) or 0
        size = max(1, people // max(1, members))
    for begin in range(0, len(events), size):
        yield events[begin : begin + size]


def plan_posts(session: Session, events: Sequence[AnyRow]) -> int:
    """Posts of one scope, to those whom its news reach, as their levels say, but never to their authors."""
    scope_id, organisation_id = events[0].scope_id, events[0].organisation_id
    direct = session.scalars(_KIND, {"scope_id": scope_id}).one() == "direct"
    now = clock.now()
    notifications = {event.event_id: _notification(event, direct=direct) for event in events}
    timely = [event for event in events if notifications[event.event_id].expires_at > now]
    if not timely:
        return 0
    notify_each(session, [notifications[event.event_id] for event in timely])
    authors = _authors_answered(session, timely)
    posts = [_post(event, notifications[event.event_id], authors) for event in timely]
    values = {"now": clock.now(), "organisation_id": organisation_id, "scope_id": scope_id}
    values |= _POSTS.values(posts) | _MENTIONS.values(_mentions(timely))
    return rows_written(session, _deliveries_of_posts(whole=scope_id == organisation_id), values)


def facts_of(event: AnyRow) -> dict[str, Any]:
    """What a post's notification keeps: no words and no names, which are looked up as they are at the sending."""
    return {"type": event.type, "post_id": str(event.subject_id)}


def _notification(event: AnyRow, *, direct: bool) -> NewNotification:
    kind = event.payload.get("kind", "post")
    if kind == "post":
        kind = "direct" if direct else "message"
    valid_until = clock.read_or_none(event.payload.get("valid_until"))
    return new_notification(event, kind, facts_of(event), expires_at(kind, event.occurred_at, valid_until))


def _post(event: AnyRow, notification: NewNotification, authors: Mapping[str, UUID]) -> _Post:
    return _Post(
        notification.id,
        event.position,
        UUID(event.payload["author"]["id"]),
        authors.get(event.payload["parent_id"]),
        notification.kind,
        notification.expires_at,
    )


def _mentions(events: Sequence[AnyRow]) -> list[_Mention]:
    return [
        _Mention(event.event_id, UUID(person["id"]))
        for event in events
        for person in event.payload["mentions"]
    ]


def _authors_answered(session: Session, events: Sequence[AnyRow]) -> dict[str, UUID]:
    """The authors of the posts that these answer, by the posts' ids in wire form."""
    parents = {event.payload["parent_id"] for event in events} - {None}
    if not parents:
        return {}
    answered = session.execute(select(Post.id, Post.author_id).where(Post.id.in_(map(UUID, parents))))
    return {str(post_id): author_id for post_id, author_id in answered}


@cache
def _deliveries_of_posts(*, whole: bool) -> Insert:
    """The deliveries of given posts of one scope; `whole`: the organisation's own scope."""
    audience = everyone_of(_ORGANISATION_ID) if whole else members_of(_SCOPE_ID)
    return deliveries(_ORGANISATION_ID, _recipients(audience), now=_NOW).on_conflict_do_nothing()


def _recipients(audience: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Whom of an audience which post concerns, at their level; a mention and a reply to one's own post count more."""
    whom = audience.subquery("audience")
    named = tuple_(_POSTS.c.notification_id, whom.c.person_id).in_(select(_MENTIONS.table))
    why = case(
        (_POSTS.c.kind != "message", _POSTS.c.kind),
        (named, "mention"),
        (whom.c.person_id == _POSTS.c.answered_id, "reply"),
        else_="message",
    )
    return (
        select(whom.c.person_id, why.label("why"), _POSTS.c.notification_id, _POSTS.c.expires_at)
        .select_from(whom.join(_POSTS.table, true()))
        .where(
            whom.c.person_id != _POSTS.c.author_id,
            whom.c.since < _POSTS.c.position,
            at_their_level(whom, why, _NOW),
        )
    )
