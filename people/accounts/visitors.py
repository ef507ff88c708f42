"""Visitors: people who are here for some hours. Their account and their memberships end by themselves."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from base import clock
from people.accounts.persons import add_person, end_person
from people.models import Person
from people.permissions import VISITOR
from people.scopes.memberships import assign


def admit_visitor(
    session: Session,
    organisation_id: UUID,
    scope_ids: list[UUID],
    hours: int,
    *,
    name: str,
    locale: str,
    timezone: str,
) -> Person:
    """Open an account for some hours, with nothing to sign in with: it is open on one device, and no other."""
    person = add_person(
        session,
        organisation_id,
        name=name,
        password_hash=None,
        locale=locale,
        timezone=timezone,
        role=VISITOR,
    )
    limit_stay(session, person, scope_ids, clock.now() + timedelta(hours=hours))
    return person


def limit_stay(session: Session, person: Person, scope_ids: list[UUID], ends_at: datetime) -> None:
    """Assign the person to scopes until a moment, and close the account then."""
    person.ends_at = ends_at
    session.flush()
    for scope_id in scope_ids:
        assign(session, scope_id, person.id, "member", person.id, ends_at=ends_at)


def end_expired_persons(session: Session, kept: Select[UUID], limit: int = 100) -> list[UUID]:
    """Close the accounts whose time is over, but those `kept` for now; returns whose. Several workers may do it."""
    over = session.scalars(
        select(Person)
        .where(Person.ended_at.is_(None), Person.ends_at <= clock.now(), Person.id.not_in(kept))
        .order_by(Person.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    for person in over:
        end_person(session, person, person.id)
    return [person.id for person in over]
