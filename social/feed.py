"""Feeds: newest first, paged backwards by id.

For each scope the newest page of ids comes from the index (scope_id, id DESC) in a LATERAL join; the newest page of
those is kept, and only then are rows fetched. So the cost depends on the number of scopes and the size of a page,
and neither on how many posts there are nor on how quiet a scope is.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    TableValuedAlias,
    Uuid,
    bindparam,
    column,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from journal.order import told_after
from people.audience import Window
from social.models import Post
from social.wire import select_posts, wire_post

_NEWEST = UUID(int=2**128 - 1)


def feed(session: Session, scopes: Sequence[Window], before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of the posts of these scopes, replies included, each from where it begins."""
    if not scopes:
        return []
    wanted = wanted_scopes(scopes)
    inner = aliased(Post)
    newest = (
        select(inner.id)
        .where(
            inner.scope_id == wanted.c.scope_id,
            inner.id >= wanted.c.first_id,
            told_after(inner.id, wanted.c.since, wanted.c.since_id),
            inner.id < (before or _NEWEST),
        )
        .order_by(inner.id.desc())
        .limit(limit)
        .lateral("newest")
    )
    page = (
        select(newest.c.id)
        .select_from(wanted.join(newest, true()))
        .order_by(newest.c.id.desc())
        .limit(limit)
        .subquery("page")
    )
    query = select_posts().join(page, page.c.id == Post.id).order_by(Post.id.desc())
    return [wire_post(row) for row in session.execute(query)]


def wanted_scopes(scopes: Sequence[Window]) -> TableValuedAlias:
    """Scopes as a table of `scope_id`, `since`, `since_id` and `first_id`, to join posts with."""
    return (
        func.unnest(
            bindparam("scopes", [scope.scope_id for scope in scopes], ARRAY(Uuid)),
            bindparam("sinces", [scope.since for scope in scopes], ARRAY(BigInteger)),
            bindparam("since_ids", [scope.since_id for scope in scopes], ARRAY(Uuid)),
            bindparam("first_ids", [scope.first_id for scope in scopes], ARRAY(Uuid)),
        )
        .table_valued(
            column("scope_id", Uuid),
            column("since", BigInteger),
            column("since_id", Uuid),
            column("first_id", Uuid),
            name="wanted",
        )
        .render_derived()
    )


def replies(
    session: Session, parent_id: UUID, window: Window, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of the replies to a post of the window's scope, oldest first."""
    within = told_after(Post.id, literal(window.since, BigInteger), literal(window.since_id, Uuid))
    query = select_posts().where(Post.parent_id == parent_id, within)
    if after is not None:
        query = query.where(Post.id > after)
    return [wire_post(row) for row in session.execute(query.order_by(Post.id).limit(limit))]
