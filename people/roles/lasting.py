"""Until when somebody has what they give: who manages until Friday makes nobody a manager for longer."""

from datetime import datetime

from sqlalchemy.orm import Session

from people.actor import Actor
from people.audience import PRIVATE, ScopeInSight
from people.permissions import GRANTED, Permission, Standing
from people.roles.lists import MOST_ROLES, Wanted, list_given
from people.roles.roles import permissions_of

_MEMBER = GRANTED[Standing.MEMBER]


def lasts_until(
    session: Session, actor: Actor, scope: ScopeInSight, permissions: frozenset[Permission]
) -> datetime | None:
    """Until when the actor, who has all of these in the scope, keeps them all; None: for good."""
    wanted = Wanted(actor.organisation_id, actor.person_id, private=True)
    rows = list_given(session, actor.organisation_id, wanted, None, MOST_ROLES)
    counting = {scope.id} if scope.kind in PRIVATE else {scope.id, scope.parent_id, actor.organisation_id}
    held = [row for row in rows if row.scope_id in counting]
    ends = sorted({row.ends_at for row in held if row.ends_at is not None}, reverse=True)
    for end in (None, *ends):
        lasting = (row for row in held if row.ends_at is None or (end is not None and row.ends_at >= end))
        if permissions <= _MEMBER.union(*map(permissions_of, lasting)):
            return end
    return None
