"""How far people have read, and what that leaves unread.

A read position is the id of the last post read in a scope. Ids are in the order of time, so unread posts are a stretch
of the feed's index; it is counted up to 100 for each followed scope, and there is no counter that could go wrong.
What was said before somebody came is not unread, and neither are one's own posts and deleted ones.

Whether others see who has read what is the scope's own setting (`receipts_since`), and what was read before it was
switched on stays unseen.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, bindparam, exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import AnyRow
from base.errors import Forbidden, NotFound
from geo.presence.late import scope_then
from journal.catalogue import READ_ADVANCED
from journal.events import Event, append
from people.actor import Actor
from people.audience import BEGINNING, following_from, following_of
from people.models import Person, Scope
from people.permissions import Permission
from social.models import Post, ReadPosition
from social.posts import in_reach, post_for

COUNTED = 100
_POSITION = (ReadPosition.scope_id, ReadPosition.post_id, ReadPosition.read_at)
_UNREAD = text(
    """
    SELECT wanted.scope_id, r.post_id, r.read_at, unread.n AS unread, mentions.n AS mentions
    FROM unnest(:scopes, :froms) AS wanted(scope_id, from_id)
    LEFT JOIN read_positions r ON r.person_id = :me AND r.scope_id = wanted.scope_id
    CROSS JOIN LATERAL (SELECT greatest(wanted.from_id, r.post_id) AS id) AS last
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (
            SELECT FROM posts p
            WHERE p.scope_id = wanted.scope_id AND p.id > last.id
                AND p.author_id <> :me AND p.deleted_at IS NULL
            ORDER BY p.id DESC LIMIT :most
        ) AS counted
    ) AS unread
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (
            SELECT FROM mentions m JOIN posts p ON p.id = m.post_id
            WHERE m.person_id = :me AND m.scope_id = wanted.scope_id AND m.post_id > last.id AND p.author_id <> :me
            ORDER BY m.post_id DESC LIMIT :most
        ) AS counted
    ) AS mentions
    ORDER BY wanted.scope_id
    """
).bindparams(bindparam("scopes", type_=ARRAY(Uuid)), bindparam("froms", type_=ARRAY(Uuid)))


# Scopes are looked at only until a person's badge is full.
_BADGES = text(
    """
    SELECT one.person_id, (
        SELECT count(*) FROM (
            SELECT FROM unnest(one.scopes, one.froms) AS wanted(scope_id, from_id)
            CROSS JOIN LATERAL (
                SELECT greatest(wanted.from_id, (
                    SELECT r.post_id FROM read_positions r
                    WHERE r.person_id = one.person_id AND r.scope_id = wanted.scope_id)) AS id
            ) AS last
            CROSS JOIN LATERAL (
                SELECT FROM posts p
                WHERE p.scope_id = wanted.scope_id AND p.id > last.id
                    AND p.author_id <> one.person_id AND p.deleted_at IS NULL
                ORDER BY p.id DESC LIMIT :most
            ) AS unread
            LIMIT :most
        ) AS counted
    ) AS unread
    FROM (
        SELECT person_id, array_agg(scope_id) AS scopes, array_agg(from_id) AS froms
        FROM unnest(:persons, :scopes, :froms) AS follows(person_id, scope_id, from_id) GROUP BY person_id
    ) AS one
    """
).bindparams(*(bindparam(name, type_=ARRAY(Uuid)) for name in ("persons", "scopes", "froms")))


class ReceiptsOff(Forbidden):
    """The scope does not show who has read what."""

    code, title = "receipts_off", "This scope does not show who has read what"


def mark_read(
    session: Session, actor: Actor, scope_id: UUID, post_id: UUID, *, at: datetime | None = None
) -> dict[str, Any]:
    """Say that one has read up to a post; what is behind the present position changes nothing.

    `at` is when, for a phone that says so later. The person's other devices hear `read.advanced`. Raises `NotFound`
    for a post that is not in the scope. Who has left since is told again how far they had read.
    """
    try:
        scope = scope_then(session, actor, scope_id, Permission.POSTS_READ, at)
    except (Forbidden, NotFound):
        as_far = exists().where(*_own(actor, scope_id), ReadPosition.post_id >= post_id)
        if not session.scalar(select(as_far)):
            raise
        return _held(session, actor, scope_id)
    inside = select(Post.author_id, Post.created_at).where(
        Post.id == post_id, Post.scope_id == scope_id, Post.id >= scope.since_id
    )
    row = session.execute(inside).one_or_none()
    if row is None or not in_reach(actor, scope, row, at):
        raise NotFound
    advanced = session.execute(_advance(actor, scope_id, post_id)).one_or_none()
    if advanced is not None:
        _tell(session, actor, advanced)
        return wire_read(advanced)
    return _held(session, actor, scope_id)


def wire_read(row: AnyRow) -> dict[str, Any]:
    """A read position as REST and `read.advanced` carry it."""
    return {
        "scope_id": str(row.scope_id),
        "post_id": None if row.post_id is None else str(row.post_id),
        "read_at": clock.wire_or_none(row.read_at),
    }


def unread(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """For every followed scope: the read position, and how many posts and mentions are unread, `COUNTED` at most."""
    starts = following_from(session, actor.person_id, actor.organisation_id)
    values = {
        "scopes": list(starts),
        "froms": [ids.first_id_at(start) for start in starts.values()],
        "me": actor.person_id,
        "most": COUNTED,
    }
    return [
        wire_read(row) | {"unread": row.unread, "mentions": row.mentions}
        for row in session.execute(_UNREAD, values)
    ]


def badges(session: Session, persons: Collection[UUID]) -> dict[UUID, int]:
    """How many posts are unread for each person, over all scopes, as the app's badge shows it; `COUNTED` at most."""
    if not persons:
        return {}
    followed = following_of(session, list(persons))
    values = {
        "persons": [person_id for person_id, _, _ in followed],
        "scopes": [scope_id for _, scope_id, _ in followed],
        "froms": [ids.first_id_at(since) for _, _, since in followed],
        "most": COUNTED,
    }
    return {person_id: int(unread) for person_id, unread in session.execute(_BADGES, values)}


