"""How far people have read.

A read position is a position of the journal, kept as the post up to which somebody has read: what the journal told of
before it was there to be read, too. The view `reads` says where it stands (`read_to`): at the post's position or at one
that is later. While the journal has not told of the post, all that it has told of comes before it.

It never goes back.

Whether others see who has read what is the scope's own setting (`receipts_since`), and what was read before it was
switched on stays unseen.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.errors import Forbidden, NotFound
from geo.presence.accounts import account_of
from geo.presence.late import scope_then
from journal.catalogue import READ_ADVANCED
from journal.events import Event, append
from journal.order import NOT_YET, begun_at
from journal.tail import head_in_epoch
from people.actor import Actor
from people.audience import FIRST_ID
from people.models import Person, Scope
from people.permissions import Permission
from social.models import Post, reads
from social.posts import in_reach, post_for, still_holds
from social.unread import wire_read
from social.wire import select_posts

# What is there already is compared as it is when its lock is had, and not as the statement found it: another device may
# have moved it meanwhile.
_MARK = text(
    """
    INSERT INTO read_positions AS r (person_id, scope_id, organisation_id, post_id, position, read_at)
    VALUES (:me, :scope, :organisation, :post, :position, :now)
    ON CONFLICT (person_id, scope_id) DO UPDATE
    SET post_id = excluded.post_id, read_at = excluded.read_at, position = greatest(
        r.position, excluded.position, (SELECT s.position FROM subject_positions s WHERE s.subject_id = r.post_id))
    WHERE (
        greatest(excluded.position, coalesce(
            (SELECT s.position FROM subject_positions s WHERE s.subject_id = excluded.post_id), :not_yet)),
        excluded.post_id
    ) > (
        greatest(r.position, coalesce(
            (SELECT s.position FROM subject_positions s WHERE s.subject_id = r.post_id), :not_yet)),
        r.post_id
    )
    RETURNING r.post_id
    """
).bindparams(bindparam("not_yet", NOT_YET, BigInteger))
_MINE = text(
    "SELECT scope_id, post_id, read_at, read_to FROM reads WHERE person_id = :me AND scope_id = :scope"
)


class ReceiptsOff(Forbidden):
    """The scope does not show who has read what."""

    code, title = "receipts_off", "This scope does not show who has read what"


def mark_read(
    session: Session,
    actor: Actor,
    scope_id: UUID,
    post_id: UUID,
    position: int | None = None,
    epoch: str | None = None,
    *,
    at: datetime | None = None,
) -> dict[str, Any]:
    """Say that one has read up to a post, and all that the journal has told of up to `position`, if one knows that.

    A position of another `epoch` says nothing.

    What is behind the present position changes nothing. `at` is when, for a phone that says so later. The person's
    other devices hear `read.advanced`. Who has left since is told again how far they had read. Raises `NotFound` for
    a post that is not in the scope.
    """
    mine = {"me": actor.person_id, "scope": scope_id}
    try:
        scope = scope_then(session, actor, scope_id, Permission.POSTS_READ, at)
    except (Forbidden, NotFound):
        held = session.execute(_MINE, mine).one_or_none()
        if held is None or not session.scalar(_reaches(held, post_id)):
            raise
        return wire_read(held)
    post = session.execute(select_posts().where(Post.id == post_id, Post.scope_id == scope_id)).one_or_none()
    if post is None or not scope.window.shows(post_id, post.position, holds=still_holds(post)):
        raise NotFound
    if not in_reach(actor, scope, post, at):
        raise NotFound
    head = head_in_epoch(session, actor.organisation_id)
    told = min(position or 0, head.position) if epoch in (None, str(head.epoch)) else 0
    advanced = _advance(session, actor, scope_id, post, told)
    present = session.execute(_MINE, mine).one()
    if advanced:
        _tell(session, actor, present)
    return wire_read(present)


def readers(
    session: Session, actor: Actor, post_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of those who have read up to a post or beyond, by their ids; for its author and for managers.

    Who reads a place's scope by being there is named to those who may see who is there, as a look that is written down,
    and to no colleague; nobody is where a site shows numbers alone. Raises `ReceiptsOff` where the scope shows it not.
    """
    row, scope = post_for(session, actor, post_id, Permission.POSTS_READ)
    if row.author_id != actor.person_id and not scope.grants(Permission.POSTS_MODERATE):
        raise Forbidden("Only the author or a manager sees who has read a post.", code="not_the_author")
    since = session.scalar(select(Scope.receipts_since).where(Scope.id == scope.id))
    if since is None:
        raise ReceiptsOff
    account = account_of(session, scope.id)
    by_presence = account.was_by_presence(Person.id, reads.c.read_at)
    found = session.execute(
        select(Person.id, Person.name, reads.c.read_at, by_presence)
        .join(reads, reads.c.person_id == Person.id)
        .where(
            reads.c.scope_id == scope.id,
            _has_read(row),
            reads.c.read_at >= since,
            Person.id != row.author_id,
            Person.id > (after or FIRST_ID),
            account.may_name(Person.id, reads.c.read_at, those_there=scope.grants(Permission.VISITS_READ)),
        )
        .order_by(Person.id)
        .limit(limit)
    ).all()
    there = [person_id for person_id, _, _, was_there in found if was_there]
    account.record_look(session, actor, there, "Who has read a post")
    return [
        {"person": {"id": str(person_id), "name": name}, "read_at": clock.wire(read_at)}
        for person_id, name, read_at, _ in found
    ]


def _has_read(post: AnyRow) -> ColumnElement[bool]:
    """Whether a read position is at a post or beyond; ids say which of two comes first that have no position yet."""
    if post.position is not None:
        return reads.c.read_to >= post.position
    return and_(reads.c.read_to == NOT_YET, reads.c.post_id >= post.id)


def _advance(session: Session, actor: Actor, scope_id: UUID, post: AnyRow, told: int) -> bool:
    """One statement, so that two devices cannot take each other's position back."""
    marked = {
        "me": actor.person_id,
        "scope": scope_id,
        "organisation": actor.organisation_id,
        "post": post.id,
        "position": max(post.position or 0, told),
        "now": clock.now(),
    }
    return session.execute(_MARK, marked).one_or_none() is not None


def _reaches(held: AnyRow, post_id: UUID) -> Select[bool]:
    """Whether a read position is at a post of its scope, or beyond it."""
    reached = tuple_(literal(held.read_to, BigInteger), literal(held.post_id, Uuid))
    there = tuple_(begun_at(Post.id), Post.id) <= reached
    return select(there).where(Post.id == post_id, Post.scope_id == held.scope_id)


def _tell(session: Session, actor: Actor, position: AnyRow) -> None:
    event = Event(
        READ_ADVANCED,
        subject_id=position.scope_id,
        payload=wire_read(position) | {"device_id": str(actor.device_id)},
        person_id=actor.person_id,
        actor_id=actor.person_id,
    )
    append(session, actor.organisation_id, event)
