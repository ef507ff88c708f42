"""Who may do more is no secret: each change is told to the person, and to those who manage there and above.

It is told when a role above that of a member is given, changed or taken: by assignment, by a grant, with an account
that opens or closes (but that of the first administrator, with whom the organisation itself begins: there is nobody to
tell). What a member may begins and ends with memberships, which tell of themselves (`people/scopes/memberships.py`).
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from journal.catalogue import RIGHTS_CHANGED
from journal.events import Event, append
from people.audience import administers, holders_of, managers_of
from people.models import Membership, Person, RoleGrant
from people.permissions import ADMINISTRATOR, COMPLIANCE_OFFICER, SERVICE, Permission

_MORE_THAN_A_MEMBER = frozenset({"manager", ADMINISTRATOR, SERVICE})
_Changed = tuple[UUID, UUID, str | None, str | None]  # whose, where, before, after


def tell_rights(
    session: Session, of: Membership | Person, before: str | None, after: str | None, actor_id: UUID | None
) -> None:
    """Tell that the role of a membership or of a person changed (None: it is nothing there, before or after).

    A person's role is told of the organisation's own scope. Without an actor an operator did it, or time.
    """
    if before == after or not {before, after} & _MORE_THAN_A_MEMBER:
        return
    person_id, scope_id = (
        (of.id, of.organisation_id) if isinstance(of, Person) else (of.person_id, of.scope_id)
    )
    _tell(session, of.organisation_id, (person_id, scope_id, before, after), actor_id, also=())


def tell_role(
    session: Session, grant: RoleGrant, before: str | None, after: str | None, actor_id: UUID | None
) -> None:
    """Tell that a role was given or taken, by its key. Of a compliance officer the others hear, too."""
    officers: list[UUID] = []
    if grant.role == COMPLIANCE_OFFICER:
        officers = list(session.scalars(holders_of(Permission.AUDIT_EXPORT, (grant.organisation_id,))))
    changed = (grant.person_id, grant.scope_id, before, after)
    _tell(session, grant.organisation_id, changed, actor_id, also=officers)


def tell_role_changed(session: Session, grants: Sequence[RoleGrant], actor_id: UUID | None) -> None:
    """Tell those who have a role of the organisation's own that it allows something else now."""
    for grant in grants:
        changed = (grant.person_id, grant.scope_id, grant.key, grant.key)
        append(session, grant.organisation_id, _event(grant.person_id, changed, actor_id))


def _tell(
    session: Session,
    organisation_id: UUID,
    changed: _Changed,
    actor_id: UUID | None,
    *,
    also: Sequence[UUID],
) -> None:
    person_id, scope_id = changed[:2]
    managers = managers_of(session, scope_id, organisation_id)
    told = sorted({person_id, *managers, *also, *_administrators(session, organisation_id)})
    append(session, organisation_id, *(_event(each, changed, actor_id) for each in told))


def _event(told: UUID, changed: _Changed, actor_id: UUID | None) -> Event:
    person_id, scope_id, before, after = changed
    payload = {
        "person_id": str(person_id),
        "scope_id": str(scope_id),
        "before": before,
        "after": after,
        "changed_at": clock.wire(clock.now()),
    }
    return Event(RIGHTS_CHANGED, subject_id=person_id, payload=payload, person_id=told, actor_id=actor_id)


def _administrators(session: Session, organisation_id: UUID) -> list[UUID]:
    of_it = (Person.organisation_id == organisation_id, administers(), Person.ended_at.is_(None))
    return list(session.scalars(select(Person.id).where(*of_it)))
