"""New posts, announcements and alerts: whom of the scope's audience they are told to, and what for."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, case, literal, select
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from people.audience import audience_of
from people.models import Scope
from push.queue import Note, at_their_level, notify, queue
from push.rules import expires_at
from social.models import Post


def plan_post(session: Session, event: AnyRow) -> int:
    """A post is told to those whom the scope's news reach, as their levels say, but its author."""
    post, scope = event.payload, session.get_one(Scope, event.scope_id)
    kind = _kind(post, scope)
    until = expires_at(kind, event.occurred_at, clock.read_or_none(post.get("valid_until")))
    if until <= clock.now():
        return 0
    note = notify(session, event, kind, facts_of(event), until)
    return _tell(session, event, note, kind)


def facts_of(event: AnyRow) -> dict[str, Any]:
    """What a post's notification keeps: no words and no names, which are looked up as they are at the sending."""
    return {"type": event.type, "post_id": str(event.subject_id)}


def _kind(post: dict[str, Any], scope: Scope) -> str:
    kind = post.get("kind", "post")
    if kind != "post":
        return kind
    return "direct" if scope.kind == "direct" else "message"


def _tell(session: Session, event: AnyRow, note: Note, kind: str) -> int:
    whom = audience_of(event.scope_id, event.organisation_id).subquery("audience")
    why = _why(session, event.payload, kind, whom.c.person_id)
    told: Select[UUID, str] = select(whom.c.person_id, why.label("why")).where(
        whom.c.person_id != UUID(event.payload["author"]["id"]),
        whom.c.since_id <= event.subject_id,
        at_their_level(whom, why),
    )
    return queue(session, note, told)


def _why(
    session: Session, post: dict[str, Any], kind: str, person: ColumnElement[UUID]
) -> ColumnElement[str]:
    """What each of them is told it for: a mention and a reply to one's own post count for more than a message."""
    if kind != "message":
        return literal(kind, Text)
    named = [UUID(mention["id"]) for mention in post["mentions"]]
    cases: list[tuple[ColumnElement[bool], str]] = [(person.in_(named), "mention")] if named else []
    if post["parent_id"] is not None:
        asked = session.scalar(select(Post.author_id).where(Post.id == UUID(post["parent_id"])))
        cases.append((person == asked, "reply"))
    return case(*cases, else_=literal("message", Text)) if cases else literal("message", Text)
