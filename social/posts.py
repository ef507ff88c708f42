"""Posts and replies: publish, edit, delete, read one. Each change writes its event in the same transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKTElement
from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import AnyRow, table_of
from base.errors import Conflict, Forbidden, Invalid, NotFound
from geo.grades import check_posting_grade
from journal.events import Event, append
from people.actor import Actor
from people.audience import readable
from people.memberships import was_present
from people.models import Person
from people.permissions import GRANTED, Permission, Standing
from people.scopes import NotAMember, ScopeInSight, scope_for, scope_in_sight
from social.mentions import MENTIONED, check_mentions, set_mentions
from social.models import Post

_table = table_of(Post)


class PostDeleted(Conflict):
    """The post was deleted; nothing can be done to it any more."""

    code, title = "post_deleted", "This post was deleted"


class EditSuperseded(Conflict):
    """The post was edited after this edit was written."""

    code, title = "edit_superseded", "The post was edited again meanwhile"


COLUMNS = (
    Post.id,
    Post.scope_id,
    Post.author_id,
    Person.name.label("author_name"),
    Post.parent_id,
    Post.text,
    func.ST_X(Post.point).label("lon"),
    func.ST_Y(Post.point).label("lat"),
    MENTIONED,
    Post.client_id,
    Post.version,
    Post.written_at,
    Post.created_at,
    Post.edited_at,
    Post.deleted_at,
)


def wire_post(row: AnyRow) -> dict[str, Any]:
    """A post as REST, live and sync carry it. A deleted one is a tombstone: no words, no point."""
    gone = row.deleted_at is not None
    point = None if gone or row.lon is None else {"type": "Point", "coordinates": [row.lon, row.lat]}
    return {
        "id": str(row.id),
        "scope_id": str(row.scope_id),
        "author": {"id": str(row.author_id), "name": row.author_name},
        "parent_id": None if row.parent_id is None else str(row.parent_id),
        "text": None if gone else row.text,
        "point": point,
        "mentions": [] if gone else row.mentions or [],
        "client_id": row.client_id,
        "version": row.version,
        "written_at": clock.wire_or_none(row.written_at),
        "created_at": clock.wire(row.created_at),
        "edited_at": clock.wire_or_none(row.edited_at),
        "deleted_at": clock.wire_or_none(row.deleted_at),
    }


def select_posts() -> Select[*tuple[Any, ...]]:
    """Posts with their authors' names, as `wire_post` wants them."""
    return select(*COLUMNS).join(Person, Person.id == Post.author_id)


