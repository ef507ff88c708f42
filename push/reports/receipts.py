"""What apps report of the pushes that reached them: delivered, opened. It comes late, repeated and out of order."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Update, Uuid, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session

from base.database import table_of
from base.errors import Faulty
from base.rows import GivenRows
from people.actor import Actor
from push.models import Delivery


class _Report(NamedTuple):
    """`what` is delivered or opened."""

    delivery_id: UUID
    what: str
    at: datetime


_REPORTS = GivenRows("reports", _Report)
_ME: BindParameter[UUID] = bindparam("me", type_=Uuid)
_DEVICE: BindParameter[UUID] = bindparam("device", type_=Uuid)
_DELIVERY = table_of(Delivery)


def report(session: Session, actor: Actor, items: Sequence[dict[str, Any] | Faulty]) -> dict[str, Any]:
    """Take reports of the actor's own device; whatever else they name is left alone, and nobody is told so.

    Returns how many could be read, and which could not.
    """
    readable = [item for item in items if not isinstance(item, Faulty)]
    reports = [_Report(item["delivery_id"], item["what"], item["at"]) for item in readable]
    if reports:
        values = {"device": actor.device_id, "me": actor.person_id, **_REPORTS.values(reports)}
        session.execute(_reported(), values)
    refused = [
        {"index": index, "code": "report_invalid", "detail": item.detail}
        for index, item in enumerate(items)
        if isinstance(item, Faulty)
    ]
    return {"accepted": len(readable), "refused": refused}


@cache
def _reported() -> Update:
    given = _REPORTS.c
    delivered = func.min(given.at).filter(given.what == "delivered").label("delivered")
    opened = func.min(given.at).filter(given.what == "opened").label("opened")
    reported = select(given.delivery_id, delivered, opened).group_by(given.delivery_id).cte("reported").c
    return (
        update(_DELIVERY)
        .values(
            delivered_at=_first(_DELIVERY.c.delivered_at, reported.delivered),
            opened_at=_first(_DELIVERY.c.opened_at, reported.opened),
        )
        .where(
            _DELIVERY.c.id == reported.delivery_id,
            _DELIVERY.c.device_id == _DEVICE,
            _DELIVERY.c.person_id == _ME,
        )
    )


def _first(known: ColumnElement[datetime], reported: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The first time stands. A phone's clock may be wrong: nothing arrives before it was made, or in the future."""
    plausible = func.least(func.greatest(reported, _DELIVERY.c.created_at), func.now())
    return case((or_(known.is_not(None), reported.is_(None)), known), else_=plausible)
