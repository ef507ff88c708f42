"""What a push without content carries, so that the phone can show what it is about: a statement that is good for some
minutes, for one delivery, and for nothing else.

It passes through Google's and Apple's hands, to whom the words were not to be told. So it is good only together with
the installation's own id, which passes through neither (`push/sending/fetching.py`).
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from base.errors import Unauthenticated
from people.sign_in.keys import CONTENT, Keys
from people.sign_in.statements import Kind, TokenExpired, read, signed
from push.outgoing import Outgoing

LASTS_S = 300
_CREDENTIAL = Kind("notification+jwt", "hereabouts/notification", CONTENT)


class CredentialOver(Unauthenticated):
    """Its minutes are over."""

    code, title = "credential_over", "This credential is over; the app has the notification"


class Credential(NamedTuple):
    """Which delivery may be read, of which notification."""

    organisation_id: UUID
    delivery_id: UUID
    notification_id: UUID


def credential_for(keys: Keys, outgoing: Outgoing, at: datetime) -> str | None:
    """A credential for what is shown without its content; None for everything else."""
    delivery, notification = outgoing
    if delivery.action != "show" or notification.content != "id":
        return None
    ids = {
        "org": str(notification.organisation_id),
        "delivery": str(delivery.id),
        "notification": str(notification.id),
    }
    return signed(keys, _CREDENTIAL, ids, at, LASTS_S)


def read_credential(keys: Keys, token: str) -> Credential:
    """What a credential allows; raises `CredentialOver` or `Unauthenticated`."""
    try:
        return Credential(*read(keys, _CREDENTIAL, token, "org", "delivery", "notification").ids)
    except TokenExpired:
        raise CredentialOver from None
