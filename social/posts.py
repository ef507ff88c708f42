"""Posts and replies: publish, edit, delete, read one. Each change writes its event in the same transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKTElement
from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import AnyRow, table_of
from base.errors import Conflict, Forbidden, Invalid, NotFound
from geo.stays.grades import check_posting_grade
from journal.catalogue import POST_CREATED, POST_DELETED, POST_UPDATED
from journal.event_types import EventType
from journal.events import Event, append
from people.actor import Actor
from people.audience import ScopeInSight
from people.permissions import Permission, Standing
from people.scopes.member_lists import was_present
from people.scopes.scopes import NotAMember, scope_for, scope_in_sight
from social.mentions import check_mentions, set_mentions
from social.models import Acknowledgement, Post
from social.wire import select_posts, wire_post

_table = table_of(Post)


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


def publish(
    session: Session, actor: Actor, scope_id: UUID, draft: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """Write a post or reply into a scope; returns it and whether it is new.

    A `client_id` that the author used before gives the post of then: a phone that lost the answer asks again.
    """
    scope = _writable(session, actor, scope_id, draft.get("written_at"))
    if scope.standing in (Standing.MEMBER, Standing.OUTSIDER) and scope.kind in ("site", "zone"):
        check_posting_grade(session, actor.person_id, scope_id)
    return write_once(session, actor, scope, draft)


def write_once(
    session: Session, actor: Actor, scope: ScopeInSight, draft: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """As `publish`, into a scope for which the permission was checked, a notice's members included."""
    mentions = draft.get("mentions", ())
    # A repeat is answered as before even if those whom it names have gone. One that names nobody is found by inserting.
    names_others = mentions or draft.get("parent_id") is not None
    earlier = by_client_id(session, actor, draft.get("client_id")) if names_others else None
    if earlier is not None:
        return _same_post(earlier, scope.id, draft), False
    if draft.get("parent_id") is not None:
        parent_author = _check_parent(session, actor, scope.id, draft["parent_id"])
        draft = {**draft, "replied_to": None if parent_author == actor.person_id else parent_author}
    check_mentions(session, actor, scope, mentions)
    post_id = ids.new_id()
    written = session.execute(
        _insert(actor, scope.id, post_id, draft).on_conflict_do_nothing().returning(_table.c.id)
    ).one_or_none()
    if written is None:  # a twin with the same client_id has just committed
        twin = by_client_id(session, actor, draft.get("client_id"))
        if twin is None:
            raise Conflict
        return _same_post(twin, scope.id, draft), False
    if mentions:
        set_mentions(session, actor, scope.id, post_id, mentions)
    return tell(session, actor.organisation_id, POST_CREATED, post_id, actor.person_id), True


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
    row, scope = post_for(session, actor, post_id, Permission.POSTS_WRITE, lock=True)
    check_alive(row)
    if row.author_id != actor.person_id:
        raise Forbidden("Only the author can edit a post.", code="not_the_author")
    if row.kind != ORDINARY and not scope.grants(Permission.ANNOUNCE):
        raise Forbidden  # who manages no more does not speak for the managers any more
    if row.asks_acknowledgement and session.scalar(
        select(exists().where(Acknowledgement.post_id == post_id))
    ):
        raise NoticeAsks
    if written_at is not None and row.edited_at is not None and written_at < row.edited_at:
        raise EditSuperseded
    if "mentions" in changes:
        check_mentions(session, actor, scope, changes["mentions"])
        set_mentions(session, actor, scope.id, post_id, changes["mentions"])
    edited = {"text": changes["text"], "edited_at": clock.now(), "version": Post.version + 1}
    session.execute(update(Post).where(Post.id == post_id).values(edited))
    return tell(session, actor.organisation_id, POST_UPDATED, post_id, actor.person_id)


def delete(session: Session, actor: Actor, post_id: UUID) -> None:
    """Delete one's own post, or as a moderator anybody's; its words leave every read path at once."""
    row, scope = post_for(session, actor, post_id, Permission.POSTS_READ, lock=True)
    moderates = scope.grants(Permission.POSTS_MODERATE)
    if row.author_id != actor.person_id and not moderates:
        raise Forbidden("Only the author or a manager can delete a post.", code="not_the_author")
    if row.deleted_at is not None:
        return
    changes = {"text": "", "point": None, "deleted_at": clock.now(), "version": Post.version + 1}
    session.execute(update(Post).where(Post.id == post_id).values(changes))
    set_mentions(session, actor, row.scope_id, post_id, ())
    tell(session, actor.organisation_id, POST_DELETED, post_id, actor.person_id)


