"""What of the journal one person may see, in order: the offline phone's way to catch up.

The page is cut by position, not by what is visible: `position` in the answer moves on over what concerns others,
so that a phone in a quiet corner of a busy organisation does not read the same stretch again and again.
"""

from typing import Any

from sqlalchemy import ARRAY, Uuid, and_, bindparam, column, func, or_, select
from sqlalchemy.orm import Session

from base.errors import Gone
from journal.tail import EVENT_COLUMNS, head_position, journal, wire_event
from people.actor import Actor
from people.audience import following


def sync(session: Session, actor: Actor, after: int, limit: int) -> dict[str, Any]:
    """The events after a position that concern the actor: own ones, and those of the scopes that are followed.

    Of a scope whose history begins with entry, nothing about subjects from before is sent.
    """
    head = head_position(session, actor.organisation_id)
    if after > head:
        raise Gone(
            "This position is not in the journal; start over with GET /v1/me and the feed.",
            code="position_unknown",
            position=head,
        )
    scopes = following(session, actor.person_id, actor.organisation_id)
    wanted = (
        func.unnest(
            bindparam("scopes", [scope.scope_id for scope in scopes], ARRAY(Uuid)),
            bindparam("sinces", [scope.since_id for scope in scopes], ARRAY(Uuid)),
        )
        .table_valued(column("scope_id", Uuid), column("since_id", Uuid), name="wanted")
        .render_derived()
    )
    followed = select(wanted.c.scope_id).where(
        wanted.c.scope_id == journal.c.scope_id, journal.c.subject_id >= wanted.c.since_id
    )
    rows = session.execute(
        select(*EVENT_COLUMNS)
        .where(
            journal.c.organisation_id == actor.organisation_id,
            journal.c.position > after,
            journal.c.position <= head,
            or_(
                journal.c.person_id == actor.person_id,
                and_(journal.c.scope_id.is_not(None), followed.exists()),
            ),
        )
        .order_by(journal.c.position)
        .limit(limit + 1)
    ).all()
    more = len(rows) > limit
    items = [wire_event(row) for row in rows[:limit]]
    position = items[-1]["position"] if more else head
    return {"items": items, "position": position, "more": more}
