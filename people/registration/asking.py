"""Asking to be let in. What is asked is noted, whatever it is, and a worker looks at it (`answering.py`).

So the answer, and the time that it takes, are the same whether there is such an organisation, whether it lets people
of this domain in, and whether there is an account: when it is given, nobody knows.
"""

from typing import NamedTuple

import orjson
from sqlalchemy.orm import Session

from base import clock, ids
from base.sealing import Sealer
from people.registration.models import RegistrationRequest
from people.registration.rules import mailbox_of
from people.sign_in import throttle
from people.sign_in.throttle import Door


class Asked(NamedTuple):
    """What somebody typed, and on which installation."""

    organisation: str
    email: str
    name: str
    locale: str
    timezone: str
    installation_id: str


def ask(session: Session, sealer: Sealer, asked: Asked, address: str | None) -> None:
    """Note that somebody wants an account; raises `TooManyGuesses` where too much was asked for one mailbox."""
    mailbox = mailbox_of(asked.email)
    key = f"registering\n{asked.organisation}\n{asked.email if mailbox is None else mailbox.name}"
    throttle.count(session, Door.MESSAGE, throttle.of_strangers(Door.MESSAGE, key, address))
    sealed = sealer.sealed(orjson.dumps(list(asked)).decode())
    session.add(RegistrationRequest(id=ids.new_id(), sealed=sealed, asked_at=clock.now()))
    session.flush()