def read(session: Session, actor: Actor, post_id: UUID) -> dict[str, Any]:
    """One post that the actor may see."""
    row, _ = post_for(session, actor, post_id, Permission.POSTS_READ)
    return wire_post(row)


def post_for(
    session: Session, actor: Actor, post_id: UUID, permission: Permission, *, lock: bool = False
) -> tuple[AnyRow, ScopeInSight]:
    """Load a post and check the permission; `NotFound` also for what was said and is over before one came."""
    query = select_posts().where(Post.id == post_id)
    row = session.execute(query.with_for_update(of=Post) if lock else query).one_or_none()
    if row is None:
        raise NotFound
    scope = scope_for(session, actor, row.scope_id, permission)
    if not scope.window.shows(post_id, row.position, holds=still_holds(row)):
        raise NotFound
    return row, scope


def _writable(session: Session, actor: Actor, scope_id: UUID, written_at: datetime | None) -> ScopeInSight:
    """A scope to write into. What was written while one was there counts, though the network came after one left."""
    try:
        return scope_for(session, actor, scope_id, Permission.POSTS_WRITE)
    except NotAMember:
        if written_at is None or not was_present(session, scope_id, actor.person_id, written_at):
            raise
        return scope_in_sight(session, actor, scope_id)


def _insert(actor: Actor, scope_id: UUID, post_id: UUID, draft: dict[str, Any]) -> Any:
    point = draft.get("point")
    at = clock.now()
    return pg_insert(Post).values(
        id=post_id,
        organisation_id=actor.organisation_id,
        scope_id=scope_id,
        author_id=actor.person_id,
        parent_id=draft.get("parent_id"),
        replied_to=draft.get("replied_to"),
        kind=draft.get("kind", ORDINARY),
        asks_acknowledgement=draft.get("asks_acknowledgement", False),
        valid_until=draft.get("valid_until"),
        text=draft["text"],
        point=None if point is None else WKTElement("POINT({} {})".format(*point["coordinates"]), srid=4326),
        client_id=draft.get("client_id"),
        written_at=draft.get("written_at"),
        created_at=at,
    )


def _check_parent(session: Session, actor: Actor, scope_id: UUID, parent_id: UUID) -> UUID:
    """A reply goes to a living post of the same scope, whose author it names; threads are one level deep."""
    try:
        parent, _ = post_for(session, actor, parent_id, Permission.POSTS_READ)
    except (NotFound, Forbidden):
        raise Invalid.at("/parent_id", "There is no such post here.", code="parent_not_found") from None
    if parent.scope_id != scope_id:
        raise Invalid.at("/parent_id", "The post is in another scope.", code="parent_elsewhere")
    if parent.parent_id is not None:
        raise Invalid.at(
            "/parent_id", "Reply to the post that the thread began with.", code="parent_is_reply"
        )
    check_alive(parent)
    return parent.author_id


def still_holds(row: AnyRow) -> bool:
    """Whether it is a notice with an end that has not come: it is for everybody who is there now."""
    over = row.ended_at is not None or row.deleted_at is not None
    return row.kind != ORDINARY and not over and row.valid_until is not None and row.valid_until > clock.now()


def check_alive(row: AnyRow) -> None:
    """Raise `PostDeleted` for a tombstone."""
    if row.deleted_at is not None:
        raise PostDeleted


def by_client_id(session: Session, actor: Actor, client_id: str | None) -> AnyRow | None:
    """What the author wrote under this id before."""
    if client_id is None:
        return None
    mine = (Post.author_id == actor.person_id, Post.client_id == client_id)
    return session.execute(select_posts().where(*mine)).one_or_none()


def _same_post(row: AnyRow, scope_id: UUID, draft: dict[str, Any]) -> dict[str, Any]:
    if row.scope_id != scope_id or row.kind != draft.get("kind", ORDINARY):
        raise Invalid.at("/client_id", "This client_id was used for another post.", code="client_id_reused")
    return wire_post(row)


def tell(
    session: Session, organisation_id: UUID, event_type: EventType, post_id: UUID, actor_id: UUID | None
) -> dict[str, Any]:
    """Write the event of a change, with the post as it stands now; without an actor time itself did it."""
    row = session.execute(select_posts().where(Post.id == post_id)).one()
    payload = wire_post(row)
    event = Event(event_type, subject_id=post_id, payload=payload, scope_id=row.scope_id, actor_id=actor_id)
    append(session, organisation_id, event)
    return payload
