"""Tables of people. Every row carries its organisation, which row-level security compares."""

from people.models.idempotency import IdempotencyKey
from people.models.identifiers import Identifier
from people.models.organisations import Invitation, Organisation
from people.models.passkeys import Passkey, UsedChallenge
from people.models.persons import Person
from people.models.scopes import DirectDeparture, Membership, Scope
from people.models.sessions import Device, SignedInSession
from people.models.shared_devices import Badge, Pin, SharedDevice

__all__ = [
    "Badge",
    "Device",
    "DirectDeparture",
    "IdempotencyKey",
    "Identifier",
    "Invitation",
    "Membership",
    "Organisation",
    "Passkey",
    "Person",
    "Pin",
    "Scope",
    "SharedDevice",
    "SignedInSession",
    "UsedChallenge",
]