def readers(
    session: Session, actor: Actor, post_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of those who have read up to a post or beyond, by their ids; for its author and for managers.

    Raises `ReceiptsOff` where the scope does not show it.
    """
    row, scope = post_for(session, actor, post_id, Permission.POSTS_READ)
    if row.author_id != actor.person_id and not scope.grants(Permission.POSTS_MODERATE):
        raise Forbidden("Only the author or a manager sees who has read a post.", code="not_the_author")
    since = session.scalar(select(Scope.receipts_since).where(Scope.id == scope.id))
    if since is None:
        raise ReceiptsOff
    found = session.execute(
        select(Person.id, Person.name, ReadPosition.read_at)
        .join(ReadPosition, ReadPosition.person_id == Person.id)
        .where(
            ReadPosition.scope_id == scope.id,
            ReadPosition.post_id >= post_id,
            ReadPosition.read_at >= since,
            Person.id != row.author_id,
            Person.id > (after or BEGINNING),
        )
        .order_by(Person.id)
        .limit(limit)
    )
    return [
        {"person": {"id": str(person_id), "name": name}, "read_at": clock.wire(read_at)}
        for person_id, name, read_at in found
    ]


def _own(actor: Actor, scope_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return ReadPosition.person_id == actor.person_id, ReadPosition.scope_id == scope_id


def _held(session: Session, actor: Actor, scope_id: UUID) -> dict[str, Any]:
    return wire_read(session.execute(select(*_POSITION).where(*_own(actor, scope_id))).one())


def _advance(actor: Actor, scope_id: UUID, post_id: UUID) -> Any:
    """One statement, so that two devices cannot take each other's position back."""
    position = insert(ReadPosition).values(
        person_id=actor.person_id,
        scope_id=scope_id,
        organisation_id=actor.organisation_id,
        post_id=post_id,
        read_at=clock.now(),
    )
    return position.on_conflict_do_update(
        index_elements=[ReadPosition.person_id, ReadPosition.scope_id],
        set_={"post_id": position.excluded.post_id, "read_at": position.excluded.read_at},
        where=ReadPosition.post_id < position.excluded.post_id,
    ).returning(*_POSITION)


def _tell(session: Session, actor: Actor, position: AnyRow) -> None:
    event = Event(
        READ_ADVANCED,
        subject_id=position.scope_id,
        payload=wire_read(position),
        person_id=actor.person_id,
        actor_id=actor.person_id,
    )
    append(session, actor.organisation_id, event)
