"""What operators do about roles, by the worker's role."""

from uuid import UUID

from sqlalchemy.orm import Session

from base.database import enter_organisation
from base.errors import NotFound
from base.text import address
from people.permissions import COMPLIANCE_OFFICER
from people.roles.giving import give
from people.sign_in.signing_in import named


def name_officer(session: Session, slug: str, identifier: str) -> UUID:
    """Let whoever signs in with this be a compliance officer of an organisation; returns the id of the grant.

    Raises `NotFound`, and as `give`: an administrator is none.
    """
    account = named(session, address(slug), address(identifier))
    if account.organisation_id is None or account.person_id is None:
        raise NotFound
    enter_organisation(session, account.organisation_id)
    return give(session, None, account.person_id, COMPLIANCE_OFFICER, account.organisation_id).id