def publish(
    session: Session, actor: Actor, scope_id: UUID, draft: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """Write a post or reply into a scope; returns it and whether it is new.

    A `client_id` that the author used before gives the post of then: a phone that lost the answer asks again.
    """
    scope = _writable(session, actor, scope_id, draft.get("written_at"))
    if scope.standing in (Standing.MEMBER, Standing.OUTSIDER) and scope.kind in ("site", "zone"):
        check_posting_grade(session, actor.person_id, scope_id)
    earlier = _by_client_id(session, actor, draft.get("client_id"))
    if earlier is not None:
        return _same_post(earlier, scope_id), False
    if draft.get("parent_id") is not None:
        _check_parent(session, actor, scope_id, draft["parent_id"])
    mentions = draft.get("mentions", ())
    check_mentions(session, actor, scope, mentions)
    post_id = ids.new_id()
    written = session.execute(
        _insert(actor, scope_id, post_id, draft).on_conflict_do_nothing().returning(_table.c.id)
    ).one_or_none()
    if written is None:  # a twin with the same client_id has just committed
        twin = _by_client_id(session, actor, draft.get("client_id"))
        if twin is None:
            raise Conflict
        return _same_post(twin, scope_id), False
    set_mentions(session, actor, scope_id, post_id, mentions)
    return _tell(session, actor, "post.created", post_id), True


def edit(
    session: Session,
    actor: Actor,
    post_id: UUID,
    changes: dict[str, Any],
    *,
    written_at: datetime | None = None,
) -> dict[str, Any]:
    """Change one's own words, and whom they name; raises `PostDeleted`, or `Forbidden` for others' posts.

    An edit that waited on a phone (`written_at`) does not undo a later one: `EditSuperseded`.
    """
    row, scope = post_for(session, actor, post_id, Permission.POSTS_WRITE, lock=True)
    _check_alive(row)
    if row.author_id != actor.person_id:
        raise Forbidden("Only the author can edit a post.", code="not_the_author")
    if written_at is not None and row.edited_at is not None and written_at < row.edited_at:
        raise EditSuperseded
    if "mentions" in changes:
        check_mentions(session, actor, scope, changes["mentions"])
        set_mentions(session, actor, scope.id, post_id, changes["mentions"])
    edited = {"text": changes["text"], "edited_at": clock.now(), "version": Post.version + 1}
    session.execute(update(Post).where(Post.id == post_id).values(edited))
    return _tell(session, actor, "post.updated", post_id)


def delete(session: Session, actor: Actor, post_id: UUID) -> None:
    """Delete one's own post, or as a moderator anybody's; its words leave every read path at once."""
    row, scope = post_for(session, actor, post_id, Permission.POSTS_READ, lock=True)
    moderates = Permission.POSTS_MODERATE in GRANTED[scope.standing]
    if row.author_id != actor.person_id and not moderates:
        raise Forbidden("Only the author or a manager can delete a post.", code="not_the_author")
    if row.deleted_at is not None:
        return
    changes = {"text": "", "point": None, "deleted_at": clock.now(), "version": Post.version + 1}
    session.execute(update(Post).where(Post.id == post_id).values(changes))
    set_mentions(session, actor, row.scope_id, post_id, ())
    _tell(session, actor, "post.deleted", post_id)


def read(session: Session, actor: Actor, post_id: UUID) -> dict[str, Any]:
    """One post that the actor may see."""
    row, _ = post_for(session, actor, post_id, Permission.POSTS_READ)
    return wire_post(row)


def post_for(
    session: Session, actor: Actor, post_id: UUID, permission: Permission, *, lock: bool = False
) -> tuple[AnyRow, ScopeInSight]:
    """Load a post and check the permission in its scope; `NotFound` also for what was said before one came."""
    query = select_posts().where(Post.id == post_id)
    row = session.execute(query.with_for_update(of=Post) if lock else query).one_or_none()
    if row is None:
        raise NotFound
    scope = scope_for(session, actor, row.scope_id, permission)
    window = readable(session, actor, row.scope_id)
    if window is None or post_id < window.since_id:
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
        text=draft["text"],
        point=None if point is None else WKTElement("POINT({} {})".format(*point["coordinates"]), srid=4326),
        client_id=draft.get("client_id"),
        written_at=draft.get("written_at"),
        created_at=at,
    )


def _check_parent(session: Session, actor: Actor, scope_id: UUID, parent_id: UUID) -> None:
    """A reply goes to a living post of the same scope; threads are one level deep."""
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
    _check_alive(parent)


def _check_alive(row: AnyRow) -> None:
    if row.deleted_at is not None:
        raise PostDeleted


def _by_client_id(session: Session, actor: Actor, client_id: str | None) -> AnyRow | None:
    if client_id is None:
        return None
    mine = (Post.author_id == actor.person_id, Post.client_id == client_id)
    return session.execute(select_posts().where(*mine)).one_or_none()


def _same_post(row: AnyRow, scope_id: UUID) -> dict[str, Any]:
    if row.scope_id != scope_id:
        raise Invalid.at("/client_id", "This client_id was used in another scope.", code="client_id_reused")
    return wire_post(row)


def _tell(session: Session, actor: Actor, kind: str, post_id: UUID) -> dict[str, Any]:
    """Write the event of a change, with the post as it stands now."""
    row = session.execute(select_posts().where(Post.id == post_id)).one()
    payload = wire_post(row)
    event = Event(kind, subject_id=post_id, payload=payload, scope_id=row.scope_id, actor_id=actor.person_id)
    append(session, actor.organisation_id, event)
    return payload
