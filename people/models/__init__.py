"""Tables of people. Every row carries its organisation, which row-level security compares."""

from people.models.idempotency import IdempotencyKey
from people.models.identifiers import Identifier
from people.models.invitations import Invitation
from people.models.organisations import Organisation
from people.models.persons import Employment, Person
from people.models.roles import CustomRole, RoleGrant
from people.models.scopes import DirectDeparture, Membership, Scope
from people.models.sessions import Device, SignedInSession

__all__ = [
    "CustomRole",
    "Device",
    "DirectDeparture",
    "Employment",
    "IdempotencyKey",
    "Identifier",
    "Invitation",
    "Membership",
    "Organisation",
    "Person",
    "RoleGrant",
    "Scope",
    "SignedInSession",
]
