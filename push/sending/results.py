"""What became of claimed deliveries, and its record in the queue."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, DateTime, Update, bindparam, case, func, or_, update
from sqlalchemy.orm import Session

from base import clock
from base.database import table_of
from base.rows import GivenRows
from push.models import Delivery
from push.outgoing import OutgoingDelivery


class Result(NamedTuple):
    """What became of a claimed delivery; `due_at` for one that is to be tried again.

    Where it was not `tried` the attempt does not count.
    """

    id: UUID
    attempts: int
    status: str
    reason: str | None = None
    message_id: str | None = None
    due_at: datetime | None = None
    tried: bool = True

    @classmethod
    def of(
        cls,
        delivery: OutgoingDelivery,
        status: str,
        reason: str | None = None,
        message_id: str | None = None,
        due_at: datetime | None = None,
        tried: bool = True,
    ) -> "Result":
        """The result of this attempt at a delivery."""
        return cls(delivery.id, delivery.attempts, status, reason, message_id, due_at, tried)


_RESULTS = GivenRows("results", Result)
_NOW: BindParameter[datetime] = bindparam("now", type_=DateTime(timezone=True))


def record(session: Session, results: Sequence[Result]) -> None:
    """Write down what became of claimed deliveries, in the order of their ids, so that no two writers cross."""
    if results:
        writable = (
            result._replace(reason=_writable(result.reason), message_id=_writable(result.message_id))
            for result in sorted(results, key=lambda result: result.id)
        )
        session.execute(_recorded(), _RESULTS.values(writable) | {"now": clock.now()})


@cache
def _recorded() -> Update:
    """What was sent stays sent, also where the lease was over and another worker has it: the phone was woken."""
    delivery, result = table_of(Delivery), _RESULTS.c
    sent = result.status == "sent"
    return (
        update(delivery)
        .values(
            status=result.status,
            message_id=result.message_id,
            reason=result.reason,
            due_at=func.coalesce(result.due_at, delivery.c.due_at),
            attempts=delivery.c.attempts - case((result.tried, 0), else_=1),
            sent_at=case((sent, _NOW), else_=delivery.c.sent_at),
        )
        .where(
            delivery.c.id == result.id,
            delivery.c.status.in_(("queued", "sending")),
            or_(sent, delivery.c.attempts == result.attempts),
        )
    )


def _writable(answer: str | None) -> str | None:
    """What another server said, as text that PostgreSQL can hold."""
    return None if answer is None else str(answer).replace("\0", "").encode(errors="replace").decode()
