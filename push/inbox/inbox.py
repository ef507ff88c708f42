"""The list in the app: what concerned a person, whatever woke their phone, with whether it was read."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import AnyRow
from geo.models.musters import Muster, MusterEntry
from geo.musters.board import wire_card
from people.actor import Actor
from people.audience import BEGINNING, Window, following, following_from, visible
from people.models import Person
from push.inbox.statement import COUNT, ITEMS
from push.models import Notification
from social.models import Post
from social.reads import COUNTED
from social.wire import COLUMNS, wire_post

_NEWEST = UUID(int=2**128 - 1)


def inbox(
    session: Session, actor: Actor, before: UUID | None, limit: int, *, unread: bool
) -> list[dict[str, Any]]:
    """A page of what concerned the actor, newest first; `unread`: that alone."""
    items = ITEMS.subquery("items")
    query = (
        select(items, *COLUMNS)
        .select_from(items)
        .outerjoin(Post, Post.id == items.c.item_id)
        .outerjoin(Person, Person.id == Post.author_id)
        .order_by(items.c.item_id.desc())
    )
    values = _values(session, actor) | {"before": before or _NEWEST, "most": limit, "all": not unread}
    return [_wire(session, actor, row) for row in session.execute(query, values)]


def unread_count(session: Session, actor: Actor) -> int:
    """How much of it is unread; counted up to `COUNTED`."""
    values = _values(session, actor) | {"before": _NEWEST, "most": COUNTED, "all": False}
    return session.scalar(COUNT, values) or 0


def unread_posts(
    session: Session, person_id: UUID, readable: Sequence[Window], organisation_id: UUID
) -> Sequence[AnyRow]:
    """The newest unread posts that concern a person (item_id, why, scope_id) of these scopes, at most `COUNTED`."""
    items = ITEMS.subquery("items")
    query = select(items.c.item_id, items.c.why, Post.scope_id).join(Post, Post.id == items.c.item_id)
    values = _values_of(session, person_id, organisation_id, readable)
    values |= {"before": _NEWEST, "most": COUNTED, "all": False}
    return session.execute(query.order_by(items.c.item_id.desc()), values).all()


def _values(session: Session, actor: Actor) -> dict[str, Any]:
    return _values_of(session, actor.person_id, actor.organisation_id, visible(session, actor))


def _values_of(
    session: Session, person_id: UUID, organisation_id: UUID, readable: Sequence[Window]
) -> dict[str, Any]:
    """The scopes whose posts may be in it, each with from which id on one reads it, and since when one follows it."""
    follows = {scope.scope_id for scope in following(session, person_id, organisation_id)}
    starts = following_from(session, person_id, organisation_id)
    begun = {scope_id: ids.first_id_at(start) for scope_id, start in starts.items()}
    return {
        "me": person_id,
        "scopes": [scope.scope_id for scope in readable],
        "sinces": [scope.since_id for scope in readable],
        "froms": [begun.get(scope.scope_id, BEGINNING) for scope in readable],
        "follows": [scope.scope_id in follows for scope in readable],
    }


def _wire(session: Session, actor: Actor, row: AnyRow) -> dict[str, Any]:
    item: dict[str, Any] = {"id": str(row.item_id), "why": row.why, "read": row.read}
    item |= {"scope_id": None, "post": None, "muster": None, "digest": None}
    if row.why == "muster":
        return item | _of_muster(session, actor, row.item_id)
    if row.why == "digest":
        note = session.get_one(Notification, row.item_id)
        return item | {"at": clock.wire(note.created_at), "digest": note.facts["digest"]}
    return item | {"at": clock.wire(row.created_at), "scope_id": str(row.scope_id), "post": wire_post(row)}


def _of_muster(session: Session, actor: Actor, muster_id: UUID) -> dict[str, Any]:
    muster = session.get_one(Muster, muster_id)
    entry = session.get_one(MusterEntry, (muster_id, actor.person_id))
    return {
        "at": clock.wire(muster.started_at),
        "read": entry.status != "unaccounted" or muster.ended_at is not None,
        "muster": wire_card(session, muster, entry),
    }
