"""What was done in a place and comes late: the phone had no network until its holder had left.

Whoever may do a thing now may do it. Who may not, any more, is asked about the moment at which they did it: what
counts is whether being there let them in then (`geo/presence/history.py`). That gives the act and nothing else. No
membership begins, and no more is read than could be read at that moment.

A phone may send what was done before it has sent how it got there. So a refusal that news of a stay could still
change has a code of its own (`not_seen_there`), and says until when to try.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import NotFound
from geo.presence.history import let_in_since
from people.actor import Actor
from people.audience import ScopeInSight, Window, history_of, lets_in, sight_of
from people.permissions import Permission, Standing
from people.scopes.scopes import NotAMember, scope_for

# How long a phone's time of an act is believed, and by how much its clock may differ without being set right.
BELIEVED_FOR = timedelta(hours=24)
CLOCKS_DIFFER = timedelta(seconds=30)


class NotSeenThere(NotAMember):
    """Nothing is known of a stay then; it may come until `retry_until`, when the phone's time counts no more."""

    code, title = "not_seen_there", "It is not known that you were here then"


def scope_then(
    session: Session, actor: Actor, scope_id: UUID, permission: Permission, at: datetime | None
) -> ScopeInSight:
    """As `scope_for`, now or at the moment `at` (None: now alone); raises `NotSeenThere` where news may change it.

    Who is let in for that moment stays an outsider, and reads from the beginning of the stay where newcomers do.
    """
    try:
        return scope_for(session, actor, scope_id, permission)
    except (NotAMember, NotFound):
        scope = None if at is None else _lets_in_who_is_there(session, actor, scope_id)
        if scope is None or at is None:
            raise
    since = let_in_since(session, scope_id, actor.person_id, at)
    if since is None:
        raise NotSeenThere(retry_until=clock.wire(at + BELIEVED_FOR))
    entered = history_of(actor.role, "presence", scope.history) == "since_entry"
    window = Window(scope.id, since_id=ids.first_id_at(since), by_id=True) if entered else Window(scope.id)
    return replace(scope, window=window)


def was_there_to_read(scope: ScopeInSight, said_at: datetime, at: datetime | None) -> bool:
    """Whether something was said by then, for who is let in for a moment; it is always, for who is let in now."""
    return scope.grants(Permission.POSTS_READ) or (at is not None and said_at <= at + CLOCKS_DIFFER)


def _lets_in_who_is_there(session: Session, actor: Actor, scope_id: UUID) -> ScopeInSight | None:
    """A scope that stands and would take the actor in, if they were there; to a visitor, one of their site."""
    scope = sight_of(session, actor, scope_id)
    if (
        scope is None
        or scope.archived
        or scope.admission != "present"
        or scope.standing is not Standing.OUTSIDER
    ):
        return None
    return scope if lets_in(session, scope_id, actor.person_id) else None
