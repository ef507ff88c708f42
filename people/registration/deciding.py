"""Administrators decide of those who wait, and each hears of it by mail."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, NotFound
from base.sealing import Sealer
from people.actor import Actor
from people.messages.queue import Channel, Outgoing, queue
from people.models import Organisation
from people.registration.confirming import open_account
from people.registration.models import Registration
from people.registration.telling import tell_registration

STATES = ("awaiting", "opened", "approved", "refused")
"""Who has not given the code yet is nobody's business."""
_TELL_WITHIN = timedelta(days=2)


class RegistrationDecided(Conflict):
    """Somebody has decided of it already, or it decided itself."""

    code, title = "registration_decided", "This registration waits for nobody any more"


def wire_registration(registration: Registration) -> dict[str, Any]:
    """A registration as administrators see it."""
    return {
        "id": str(registration.id),
        "state": registration.state,
        "email": registration.email,
        "name": registration.name,
        "locale": registration.locale,
        "asked_at": clock.wire(registration.created_at),
        "confirmed_at": clock.wire_or_none(registration.confirmed_at),
        "decided_at": clock.wire_or_none(registration.decided_at),
        "decided_by": None if registration.decided_by is None else str(registration.decided_by),
        "person_id": None if registration.person_id is None else str(registration.person_id),
    }


def noted(registration: Registration) -> dict[str, Any]:
    """What the audit log keeps of one."""
    wired = wire_registration(registration)
    return {name: wired[name] for name in ("id", "state", "person_id")}


def list_registrations(
    session: Session, actor: Actor, state: str, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Registration]:
    """A page of the organisation's, the oldest first."""
    query = select(Registration).where(
        Registration.organisation_id == actor.organisation_id, Registration.state == state
    )
    if after is not None:
        query = query.where(tuple_(Registration.created_at, Registration.id) > after)
    return session.scalars(query.order_by(Registration.created_at, Registration.id).limit(limit)).all()


def registration_in(
    session: Session, actor: Actor, registration_id: UUID, *, held: bool = False
) -> Registration:
    """One of the organisation's that was confirmed, or `NotFound`."""
    query = select(Registration).where(
        Registration.id == registration_id,
        Registration.organisation_id == actor.organisation_id,
        Registration.state.in_(STATES),
    )
    found = session.scalars(query.with_for_update() if held else query).one_or_none()
    if found is None:
        raise NotFound
    return found


def approve(session: Session, actor: Actor, sealer: Sealer, registration: Registration) -> None:
    """Open the account of a held registration; raises `RegistrationDecided` or `EmailTaken`."""
    _check_waits(registration)
    open_account(session, registration, "approved")
    _decided(session, actor, sealer, registration, "registration_approved")


def refuse(session: Session, actor: Actor, sealer: Sealer, registration: Registration) -> None:
    """Let nobody in; raises `RegistrationDecided`."""
    _check_waits(registration)
    registration.state, registration.password_hash = "refused", None
    _decided(session, actor, sealer, registration, "registration_refused")


def _check_waits(registration: Registration) -> None:
    if registration.state != "awaiting":
        raise RegistrationDecided


def _decided(
    session: Session, actor: Actor, sealer: Sealer, registration: Registration, template: str
) -> None:
    registration.decided_at, registration.decided_by = clock.now(), actor.person_id
    session.flush()
    tell_registration(session, registration, actor.person_id)
    organisation = session.get_one(Organisation, registration.organisation_id)
    values = {"organisation": organisation.name, "name": registration.name}
    until = clock.now() + _TELL_WITHIN
    outgoing = Outgoing(Channel.MAIL, registration.email, template, registration.locale, values, until)
    queue(session, sealer, organisation.id, outgoing)
