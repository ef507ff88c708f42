"""An invitation as it is wanted, and as it is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from base import clock, ids
from people.actor import Actor
from people.models import Invitation
from people.sign_in.codes import new_code
from people.sign_in.forms import Form
from people.sign_in.tokens import digest


@dataclass(frozen=True)
class Wanted:
    """An invitation that somebody wants to make. `roles`: {role, scope_id, ends_at}, `days`: how long it is good."""

    role: str = "member"
    scope_ids: Sequence[UUID] = ()
    roles: Sequence[dict[str, Any]] = ()
    uses: int = 1
    days: int = 14
    stay_hours: int | None = None
    name: str | None = None
    identifier: str | None = None
    person_id: UUID | None = None
    send_to: str | None = None


@dataclass(frozen=True)
class Made:
    """An invitation with its code, and where that is to go: to nobody else then."""

    invitation: Invitation
    code: str
    send_to: Form | None


def made_of(actor: Actor, wanted: Wanted, role: str, for_whom: Form | None, send_to: Form | None) -> Made:
    """What was judged, with a code of its own; not kept yet."""
    code, at = new_code(), clock.now()
    invitation = Invitation(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        code_digest=digest(code),
        role=role,
        scope_ids=list(wanted.scope_ids),
        roles=[_kept(given) for given in wanted.roles],
        name=wanted.name,
        identifier=None if for_whom is None else for_whom.value,
        sent_to=None if send_to is None else send_to.value,
        person_id=wanted.person_id,
        uses_left=wanted.uses,
        used=0,
        stay_hours=wanted.stay_hours,
        expires_at=at + timedelta(days=wanted.days),
        created_by=actor.person_id,
        created_at=at,
    )
    return Made(invitation, code, send_to)


def _kept(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "role": given["role"],
        "scope_id": None if given["scope_id"] is None else str(given["scope_id"]),
        "ends_at": clock.wire_or_none(given["ends_at"]),
    }
