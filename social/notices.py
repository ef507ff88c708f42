"""Announcements and alerts ("notices"): what managers say to everyone of a scope, until it is over.

A notice is a post with an end: it comes by feed, sync and live as every post does, and is answered and deleted like
one. It is open until a manager ends it or its `valid_until` has passed. The latter is done by a schedule and told as
`post.updated`, so that phones withdraw it without looking at their clocks.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, literal_column, or_, select, update
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, Forbidden, Invalid
from journal.catalogue import POST_UPDATED
from journal.order import told_after
from people.actor import Actor
from people.audience import Window, following
from people.permissions import Permission
from people.scopes.scopes import scope_for
from people.sign_in.fresh import check_fresh
from social.feed import wanted_scopes
from social.models import Acknowledgement, Post
from social.posts import ORDINARY, check_alive, post_for, tell
from social.publishing import Written, once, write
from social.unanswered import ROUNDS, tell_unanswered
from social.wire import select_posts, wire_post

BATCH = 100
ALERT_LASTS = timedelta(hours=24)
_LONGEST = timedelta(days=366)
# As the condition of the index `ix_posts_open_notices` says.
OPEN = (Post.kind != literal_column("'post'"), Post.ended_at.is_(None), Post.deleted_at.is_(None))
_ALERTED = ("organisation", "site", "zone")


class NotANotice(Conflict):
    """The post is neither an announcement nor an alert."""

    code, title = "not_a_notice", "This post is neither an announcement nor an alert"


def announce(session: Session, actor: Actor, scope_id: UUID, draft: dict[str, Any]) -> Written:
    """Write an announcement into a scope; answers as `publish` does. It may have no end."""
    said = {**draft, "kind": "announcement"}

    def act() -> Written:
        scope = scope_for(session, actor, scope_id, Permission.ANNOUNCE)
        if scope.kind == "direct":
            raise Forbidden
        _check_end(draft["valid_until"])
        return write(session, actor, scope, said)

    return once(session, actor, scope_id, said, act)


def raise_alert(session: Session, actor: Actor, scope_id: UUID, draft: dict[str, Any]) -> Written:
    """Raise an alert in a place or the whole organisation; without `valid_until` it lasts `ALERT_LASTS`.

    To wake a whole organisation takes a proof of the last minutes; raises `StepUpRequired`.
    """
    said = {**draft, "kind": "alert", "valid_until": draft["valid_until"] or clock.now() + ALERT_LASTS}

    def act() -> Written:
        scope = scope_for(session, actor, scope_id, Permission.ALERT)
        if scope.kind not in _ALERTED:
            raise Forbidden
        if scope.kind == "organisation":
            check_fresh(actor)
        _check_end(draft["valid_until"])
        return write(session, actor, scope, said)

    return once(session, actor, scope_id, said, act)


def end(session: Session, actor: Actor, post_id: UUID) -> dict[str, Any]:
    """End a notice early; once more is no mistake. Raises `NotANotice`, or `PostDeleted`."""
    row, _ = post_for(session, actor, post_id, Permission.ANNOUNCE, lock=True)
    if row.kind == ORDINARY:
        raise NotANotice
    check_alive(row)
    if row.ended_at is not None:
        return wire_post(row)
    return _end(session, post_id, actor.organisation_id, actor.person_id)


def end_expired_notices(session: Session) -> int:
    """End notices whose time has passed; returns how many. Safe to run in several workers.

    The managers hear of an alert that was over before all had answered, unless they have heard already.
    """
    due = session.execute(
        select(
            Post.id,
            Post.organisation_id,
            Post.scope_id,
            Post.author_id,
            and_(Post.kind == "alert", Post.asks_acknowledgement, Post.reminders <= ROUNDS).label("asks"),
        )
        .where(*OPEN, Post.valid_until <= clock.now())
        .order_by(Post.valid_until)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for notice in due:
        _end(session, notice.id, notice.organisation_id, None)
        if notice.asks:
            tell_unanswered(session, notice)
    return len(due)


def my_notices(session: Session, actor: Actor, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of the open notices of the scopes that the actor follows, newest first."""
    scopes = following(session, actor.person_id, actor.organisation_id)
    return open_notices(session, actor, scopes, before, limit, valid_at=clock.now())


def open_notices(
    session: Session,
    actor: Actor,
    scopes: Sequence[Window],
    before: UUID | None,
    limit: int,
    *,
    valid_at: datetime | None = None,
) -> list[dict[str, Any]]:
    """The notices of these scopes that have not ended, newest first, each with when the actor acknowledged it.

    Without `valid_at` only what was told to have ended counts as ended.
    """
    wanted = wanted_scopes(scopes)
    mine = and_(Acknowledgement.post_id == Post.id, Acknowledgement.person_id == actor.person_id)
    # As `still_holds` says; what is over is left out below.
    shown = or_(told_after(Post.id, wanted.c.since, wanted.c.since_id), Post.valid_until > clock.now())
    within = and_(Post.scope_id == wanted.c.scope_id, shown)
    query = (
        select_posts()
        .add_columns(Acknowledgement.acknowledged_at)
        .join(wanted, within)
        .outerjoin(Acknowledgement, mine)
        .where(*OPEN)
        .order_by(Post.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Post.id < before)
    if valid_at is not None:
        query = query.where((Post.valid_until > valid_at) | Post.valid_until.is_(None))
    return [
        {"post": wire_post(row), "acknowledged_at": clock.wire_or_none(row.acknowledged_at)}
        for row in session.execute(query)
    ]


def _check_end(until: datetime | None) -> None:
    """A new one ends in the future."""
    if until is not None and not clock.now() < until <= clock.now() + _LONGEST:
        raise Invalid.at("/valid_until", "A time in the future, a year ahead at most.")


def _end(session: Session, post_id: UUID, organisation_id: UUID, actor_id: UUID | None) -> dict[str, Any]:
    ended = {"ended_at": clock.now(), "version": Post.version + 1}
    session.execute(update(Post).where(Post.id == post_id).values(ended))
    return tell(session, organisation_id, POST_UPDATED, post_id, actor_id)
