"""What of the journal one person may see, in order: the offline phone's way to catch up.

The page is cut by position, not by what is visible: `position` in the answer moves on over what concerns others,
so that a phone in a quiet corner of a busy organisation does not read the same stretch again and again.

What may be seen. Events addressed to the person, always. Events of a scope while a membership holds that began
before them in the journal's own order: between `membership.started` and `membership.ended` of the same membership.
Once it has ended, in the database or in the journal, whichever comes first, nothing of the scope is given any more,
not even what was said before the end: the phone is about to delete it.

The races, and why none leaks or skips:
- The head is read before the memberships. A membership that ends later has its `ended` event behind the head, and
  the page ends at the head.
- A membership that has just begun is in the database before its `started` event is in the journal. Whether it is there,
  and where, is read in the statement that reads the memberships, so in one snapshot: the relay writes both in one
  transaction. Until then nothing of the scope is given; then only what comes after it. What came before, the phone
  fetches.
- A partition cannot be dropped while a page is read: the page's transaction has read from the journal already, and
  dropping waits for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    TableValuedAlias,
    Uuid,
    bindparam,
    column,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.errors import Gone
from journal.catalogue import CATALOGUE
from journal.event_types import Reach
from journal.order import BEGINNING, position_of
from journal.tail import EVENT_COLUMNS, Head, head_in_epoch, journal, oldest_position, present, wire_event
from journal.waiters import Waiting
from people.actor import Actor
from people.audience import Followed, followed_since

# Whatever else is in a scope was said there, also by a newer release: a newcomer gets it from the entry on.
_SO = journal.c.type.in_([name for name, declared in CATALOGUE.items() if declared.reach is Reach.SO])
_START_OVER = ["/v1/me", "/v1/scopes/{scope_id}/posts"]
# How far the clocks of two relays may differ.
_CLOCKS_APART = timedelta(days=1)


class PositionUnknown(Gone):
    """The position is of another epoch, or beyond the journal's end: another server's, or a restored database."""

    code, title = "position_unknown", "This position is not in the journal; start over"


class PositionTooOld(Gone):
    """What came after the position is no longer kept."""

    code, title = "position_too_old", "The events after this position are no longer kept; start over"


class Page(NamedTuple):
    """A stretch of what one person may see; `scope_ids` are those that they follow."""

    items: list[dict[str, Any]]
    position: int
    epoch: UUID
    more: bool
    scope_ids: list[UUID]

    def wire(self) -> dict[str, Any]:
        """The form of the answer."""
        return {
            "items": self.items,
            "position": self.position,
            "epoch": str(self.epoch),
            "more": self.more,
        }

    def waiting(
        self, organisation_id: UUID, session_id: UUID, seconds: float, person_id: UUID | None = None
    ) -> Waiting:
        """To wait for what comes after the page; as nobody, where the session only takes its seat up again."""
        addresses = () if person_id is None else frozenset((person_id, *self.scope_ids))
        return Waiting(
            seconds,
            organisation_id,
            session_id,
            addresses,
            self.position,
            self.epoch,
            goes_on=person_id is None,
        )


def sync(session: Session, actor: Actor, after: int, limit: int, epoch: str | None = None) -> Page:
    """The events after a position that concern the actor, and where to go on.

    `epoch` is the one that the position is of; without one it is taken for the present one. Raises `PositionUnknown` or
    `PositionTooOld`; both name the present position with its epoch, and where to start over.
    """
    head, present_epoch = _checked_head(session, actor, after, epoch)
    scopes = followed_since(session, actor.person_id, actor.organisation_id)
    rows = _read(session, actor, scopes, after, head, limit + 1)
    more = len(rows) > limit
    items = [wire_event(row) for row in rows[:limit]]
    position = items[-1]["position"] if more else head
    return Page(items, position, present_epoch, more, [scope.scope_id for scope in scopes])


def _checked_head(session: Session, actor: Actor, after: int, epoch: str | None) -> Head:
    head = head_in_epoch(session, actor.organisation_id)
    now: dict[str, Any] = {"position": head.position, "epoch": str(head.epoch), "start_over": _START_OVER}
    if after > head.position or epoch not in (None, str(head.epoch)):
        raise PositionUnknown(**now)
    oldest = oldest_position(session, actor.organisation_id)
    if after + 1 < (head.position + 1 if oldest is None else oldest):
        raise PositionTooOld(**now)
    return head


def _read(
    session: Session, actor: Actor, scopes: Sequence[Followed], after: int, head: int, limit: int
) -> Sequence[AnyRow]:
    """The first events of all these scopes and of the person, in order.

    Each scope gives its first positions from the index, then the first of those are fetched: the cost depends on how
    many scopes there are, not on how much others have said meanwhile.
    """
    stretch = [journal.c.position <= head, journal.c.recorded_at >= _recorded_before(session, actor, after)]
    wanted = _wanted(scopes, after)
    of_scope = _first(
        limit,
        journal.c.scope_id == wanted.c.scope_id,
        or_(_SO, wanted.c.since == BEGINNING, position_of(journal.c.subject_id) > wanted.c.since),
        journal.c.position > wanted.c.start,
        *stretch,
    ).lateral("of_scope")
    own = _first(limit, journal.c.person_id == actor.person_id, journal.c.position > after, *stretch)
    of_scopes = select(of_scope.c.position).select_from(wanted.join(of_scope, true()))
    found = union_all(of_scopes, select(own.subquery().c.position)).subquery("found")
    page = select(found.c.position).order_by(found.c.position).limit(limit).scalar_subquery()
    query = select(*EVENT_COLUMNS).where(
        journal.c.organisation_id == actor.organisation_id, journal.c.position.in_(page), *stretch
    )
    return present(session.execute(query.order_by(journal.c.position)).all())


def _first(limit: int, *conditions: ColumnElement[bool]) -> Select[int]:
    return select(journal.c.position).where(*conditions).order_by(journal.c.position).limit(limit)


def _wanted(scopes: Sequence[Followed], after: int) -> TableValuedAlias:
    return (
        func.unnest(
            bindparam("scopes", [scope.scope_id for scope in scopes], ARRAY(Uuid)),
            bindparam("sinces", [scope.since for scope in scopes], ARRAY(BigInteger)),
            bindparam("starts", [max(scope.position, after) for scope in scopes], ARRAY(BigInteger)),
        )
        .table_valued(
            column("scope_id", Uuid), column("since", BigInteger), column("start", BigInteger), name="wanted"
        )
        .render_derived()
    )


def _recorded_before(session: Session, actor: Actor, after: int) -> datetime:
    """A time before everything after a position: it spares PostgreSQL the partitions of the months before."""
    first = select(journal.c.recorded_at).where(
        journal.c.organisation_id == actor.organisation_id, journal.c.position > after
    )
    recorded = session.scalar(first.order_by(journal.c.position).limit(1))
    return (recorded or clock.now()) - _CLOCKS_APART
