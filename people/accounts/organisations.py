"""Organisations: made by an operator's command, with their first administrator."""

import re
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from base import ids
from base.database import enter_organisation
from base.errors import Conflict, Invalid
from base.text import address
from people.accounts.persons import add_person
from people.models import Organisation
from people.scopes.scopes import create_scope

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def create_organisation(
    session: Session, slug: str, name: str, *, email: str, administrator: str, password_hash: str
) -> tuple[UUID, UUID]:
    """Make an organisation, its own scope and its first administrator; returns both ids.

    Runs as the worker's role: no one inside an organisation can make another.
    """
    if not _SLUG.fullmatch(slug):
        raise Invalid.at("/slug", "Lower-case letters, digits and hyphens, at most 63.")
    if session.scalar(select(Organisation.id).where(Organisation.slug == slug)):
        raise Conflict("There is an organisation of this name.", code="organisation_exists")
    organisation_id = ids.new_id()
    session.execute(insert(Organisation).values(id=organisation_id, slug=slug, name=name))
    enter_organisation(session, organisation_id)
    create_scope(
        session, organisation_id, organisation_id, kind="organisation", name=name, admission="assigned"
    )
    person = add_person(
        session,
        organisation_id,
        email=address(email),
        name=administrator,
        password_hash=password_hash,
        role="organisation_administrator",
    )
    return organisation_id, person.id
