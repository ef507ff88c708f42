"""Queueing a message, in the transaction of what it is about: nothing is sent of what did not happen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from base import clock, ids
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
    message = Message(
        id=ids.new_id(),
        organisation_id=organisation_id,
        channel=outgoing.channel,
        template=outgoing.template,
        locale=outgoing.locale,
        sealed=sealer.sealed(orjson.dumps({"to": outgoing.to, "values": dict(outgoing.values)}).decode()),
        created_at=clock.now(),
        due_at=clock.now(),
        expires_at=outgoing.expires_at,
    )
    session.add(message)
    session.flush()
    return message.id
