"""Whom a post names. Mentions are ids beside the text, so that nobody has to guess who "@Kim" is.

A mention reaches nobody whom the post does not reach. Naming somebody outside of the scope's audience is refused, but
not where being there makes one a member: there a refusal would tell anybody who asks whether a colleague is in the
place now. In such scopes every colleague can be named, and reads it once there. Who is in any other place's scope only
for having been there (its admission has just been changed) cannot be named.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from base.errors import Invalid
from geo.presence.accounts import belonging_among
from people.actor import Actor
from people.audience import ScopeInSight, audience
from people.models import Person
from people.permissions import SERVICE
from social.models import Mention, Post

_named = aliased(Person)
MENTIONED = (
    select(
        func.json_agg(
            aggregate_order_by(func.json_build_object("id", _named.id, "name", _named.name), _named.id)
        )
    )
    .join(Mention, Mention.person_id == _named.id)
    .where(Mention.post_id == Post.id)
    .correlate(Post)
    .scalar_subquery()
    .label("mentions")
)


def check_mentions(session: Session, actor: Actor, scope: ScopeInSight, persons: Sequence[UUID]) -> None:
    """Raise `Invalid` for somebody whom a post in the scope cannot name."""
    if not persons:
        return
    if scope.admission == "present":
        known = _colleagues(session, actor, persons)
    else:
        known = {who.person_id for who in audience(session, scope.id, actor.organisation_id, among=persons)}
        if scope.kind in ("site", "zone"):
            known &= belonging_among(session, scope.id, persons)
    for index, person_id in enumerate(persons):
        if person_id not in known:
            raise Invalid.at(
                f"/mentions/{index}", "The post would not reach this person.", code="mention_not_reached"
            )


def set_mentions(
    session: Session, actor: Actor, scope_id: UUID, post_id: UUID, persons: Sequence[UUID]
) -> None:
    """Let a post name exactly these."""
    session.execute(delete(Mention).where(Mention.post_id == post_id))
    rows: list[dict[str, Any]] = [
        {
            "post_id": post_id,
            "person_id": person_id,
            "scope_id": scope_id,
            "organisation_id": actor.organisation_id,
        }
        for person_id in sorted(set(persons))
    ]
    if rows:
        session.execute(insert(Mention), rows)


def _colleagues(session: Session, actor: Actor, persons: Sequence[UUID]) -> set[UUID]:
    living = select(Person.id).where(
        Person.id.in_(persons),
        Person.organisation_id == actor.organisation_id,
        Person.role != SERVICE,
        Person.ended_at.is_(None),
    )
    return set(session.scalars(living))
