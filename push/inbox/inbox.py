"""The list in the app: what concerned a person, whatever woke their phone, with whether it was read."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from geo.models.musters import Muster, MusterEntry
from geo.musters.board import wire_card
from people.actor import Actor
from people.audience import Window, followed_by, follows_of, visible_of, window_of
from people.models import Person
from push.inbox.statement import SCOPES, SeenScope, count_unread, items
from push.models import Notification
from social.models import Mention, Post
from social.unread import COUNTED
from social.wire import COLUMNS, wire_post

_NEWEST = UUID(int=2**128 - 1)


def inbox(
    session: Session, actor: Actor, before: UUID | None, limit: int, *, unread: bool
) -> list[dict[str, Any]]:
    """A page of what concerned the actor, newest first; `unread`: that alone."""
    values = {"me": actor.person_id, "before": before or _NEWEST, "most": limit}
    values |= _concerning(session, actor)
    return [_wire(session, actor, row) for row in session.execute(_items_with_posts(unread=unread), values)]


def unread_count(session: Session, actor: Actor) -> int:
    """How much of it is unread; counted up to `COUNTED`."""
    values = _concerning(session, actor) | _counted(actor.person_id)
    return session.scalar(count_unread(), values) or 0


def unread_posts(session: Session, person_id: UUID, followed: Sequence[Window]) -> Sequence[AnyRow]:
    """The newest unread posts that concern a person (item_id, why, scope_id) of these scopes, at most `COUNTED`."""
    posts = items(unread=True).add_columns(Post.scope_id).where(Post.id.is_not(None))
    scopes = _scopes(session, person_id, followed)
    return session.execute(posts, scopes | _counted(person_id)).all()


@cache
def _items_with_posts(*, unread: bool) -> Select[*tuple[Any, ...]]:
    return items(unread=unread).add_columns(*COLUMNS).outerjoin(Person, Person.id == Post.author_id)


def _concerning(session: Session, actor: Actor) -> dict[str, Any]:
    """What one follows, and the other scopes that one may read and was named or answered in: not all that are open."""
    visible = visible_of(actor).subquery("visible")
    named = select(Mention.scope_id).where(Mention.person_id == actor.person_id)
    answered = select(Post.scope_id).where(Post.replied_to == actor.person_id)
    concerned = union(followed_by(actor), named, answered).subquery("concerned")
    rows = session.execute(select(visible).where(visible.c.scope_id.in_(select(concerned))))
    return SCOPES.values(_seen(row) for row in rows)


def _seen(row: AnyRow) -> SeenScope:
    seen = window_of(row.scope_id, row.since, row.started_at)
    begun_id = window_of(row.scope_id, row.begun, row.started_at).since_id
    return SeenScope(row.scope_id, seen.since, seen.since_id, row.begun, begun_id, row.follows)


def _counted(person_id: UUID) -> dict[str, Any]:
    return {"me": person_id, "before": _NEWEST, "most": COUNTED}


def _scopes(session: Session, person_id: UUID, followed: Sequence[Window]) -> dict[str, Any]:
    """The scopes whose posts may be listed: from where on one reads each, and since when one follows it."""
    follows = {each.scope_id: each for each in follows_of(session, [person_id])}
    return SCOPES.values(
        SeenScope(scope.scope_id, scope.since, scope.since_id, begun.begun, begun.begun_id, True)
        for scope in followed
        if (begun := follows.get(scope.scope_id)) is not None
    )


def _wire(session: Session, actor: Actor, row: AnyRow) -> dict[str, Any]:
    item: dict[str, Any] = {"id": str(row.item_id), "why": row.why, "read": row.read}
    item |= {"scope_id": None, "post": None, "muster": None, "digest": None}
    if row.why == "muster":
        return item | _of_muster(session, actor, row.item_id)
    if row.why == "digest":
        digest = session.get_one(Notification, row.item_id)
        return item | {"at": clock.wire(digest.created_at), "digest": digest.facts["digest"]}
    return item | {"at": clock.wire(row.created_at), "scope_id": str(row.scope_id), "post": wire_post(row)}


def _of_muster(session: Session, actor: Actor, muster_id: UUID) -> dict[str, Any]:
    muster = session.get_one(Muster, muster_id)
    entry = session.get_one(MusterEntry, (muster_id, actor.person_id))
    return {
        "at": clock.wire(muster.started_at),
        "read": entry.status != "unaccounted" or muster.ended_at is not None,
        "muster": wire_card(session, muster, entry),
    }
