"""Publishing: posts and replies are written, each once for a `client_id`, also where they were written hours before."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKTElement
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import AnyRow, table_of
from base.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from geo.presence.late import scope_then
from geo.stays.grades import check_posting_grade
from journal.catalogue import POST_CREATED
from people.actor import Actor
from people.audience import ScopeInSight
from people.permissions import Permission, Standing
from social.mentions import check_mentions, set_mentions
from social.models import Post
from social.posts import ORDINARY, check_alive, post_for, tell
from social.wire import select_posts, wire_post

_table = table_of(Post)

Written = tuple[dict[str, Any], bool]


def publish(session: Session, actor: Actor, scope_id: UUID, draft: dict[str, Any]) -> Written:
    """Write a post or reply into a scope; returns it and whether it is new.

    A `client_id` that the author used before gives the post of then: a phone that lost the answer asks again.
    """
    return once(
        session,
        actor,
        scope_id,
        draft,
        lambda: write(session, actor, _writable(session, actor, scope_id, draft.get("written_at")), draft),
    )


def once(
    session: Session, actor: Actor, scope_id: UUID, draft: dict[str, Any], act: Callable[[], Written]
) -> Written:
    """What `act` writes; where it is refused now, what was taken before under the draft's `client_id`.

    Whoever has left since, or whose evidence has run out, only hears again what they said, as it stands.
    """
    try:
        return act()
    except Problem:
        earlier = by_client_id(session, actor, draft.get("client_id"))
        if earlier is None:
            raise
        return _same_post(earlier, scope_id, draft), False


def write(session: Session, actor: Actor, scope: ScopeInSight, draft: dict[str, Any]) -> Written:
    """As `publish`, into a scope for which the permission was checked, a notice's members included."""
    mentions = draft.get("mentions", ())
    if draft.get("parent_id") is not None:
        parent_author = _check_parent(session, actor, scope.id, draft)
        draft = {**draft, "replied_to": None if parent_author == actor.person_id else parent_author}
    check_mentions(session, actor, scope, mentions)
    post_id = ids.new_id()
    written = session.execute(
        _insert(actor, scope.id, post_id, draft).on_conflict_do_nothing().returning(_table.c.id)
    ).one_or_none()
    if written is None:  # a repeat, or a twin that has just committed
        raise Conflict
    if mentions:
        set_mentions(session, actor, scope.id, post_id, mentions)
    return tell(session, actor.organisation_id, POST_CREATED, post_id, actor.person_id), True


def _writable(session: Session, actor: Actor, scope_id: UUID, written_at: datetime | None) -> ScopeInSight:
    """A scope to write into. What was written while one was there counts, though the network came after one left."""
    scope = scope_then(session, actor, scope_id, Permission.POSTS_WRITE, written_at)
    by_place = scope.standing in (Standing.MEMBER, Standing.OUTSIDER) and scope.kind in ("site", "zone")
    if by_place and Permission.POSTS_WRITE not in scope.given:
        check_posting_grade(session, actor.person_id, scope_id, written_at)
    return scope


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


def _check_parent(session: Session, actor: Actor, scope_id: UUID, draft: dict[str, Any]) -> UUID:
    """A reply goes to a living post of the same scope, whose author it names; threads are one level deep."""
    parent_id, written_at = draft["parent_id"], draft.get("written_at")
    try:
        parent, _ = post_for(session, actor, parent_id, Permission.POSTS_READ, at=written_at)
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
