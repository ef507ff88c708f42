"""Messages that wait, as the worker will open them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from base import clock
from base.sealing import Sealer
from people.messages.models import Message
from people.messages.queue import Channel, Outgoing, queue
from tests.world import Organisation

VALUES = {"organisation": "Depot", "code": "493027", "minutes": "10"}


def sealer_of(org: Organisation) -> Sealer:
    """The application's own."""
    return org.world.app.extensions["hereabouts"].sealer


def waiting(org: Organisation) -> list[dict[str, Any]]:
    """What waits to be sent, in the order in which it was queued: `channel`, `template`, `locale`, `to`, `values`."""
    asked = select(Message).where(Message.organisation_id == org.id, Message.ended_at.is_(None))
    with org.world.worker.transaction() as session:
        rows = session.scalars(asked.order_by(Message.id)).all()
    return [
        {"channel": row.channel, "template": row.template, "locale": row.locale}
        | orjson.loads(sealer_of(org).opened(row.sealed or ""))
        for row in rows
    ]


def queues(
    org: Organisation,
    to: str,
    *,
    template: str = "one_time_code",
    locale: str = "en",
    good_for: timedelta = timedelta(minutes=10),
    **values: str,
) -> UUID:
    """Have something sent, to a number where it begins with a plus."""
    channel = Channel.SMS if to.startswith("+") else Channel.MAIL
    outgoing = Outgoing(channel, to, template, locale, VALUES | values, clock.now() + good_for)
    with org.world.worker.transaction() as session:
        return queue(session, sealer_of(org), org.id, outgoing)


def became(org: Organisation, message_id: UUID) -> tuple[str | None, bool]:
    """How it ended, None while it waits; and whether what it said is still kept."""
    with org.world.worker.transaction() as session:
        row = session.get_one(Message, message_id)
        return (row.outcome if row.ended_at else None), row.sealed is not None
