"""Nobody gets into an account, or closes one, that may do more than they may themselves, anywhere."""

from sqlalchemy.orm import Session

from base.errors import Forbidden
from people.actor import Actor
from people.models import Person
from people.permissions import ORGANISATION_WIDE, Permission
from people.roles.lists import MOST_ROLES, Wanted, list_given
from people.roles.roles import permissions_of


def check_may_enter(session: Session, actor: Actor, person: Person) -> None:
    """Raise `Forbidden` where seeing to somebody's sign-in would give the actor what they do not have.

    A compliance officer's is seen to by an operator, since no administrator has all that one has.
    """
    if not held_by(session, person) <= actor.organisation_wide:
        raise Forbidden


def check_may_close(session: Session, actor: Actor, person: Person) -> None:
    """Raise `Forbidden` for an account that may do more. Administrators close that of a compliance officer who leaves:
    it gives them nothing, and the other officers hear of it."""
    if not held_by(session, person) - {Permission.AUDIT_EXPORT} <= actor.organisation_wide:
        raise Forbidden


def held_by(session: Session, person: Person) -> frozenset[Permission]:
    """All that a person may do anywhere by account and roles; what every member may is not counted."""
    wanted = Wanted(person.organisation_id, person.id, private=True)
    rows = list_given(session, person.organisation_id, wanted, None, MOST_ROLES)
    return ORGANISATION_WIDE[person.role].union(*map(permissions_of, rows))
