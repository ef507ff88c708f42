"""The statement behind the list in the app: what concerned somebody, newest first, from the rows themselves.

Each source is a statement of ids, walked backwards in its own index and cut at a page: mentions and replies (of all
scopes that one may read), notices and direct messages (of those that one follows, per scope in a LATERAL join, as the
feed does it), roll calls and digests. Their ids are put together, and only the page's rows are fetched. Nothing is
copied into an inbox, so what was deleted, or may not be read any more, is not there either.

All take the same parameters: `me`, `before` (an id), `most`, and `SCOPES`. Statements are built once.
"""

from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from base.database import table_of
from base.rows import GivenRows
from geo.models.musters import Muster, MusterEntry
from journal.catalogue import POST_CREATED
from journal.models import NamingPosition, OutboxRow
from journal.order import NOT_YET, position_of, positions, told_after
from people.models import Scope
from push.models import Notification
from social.models import Acknowledgement, Mention, Post, reads


class SeenScope(NamedTuple):
    """A scope that one may read after `since`; what is before `begun`, one did not follow it yet. The ids decide for
    what the journal has not told of yet."""

    scope_id: UUID
    since: int
    since_id: UUID
    begun: int
    begun_id: UUID
    follows: bool


SCOPES = GivenRows("wanted", SeenScope)
_outbox = table_of(OutboxRow)
_ME: BindParameter[UUID] = bindparam("me", type_=Uuid)
_BEFORE: BindParameter[UUID] = bindparam("before", type_=Uuid)
_MOST: BindParameter[int] = bindparam("most", type_=Integer)
_MENTIONS_ME = and_(Mention.post_id == Post.id, Mention.person_id == _ME)


def _seen() -> CTE:
    """The scopes, each with whether it is a conversation and up to where one has read it."""
    mine = and_(reads.c.person_id == _ME, reads.c.scope_id == SCOPES.c.scope_id)
    direct = (Scope.kind == "direct").label("direct")
    seen = (
        select(SCOPES.table, direct, reads.c.post_id.label("read_id"), reads.c.read_to)
        .select_from(SCOPES.table)
        .join(Scope, Scope.id == SCOPES.c.scope_id)
        .outerjoin(reads, mine)
    )
    return seen.cte("seen").prefix_with("MATERIALIZED")


_SEEN = _seen()


def _is_read() -> ColumnElement[bool]:
    """Whether a post of a scope of `_SEEN` is read: up to there, or acknowledged.

    What was said before one followed the scope counts as read, but for a notice that still holds.
    """
    holds = _holds(func.coalesce(Post.valid_until > func.now(), true()))
    acknowledged = exists().where(Acknowledgement.post_id == Post.id, Acknowledgement.person_id == _ME)
    named = select(NamingPosition.position).where(
        NamingPosition.subject_id == Post.id, NamingPosition.person_id == _ME
    )
    position = func.greatest(position_of(Post.id), named.scalar_subquery())
    untold = position_of(Post.id).is_(None)
    read = case(
        (untold, and_(_SEEN.c.read_to == NOT_YET, Post.id <= _SEEN.c.read_id)),
        else_=position <= _SEEN.c.read_to,
    )
    before = case(
        (untold, and_(_SEEN.c.begun == NOT_YET, Post.id < _SEEN.c.begun_id)), else_=position <= _SEEN.c.begun
    )
    return func.coalesce(or_(read, and_(not_(holds), before), acknowledged), false())


