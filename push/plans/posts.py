"""New posts, announcements and alerts: whom of the scope's audience they are told to, and what for.

Most events are posts, and a busy scope has many at a time. So neighbours of one scope are planned together, with the
audience worked out once for them, by a statement that is built once for all.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    DateTime,
    Select,
    Text,
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
from base.arrays import arrays
from base.database import AnyRow
from people.audience import everyone_of, members_of
from people.models import Membership, Scope
from push.plans.queue import Tiding, at_their_level, count, insertion, notify_each
from push.rules import expires_at
from social.models import Post

_AT = DateTime(timezone=True)
_TOGETHER = 5_000  # people whom the posts of one statement reach, each counted for each post
_SCOPE_ID: BindParameter[UUID] = bindparam("scope_id", type_=Uuid)
_ORGANISATION_ID: BindParameter[UUID] = bindparam("organisation_id", type_=Uuid)
_NOW: BindParameter[datetime] = bindparam("now", type_=_AT)
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
    """Posts of one scope, as many at a time as one short statement can tell to all; one where it reaches everyone."""
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
    """Posts of one scope are told to those whom its news reach, as their levels say, but never to their authors."""
    direct = session.scalars(_KIND, {"scope_id": events[0].scope_id}).one() == "direct"
    timely = [
        tiding for tiding in (_tiding(event, direct=direct) for event in events) if tiding[3] > clock.now()
    ]
    if not timely:
        return 0
    notify_each(session, timely)
    whole = events[0].scope_id == events[0].organisation_id
    return count(session, _telling(whole=whole), _values(session, timely))


def facts_of(event: AnyRow) -> dict[str, Any]:
    """What a post's notification keeps: no words and no names, which are looked up as they are at the sending."""
    return {"type": event.type, "post_id": str(event.subject_id)}


def _tiding(event: AnyRow, *, direct: bool) -> Tiding:
    post = event.payload
    kind = post.get("kind", "post")
    if kind == "post":
        kind = "direct" if direct else "message"
    until = expires_at(kind, event.occurred_at, clock.read_or_none(post.get("valid_until")))
    return event, kind, facts_of(event), until


def _values(session: Session, tidings: Sequence[Tiding]) -> dict[str, Any]:
    events = [event for event, *_ in tidings]
    naming = [(event, mention) for event in events for mention in event.payload["mentions"]]
    return {
        "now": clock.now(),
        "organisation_id": events[0].organisation_id,
        "scope_id": events[0].scope_id,
        "notes": [event.event_id for event in events],
        "posts": [event.subject_id for event in events],
        "authors": [UUID(event.payload["author"]["id"]) for event in events],
        "asked": _asked(session, events),
        "kinds": [kind for _, kind, _, _ in tidings],
        "until": [until for *_, until in tidings],
        "naming": [event.event_id for event, _ in naming],
        "named": [UUID(mention["id"]) for _, mention in naming],
    }


def _asked(session: Session, events: Sequence[AnyRow]) -> list[UUID | None]:
    """Whose post each of them answers."""
    answered = [event.payload["parent_id"] for event in events]
    parents = [UUID(parent) for parent in answered if parent is not None]
    if not parents:
        return [None] * len(events)
    answers = session.execute(select(Post.id, Post.author_id).where(Post.id.in_(parents)))
    authors = {row.id: row.author_id for row in answers}
    return [None if parent is None else authors.get(UUID(parent)) for parent in answered]


@cache
def _telling(*, whole: bool) -> Insert:
    """The deliveries of posts of one scope, whose values are given as arrays; `whole`: the organisation's own scope."""
    told = _told(everyone_of(_ORGANISATION_ID) if whole else members_of(_SCOPE_ID))
    return insertion(_ORGANISATION_ID, told, now=_NOW).on_conflict_do_nothing()


def _told(audience: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Who of an audience is told of which post, at their level; a mention and a reply to one's own post count more."""
    whom, posts = audience.subquery("audience"), arrays("posts", _POSTS)
    naming = arrays("naming", {"naming": ("note_id", Uuid), "named": ("person_id", Uuid)})
    named = tuple_(posts.c.notification_id, whom.c.person_id).in_(select(naming))
    why = case(
        (posts.c.kind != "message", posts.c.kind),
        (named, "mention"),
        (whom.c.person_id == posts.c.asked, "reply"),
        else_="message",
    )
    return (
        select(whom.c.person_id, why.label("why"), posts.c.notification_id, posts.c.expires_at)
        .select_from(whom.join(posts, true()))
        .where(
            whom.c.person_id != posts.c.author_id,
            whom.c.since_id <= posts.c.post_id,
            at_their_level(whom, why, _NOW),
        )
    )


_POSTS = {
    "notes": ("notification_id", Uuid),
    "posts": ("post_id", Uuid),
    "authors": ("author_id", Uuid),
    "asked": ("asked", Uuid),
    "kinds": ("kind", Text),
    "until": ("expires_at", _AT),
}
