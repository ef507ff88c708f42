"""What a phone fetches of a push that came without content, checked as everything is that goes out.

Whatever is the matter with it, it is not there: the phone goes on showing what it has.
"""

from typing import Any

from sqlalchemy.orm import Session

from base import clock
from base.database import enter_organisation
from base.errors import NotFound
from push.credentials import Credential
from push.outgoing import Outgoing
from push.sending.checks import may_fetch
from push.sending.claims import delivery_now
from push.sending.facts import gather, outgoing_of
from push.words.phrases import whole_words


def fetch(session: Session, credential: Credential, installation_id: str) -> dict[str, Any]:
    """The words of one delivery, for the installation that it went to; raises `NotFound`.

    The phone is still theirs and signed in, what was said is still there, and theirs to read.
    """
    enter_organisation(session, credential.organisation_id)
    one = _outgoing(session, credential, installation_id)
    (known,) = gather(session, [one])
    if not may_fetch(known, clock.now()):
        raise NotFound
    title, body = whole_words(one)
    return {"notification_id": str(one.notification.id), "title": title, "body": body}


def _outgoing(session: Session, credential: Credential, installation_id: str) -> Outgoing:
    delivery = delivery_now(session, credential.delivery_id, installation_id)
    if delivery is None or delivery.notification_id != credential.notification_id:
        raise NotFound
    return outgoing_of(session, [delivery])[0]
