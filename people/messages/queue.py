"""Queueing a message, in the transaction of what it is about: nothing is sent of what did not happen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import insert
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import table_of
from base.sealing import Sealer
from people.messages.models import Message


class Channel(StrEnum):
    """The way to somebody who is not in the app."""

    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True)
class Outgoing:
    """What is to be sent: `to` is an e-mail address or a number in E.164, `values` what the template's words take."""

    channel: Channel
    to: str
    template: str
    locale: str
    values: Mapping[str, str]
    expires_at: datetime


def queue(session: Session, sealer: Sealer, organisation_id: UUID, outgoing: Outgoing) -> UUID:
    """Have the worker send a message; returns its id. Of where it goes and what it says only sealed text is kept."""
    return queue_all(session, sealer, organisation_id, [outgoing])[0]


def queue_all(
    session: Session, sealer: Sealer, organisation_id: UUID, outgoings: Sequence[Outgoing]
) -> list[UUID]:
    """The same for many, in one statement."""
    rows = [_row(sealer, organisation_id, outgoing) for outgoing in outgoings]
    if rows:
        session.execute(insert(table_of(Message)), rows)
    return [row["id"] for row in rows]


def _row(sealer: Sealer, organisation_id: UUID, outgoing: Outgoing) -> dict[str, Any]:
    said = {"to": outgoing.to, "values": dict(outgoing.values)}
    return {
        "id": ids.new_id(),
        "organisation_id": organisation_id,
        "channel": outgoing.channel,
        "template": outgoing.template,
        "locale": outgoing.locale,
        "sealed": sealer.sealed(orjson.dumps(said).decode()),
        "created_at": clock.now(),
        "due_at": clock.now(),
        "expires_at": outgoing.expires_at,
    }
