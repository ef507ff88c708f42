"""Who asks: the actor of a live session, with all that they may, by one statement."""

from sqlalchemy import bindparam, case, false, func, select
from sqlalchemy.orm import Session

from base import clock
from base.database import table_of
from base.errors import Unauthenticated
from people.actor import Actor
from people.models import Device, Person, SignedInSession
from people.sign_in.given import given_to, grants_of
from people.sign_in.models import SignInPolicy
from people.sign_in.policies import MANAGER, check_networks_of, manages_something, names_of
from people.sign_in.tokens import AccessClaims

_sessions, _persons, _devices = table_of(SignedInSession), table_of(Person), table_of(Device)
_policies = table_of(SignInPolicy)
# Asked with every request and every connect; building it anew would cost more than PostgreSQL's answer.
_ACTOR = (
    select(
        _sessions.c.person_id,
        _sessions.c.device_id,
        case((_persons.c.role_ends_at <= func.now(), "member"), else_=_persons.c.role).label("role"),
        _sessions.c.proven_at,
        _sessions.c.pause_seconds,
        func.coalesce(_devices.c.locale, _persons.c.locale).label("locale"),
        given_to(_sessions.c.person_id).label("given"),
        _policies.c.networks,
        case(
            (_policies.c.networks.has_key(MANAGER), manages_something(_persons.c.id, bindparam("now"))),
            else_=false(),
        ).label("manages"),
    )
    .join(_persons, _persons.c.id == _sessions.c.person_id)
    .join(_devices, _devices.c.id == _sessions.c.device_id)
    .outerjoin(_policies, _policies.c.organisation_id == _sessions.c.organisation_id)
    .where(
        _sessions.c.id == bindparam("session_id"),
        _sessions.c.ended_at.is_(None),
        _sessions.c.expires_at > bindparam("now"),
        _persons.c.ended_at.is_(None),
    )
)


def actor_of(session: Session, claims: AccessClaims, address: str | None) -> Actor:
    """The actor of a live session, who asks from a network address.

    Raises `Unauthenticated` once it or the person's account has ended, and `NetworkRefused`.
    """
    asked = {"session_id": claims.session_id, "now": clock.now()}
    row = session.execute(_ACTOR, asked).one_or_none()
    if row is None:
        raise Unauthenticated("This session has ended; sign in again.", code="session_ended")
    roles = names_of(row.role, row.manages, (role for _, role, _ in row.given or ()))
    check_networks_of(row.networks, roles, address)
    return Actor(
        person_id=row.person_id,
        organisation_id=claims.organisation_id,
        session_id=claims.session_id,
        device_id=row.device_id,
        role=row.role,
        locale=row.locale,
        proven_at=row.proven_at,
        grants=grants_of(row.given),
        pause_seconds=row.pause_seconds,
    )
