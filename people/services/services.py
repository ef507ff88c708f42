"""Services, as those who manage them see to them: made, listed, given another token, ended.

Nobody gives a service what they do not have, nor where they do not have it; and since another token is as good as a new
service, nobody gets one for a service that may do more than they. What its maker loses later, a service keeps: it is
not its maker's, and ends by itself on its day.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from base import clock, ids
from base.errors import Conflict, Forbidden, Invalid, NotFound
from journal.tail import position_to_come
from people.actor import Actor
from people.audience import PRIVATE, ScopeInSight
from people.audience.throughout import allowed_throughout
from people.models import Person
from people.permissions import SERVICE, Permission, is_organisation_wide
from people.scopes.rights import tell_rights
from people.scopes.scopes import scope_in_sight
from people.services.models import Service
from people.services.tokens import new_token
from people.sign_in.tokens import digest

MOST = 100  # that have not ended, in one organisation
_NOBODYS_MAIL = "services.invalid"


class TooManyServices(Conflict):
    """The organisation has as many as it may have."""

    code, title = "too_many_services", "There are too many services; end one first"


class ServiceEnded(Conflict):
    """Nothing brings it back."""

    code, title = "service_ended", "This service has ended"


def wire_service(service: Service, name: str, token: str | None = None) -> dict[str, Any]:
    """A service as those who manage it see it; the token is shown once, when it is made."""
    return {
        "id": str(service.id),
        "name": name,
        "token": token,
        "permissions": service.permissions,
        "scope_ids": [str(scope_id) for scope_id in service.scope_ids],
        "created_by": str(service.created_by),
        "created_at": clock.wire(service.created_at),
        "expires_at": clock.wire(service.expires_at),
        "last_used_at": clock.wire_or_none(service.last_used_at),
        "ended_at": clock.wire_or_none(service.ended_at),
    }


def make_service(
    session: Session, actor: Actor, *, name: str, permissions: list[str], scope_ids: list[UUID], days: int
) -> dict[str, Any]:
    """Make a service that may so much in these scopes and their parts; its wire form, with the token.

    Raises `Forbidden` for what the actor may not do there, `Invalid` for scopes that they do not know.
    """
    wanted = sorted(set(permissions))
    _check_may_give(session, actor, wanted, scope_ids)
    _check_room(session, actor.organisation_id)
    person = _author(session, actor.organisation_id, name)
    token, now = new_token(), clock.now()
    service = Service(
        id=person.id,
        organisation_id=actor.organisation_id,
        token_digest=digest(token),
        permissions=wanted,
        scope_ids=list(dict.fromkeys(scope_ids)),
        created_by=actor.person_id,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(service)
    session.flush()
    tell_rights(session, person, None, SERVICE, actor.person_id)
    return wire_service(service, name, token)


def list_services(
    session: Session, organisation_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[tuple[Service, str]]:
    """A page of the organisation's services with their names, in the order of their making; those that ended, too."""
    query = select(Service, Person.name).join(Person, Person.id == Service.id)
    query = query.where(Service.organisation_id == organisation_id)
    if after is not None:
        query = query.where(tuple_(Service.created_at, Service.id) > after)
    rows = session.execute(query.order_by(Service.created_at, Service.id).limit(limit))
    return [(service, name) for service, name in rows]


def read_service(session: Session, actor: Actor, service_id: UUID) -> dict[str, Any]:
    """One of them; raises `NotFound`."""
    return wire_service(*_named(session, actor, service_id))


def change_token(session: Session, actor: Actor, service_id: UUID) -> dict[str, Any]:
    """Give a service another token; the one before is worthless from the commit on. Raises `ServiceEnded`."""
    service, name = _named(session, actor, service_id)
    if service.ended_at is not None or service.expires_at <= clock.now():
        raise ServiceEnded
    _check_may_give(session, actor, service.permissions, service.scope_ids)
    token = new_token()
    service.token_digest = digest(token)
    session.flush()
    return wire_service(service, name, token)


def end_service(session: Session, actor: Actor, service_id: UUID) -> None:
    """End a service: its token is worthless from the commit on. What it wrote stays under its name."""
    service, _ = _named(session, actor, service_id)
    if service.ended_at is None:
        service.ended_at = clock.now()
        person = session.get_one(Person, service.id)
        person.ended_at = service.ended_at
        session.flush()
        tell_rights(session, person, SERVICE, None, actor.person_id)


def _named(session: Session, actor: Actor, service_id: UUID) -> tuple[Service, str]:
    """A service and its name, held until the transaction ends."""
    service = session.get(Service, service_id, with_for_update=True)
    if service is None or service.organisation_id != actor.organisation_id:
        raise NotFound
    return service, session.get_one(Person, service.id).name


def _check_may_give(
    session: Session, actor: Actor, permissions: Sequence[str], scope_ids: Sequence[UUID]
) -> None:
    wanted = frozenset(map(Permission, permissions))
    of_scopes = wanted - set(filter(is_organisation_wide, wanted))
    if wanted != of_scopes and actor.organisation_id not in scope_ids:
        raise Invalid.at(
            "/scope_ids", "What is of the whole organisation takes the organisation's own scope."
        )
    for index, scope_id in enumerate(scope_ids):
        scope = _scope(session, actor, scope_id, index)
        asked = wanted if scope_id == actor.organisation_id else of_scopes
        if not asked <= allowed_throughout(actor, scope):
            raise Forbidden


def _scope(session: Session, actor: Actor, scope_id: UUID, index: int) -> ScopeInSight:
    try:
        scope = scope_in_sight(session, actor, scope_id)
    except NotFound:
        raise _no_such_scope(index) from None
    if scope.kind in PRIVATE:
        raise _no_such_scope(index)
    return scope


def _no_such_scope(index: int) -> Invalid:
    return Invalid.at(f"/scope_ids/{index}", "There is no such scope.")


def _check_room(session: Session, organisation_id: UUID) -> None:
    live = (
        select(func.count())
        .select_from(Service)
        .where(
            Service.organisation_id == organisation_id,
            Service.ended_at.is_(None),
            Service.expires_at > clock.now(),
        )
    )
    if (session.scalar(live) or 0) >= MOST:
        raise TooManyServices


def _author(session: Session, organisation_id: UUID, name: str) -> Person:
    """Under whose name a service writes: nobody who signs in, belongs anywhere, or is reached by anything."""
    person = Person(
        id=ids.new_id(),
        organisation_id=organisation_id,
        email=f"{secrets.token_hex(12)}@{_NOBODYS_MAIL}",
        name=name,
        role=SERVICE,
        joined_position=position_to_come(session, organisation_id),
    )
    session.add(person)
    session.flush()
    return person