def _holds(valid: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a post is a notice that is not over; with an end that has not come it is for everybody who is there."""
    return and_(Post.kind != "post", Post.ended_at.is_(None), valid)


def _of_others(*, unread: bool) -> list[ColumnElement[bool]]:
    """The conditions for a post that may be listed at all: theirs to read, of somebody else, and still there."""
    listed = [
        or_(told_after(Post.id, _SEEN.c.since, _SEEN.c.since_id), _holds(Post.valid_until > func.now())),
        Post.author_id != _ME,
        Post.deleted_at.is_(None),
    ]
    return [*listed, not_(_is_read())] if unread else listed


def _newest(ids: Select[UUID], by: InstrumentedAttribute[UUID]) -> Select[UUID]:
    """A page of what a source has, by the column whose index it walks."""
    return ids.where(by < _BEFORE).order_by(by.desc()).limit(_MOST)


def _mentions(*, unread: bool) -> Select[UUID]:
    mentions = (
        select(Post.id)
        .select_from(Mention)
        .join(_SEEN, _SEEN.c.scope_id == Mention.scope_id)
        .join(Post, Post.id == Mention.post_id)
        .where(Mention.person_id == _ME, *_of_others(unread=unread))
    )
    return _newest(mentions, Mention.post_id)


def _replies(*, unread: bool) -> Select[UUID]:
    replies = select(Post.id).join(_SEEN, _SEEN.c.scope_id == Post.scope_id)
    return _newest(replies.where(Post.replied_to == _ME, *_of_others(unread=unread)), Post.id)


def _notices(*, unread: bool) -> Select[UUID]:
    return _of_each_scope(Post.kind != "post", *_of_others(unread=unread)).where(_SEEN.c.follows)


def _direct_messages(*, unread: bool) -> Select[UUID]:
    """Of those that one has read there may be tens of thousands: for the unread ones they are not walked through."""
    told = [Post.id >= _first_since()] if unread else []
    return _of_each_scope(*told, *_of_others(unread=unread)).where(_SEEN.c.follows, _SEEN.c.direct)


def _first_since() -> ScalarSelect[UUID]:
    """The smallest id of what the journal told of after one has read a scope of `_SEEN`, or has not told of yet."""
    last = func.greatest(_SEEN.c.read_to, _SEEN.c.begun)
    told = select(positions.c.subject_id.label("id")).where(
        positions.c.scope_id == _SEEN.c.scope_id, positions.c.position > last
    )
    untold = select(_outbox.c.subject_id).where(
        _outbox.c.scope_id == _SEEN.c.scope_id, _outbox.c.type == POST_CREATED.name
    )
    since = union_all(told.correlate(_SEEN), untold.correlate(_SEEN)).subquery("since")
    return select(since.c.id).order_by(since.c.id).limit(1).scalar_subquery()


def _of_each_scope(*conditions: ColumnElement[bool]) -> Select[UUID]:
    posts = select(Post.id).where(Post.scope_id == _SEEN.c.scope_id, *conditions)
    newest = _newest(posts, Post.id).lateral()
    return select(newest.c.id).select_from(_SEEN.join(newest, true()))


def _musters(*, unread: bool) -> Select[UUID]:
    """Roll calls that call, or called, the person; unread until they are answered or over."""
    calls = select(MusterEntry.muster_id).join(Muster, Muster.id == MusterEntry.muster_id)
    calls = calls.where(MusterEntry.person_id == _ME)
    if unread:
        calls = calls.where(MusterEntry.status == "unaccounted", Muster.ended_at.is_(None))
    return _newest(calls, MusterEntry.muster_id)


def _digests() -> Select[UUID]:
    """The person's digests, which are never unread."""
    mine = (Notification.subject_id == _ME, Notification.kind == "digest")
    return _newest(select(Notification.id).where(*mine), Notification.id)


def _page(*, unread: bool) -> CTE:
    """The ids of a page, of all sources together."""
    of_posts = [source(unread=unread) for source in (_mentions, _replies, _notices, _direct_messages)]
    found = union(*of_posts, _musters(unread=unread), *([] if unread else [_digests()])).cte("found")
    return select(found.c.id).order_by(found.c.id.desc()).limit(_MOST).cte("page")


@cache
def items(*, unread: bool) -> Select[*tuple[Any, ...]]:
    """A page, newest first: item_id, why, read (a roll call's is not told here); `Post` is joined where it is one."""
    page = _page(unread=unread)
    digest = Notification.id.is_not(None)
    why = case(
        (digest, "digest"),
        (Post.id.is_(None), "muster"),
        (Post.kind != "post", Post.kind),
        (_SEEN.c.direct, "direct"),
        (exists().where(_MENTIONS_ME), "mention"),
        else_="reply",
    )
    read = case((Post.id.is_not(None), _is_read()), (digest, true()), else_=false())
    return (
        select(page.c.id.label("item_id"), why.label("why"), read.label("read"))
        .select_from(page)
        .outerjoin(Post, Post.id == page.c.id)
        .outerjoin(_SEEN, _SEEN.c.scope_id == Post.scope_id)
        .outerjoin(Notification, and_(Notification.id == page.c.id, Notification.kind == "digest"))
        .order_by(page.c.id.desc())
    )


@cache
def count_unread() -> Select[int]:
    """How many items are unread, `most` at most."""
    return select(func.count()).select_from(_page(unread=True))
