"""Whether an inviter may still give what an invitation gives, and the giving of it.

Time passes between the two. Whoever has lost a right, or left, gives nothing of it by a code from before: no account
that administers or that was there already, and of the roles none that is not theirs to give on that day.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from base.database import table_of
from base.errors import Problem
from people.actor import Actor
from people.models import Invitation, Person
from people.permissions import ADMINISTRATOR, ORGANISATION_WIDE, Permission
from people.roles.giving import check_may_give, give
from people.roles.outranking import held_by
from people.sign_in.given import given_to, grants_of

_NOT_HERE = UUID(int=0)


def is_still_given(session: Session, invitation: Invitation) -> bool:
    """Whether an account that is more than a member's, or is there already, is still the inviter's to give."""
    if invitation.person_id is not None:
        given = held_by(session, session.get_one(Person, invitation.person_id))
    elif invitation.role == ADMINISTRATOR:
        given = ORGANISATION_WIDE[ADMINISTRATOR]
    else:
        return True
    inviter = _inviter(session, invitation)
    return inviter is not None and given | {Permission.PEOPLE_MANAGE} <= inviter.organisation_wide


def give_roles(session: Session, invitation: Invitation, person: Person) -> None:
    """Give the roles that the invitation names, but those that nobody would give today."""
    inviter = _inviter(session, invitation) if invitation.roles else None
    if inviter is None:
        return
    for given in invitation.roles:
        scope_id = UUID(given["scope_id"] or str(invitation.organisation_id))
        ends_at = clock.read_or_none(given["ends_at"])
        try:
            check_may_give(session, inviter, given["role"], scope_id, ends_at)
            give(session, inviter.person_id, person.id, given["role"], scope_id, ends_at)
        except Problem:
            continue


def _inviter(session: Session, invitation: Invitation) -> Actor | None:
    """The inviter with the rights of today; None for who has left."""
    asked = select(Person.role, Person.locale, given_to(table_of(Person).c.id).label("given")).where(
        Person.id == invitation.created_by, Person.ended_at.is_(None)
    )
    row = session.execute(asked).one_or_none()
    if row is None or invitation.created_by is None:
        return None
    return Actor(
        person_id=invitation.created_by,
        organisation_id=invitation.organisation_id,
        session_id=_NOT_HERE,
        device_id=_NOT_HERE,
        role=row.role,
        locale=row.locale,
        grants=grants_of(row.given),
    )
