"""Whether an inviter may still give what an invitation gives, and the giving of it.

Time passes between the two. Whoever has lost a right, or left, gives nothing of it by a code from before.
"""

from sqlalchemy.orm import Session

from base import clock
from people.models import Invitation, Person
from people.permissions import ADMINISTRATOR
from people.roles.giving import give


def check_still_given(session: Session, invitation: Invitation) -> bool:
    """Whether what is more than a membership is still the inviter's to give."""
    if invitation.role != ADMINISTRATOR and invitation.person_id is None and not invitation.roles:
        return True
    inviter = None if invitation.created_by is None else session.get(Person, invitation.created_by)
    return inviter is not None and inviter.ended_at is None


def give_roles(session: Session, invitation: Invitation, person: Person) -> None:
    """Give the roles that the invitation names."""
    for given in invitation.roles:
        ends_at = clock.read_or_none(given["ends_at"])
        give(session, invitation.created_by, person.id, given["role"], given["scope_id"], ends_at)
