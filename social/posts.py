"""Posts that are there: edited, deleted, read. Each change writes its event in the same transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.errors import Conflict, Forbidden, NotFound
from geo.presence.accounts import account_of
from geo.presence.late import scope_then, was_there_to_read
from journal.catalogue import POST_DELETED, POST_UPDATED
from journal.event_types import EventType
from journal.events import Event, append
from people.actor import Actor
from people.audience import ScopeInSight
from people.permissions import Permission
from people.scopes.scopes import refuse_absent
from social.mentions import check_mentions, set_mentions
from social.models import Acknowledgement, Post
from social.wire import select_posts, wire_post

ORDINARY = "post"


class PostDeleted(Conflict):
    """The post was deleted; nothing can be done to it any more."""

    code, title = "post_deleted", "This post was deleted"


class EditSuperseded(Conflict):
    """The post was edited after this edit was written."""

    code, title = "edit_superseded", "The post was edited again meanwhile"


class NoticeAsks(Conflict):
    """Somebody has given their word on what the notice said."""

    code, title = "notice_asks", "Somebody has acknowledged these words; end the notice and write another"


def edit(
    session: Session,
    actor: Actor,
    post_id: UUID,
    changes: dict[str, Any],
    *,
    written_at: datetime | None = None,
) -> dict[str, Any]:
    """Change one's own words, and whom they name; raises `PostDeleted`, `Forbidden` for others' posts, or
    `NoticeAsks` once somebody has acknowledged them.

    An edit that waited on a phone (`written_at`) does not undo a later one: `EditSuperseded`.
    """
    row, scope = post_for(session, actor, post_id, Permission.POSTS_WRITE, lock=True, at=written_at)
    check_alive(row)
    if row.author_id != actor.person_id:
        raise Forbidden("Only the author can edit a post.", code="not_the_author")
    if row.kind != ORDINARY and not scope.grants(Permission.ANNOUNCE):
        raise Forbidden  # who manages no more does not speak for the managers any more
    if row.asks_acknowledgement and _may_be_acknowledged(session, scope.id, post_id):
        raise NoticeAsks
    if written_at is not None and row.edited_at is not None and written_at < row.edited_at:
        raise EditSuperseded
    if "mentions" in changes:
        check_mentions(session, actor, scope, changes["mentions"])
        set_mentions(session, actor, scope.id, post_id, changes["mentions"])
    edited = {"text": changes["text"], "edited_at": clock.now(), "version": Post.version + 1}
    session.execute(update(Post).where(Post.id == post_id).values(edited))
    return tell(session, actor.organisation_id, POST_UPDATED, post_id, actor.person_id)


def delete(session: Session, actor: Actor, post_id: UUID, *, at: datetime | None = None) -> UUID | None:
    """Delete one's own post, or as a moderator anybody's; its words leave every read path at once.

    Returns whose it was; None: it was deleted before.

    `at` is when, for a phone that says so later. One's own post that is deleted already is, wherever one is now.
    """
    try:
        row, scope = post_for(session, actor, post_id, Permission.POSTS_READ, lock=True, at=at)
    except (Forbidden, NotFound):
        if not _is_deleted(session, actor, post_id):
            raise
        return None
    moderates = scope.grants(Permission.POSTS_MODERATE)
    if row.author_id != actor.person_id and not moderates:
        raise Forbidden("Only the author or a manager can delete a post.", code="not_the_author")
    if row.deleted_at is not None:
        return None
    changes = {"text": "", "point": None, "deleted_at": clock.now(), "version": Post.version + 1}
    session.execute(update(Post).where(Post.id == post_id).values(changes))
    set_mentions(session, actor, row.scope_id, post_id, ())
    tell(session, actor.organisation_id, POST_DELETED, post_id, actor.person_id)
    return row.author_id


def read(session: Session, actor: Actor, post_id: UUID) -> dict[str, Any]:
    """One post that the actor may see."""
    row, _ = post_for(session, actor, post_id, Permission.POSTS_READ)
    return wire_post(row)


def post_for(
    session: Session,
    actor: Actor,
    post_id: UUID,
    permission: Permission,
    *,
    lock: bool = False,
    at: datetime | None = None,
) -> tuple[AnyRow, ScopeInSight]:
    """Load a post and check the permission; `NotFound` also for what was said and is over before one came.

    With `at` it is enough to have had the permission then (`scope_then`), for one's own and what was said by then.
    """
    query = select_posts().where(Post.id == post_id)
    row = session.execute(query.with_for_update(of=Post) if lock else query).one_or_none()
    if row is None:
        refuse_absent(session, actor, post_id)
    scope = scope_then(session, actor, row.scope_id, permission, at)
    if not scope.window.shows(post_id, row.position, holds=still_holds(row)):
        raise NotFound
    if not in_reach(actor, scope, row, at):
        raise NotFound
    return row, scope


def in_reach(actor: Actor, scope: ScopeInSight, row: AnyRow, at: datetime | None) -> bool:
    """Whether a post (its author_id and created_at) is the actor's own, or had been said by the moment `at`, where
    it is that moment alone that lets them in (`scope_then`).
    """
    return row.author_id == actor.person_id or was_there_to_read(scope, row.created_at, at)


def still_holds(row: AnyRow) -> bool:
    """Whether it is a notice with an end that has not come: it is for everybody who is there now."""
    over = row.ended_at is not None or row.deleted_at is not None
    return row.kind != ORDINARY and not over and row.valid_until is not None and row.valid_until > clock.now()


def check_alive(row: AnyRow) -> None:
    """Raise `PostDeleted` for a tombstone."""
    if row.deleted_at is not None:
        raise PostDeleted


def _may_be_acknowledged(session: Session, scope_id: UUID, post_id: UUID) -> bool:
    """Whether somebody has acknowledged it, as far as that may be known."""
    acknowledged = select(exists().where(Acknowledgement.post_id == post_id))
    return account_of(session, scope_id).numbers_alone or bool(session.scalar(acknowledged))


def _is_deleted(session: Session, actor: Actor, post_id: UUID) -> bool:
    gone = exists().where(Post.id == post_id, Post.author_id == actor.person_id, Post.deleted_at.is_not(None))
    return bool(session.scalar(select(gone)))


def tell(
    session: Session, organisation_id: UUID, event_type: EventType, post_id: UUID, actor_id: UUID | None
) -> dict[str, Any]:
    """Write the event of a change, with the post as it stands now; without an actor time itself did it."""
    row = session.execute(select_posts().where(Post.id == post_id)).one()
    payload = wire_post(row)
    event = Event(event_type, subject_id=post_id, payload=payload, scope_id=row.scope_id, actor_id=actor_id)
    append(session, organisation_id, event)
    return payload
