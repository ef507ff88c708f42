"""Tables of people. Every row carries its organisation, which row-level security compares."""

from people.models.idempotency import IdempotencyKey
from people.models.identifiers import Identifier
from people.models.invitations import Invitation
from people.models.organisations import Organisation
from people.models.passkeys import Passkey, UsedChallenge
from people.models.persons import Employment, Person
from people.models.roles import CustomRole, RoleGrant
from people.models.scopes import DirectDeparture, Membership, Scope
from people.models.sessions import Device, SignedInSession
from people.models.shared_devices import Badge, Pin, SharedDevice

__all__ = [
    "Badge",
    "CustomRole",
    "Device",
    "DirectDeparture",
    "Employment",
    "IdempotencyKey",
    "Identifier",
    "Invitation",
    "Membership",
    "Organisation",
    "Passkey",
    "Person",
    "Pin",
    "RoleGrant",
    "Scope",
    "SharedDevice",
    "SignedInSession",
    "UsedChallenge",
]
