"""Asking to be let in. What is asked is noted, whatever it is, and a worker looks at it (`answering.py`).

So the answer, and the time that it takes, are the same whether there is such an organisation, whether it lets people
of this domain in, and whether there is an account: when it is given, nobody knows.
"""

from sqlalchemy.orm import Session

from base import clock, ids
from people.registration.models import RegistrationRequest
from people.registration.rules import mailbox_of
from people.sign_in import throttle
from people.sign_in.throttle import Door


def ask(
    session: Session,
    *,
    organisation: str,
    email: str,
    name: str,
    locale: str,
    timezone: str,
    installation_id: str,
    address: str | None,
) -> None:
    """Note that somebody wants an account; raises `TooManyGuesses` where too much was asked for a mailbox."""
    mailbox = mailbox_of(email)
    key = f"{organisation}\n{email if mailbox is None else mailbox.name}"
    throttle.count(session, Door.REGISTRATION, throttle.of_strangers(Door.REGISTRATION, key, address))
    request = RegistrationRequest(
        id=ids.new_id(),
        organisation=organisation,
        email=email,
        name=name,
        locale=locale,
        timezone=timezone,
        installation_id=installation_id,
        asked_at=clock.now(),
    )
    session.add(request)
    session.flush()
