"""Tables of people. Every row carries its organisation, which row-level security compares."""

from people.models.idempotency import IdempotencyKey
from people.models.identifiers import Identifier
from people.models.organisations import Invitation, Organisation
from people.models.passkeys import Passkey, UsedChallenge
from people.models.persons import Person
from people.models.scopes import DirectDeparture, Membership, Scope
from people.models.sessions import Device, SignedInSession

__all__ = [
    "Device",
    "DirectDeparture",
    "IdempotencyKey",
    "Identifier",
    "Invitation",
    "Membership",
    "Organisation",
    "Passkey",
    "Person",
    "Scope",
    "SignedInSession",
    "UsedChallenge",
]
