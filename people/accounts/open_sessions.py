"""The sessions that are open: one's own, and for administrators those of others. Each can be ended from elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.errors import NotFound
from people.accounts.persons import person_in
from people.actor import Actor
from people.models import Device, Person, SignedInSession
from people.roles.outranking import check_may_close
from people.sign_in.sessions import end_session, end_sessions

_FROM_ELSEWHERE, _BY_AN_ADMINISTRATOR = "ended_elsewhere", "ended_by_administrator"


def list_open(
    session: Session, person_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[AnyRow]:
    """A page of a person's open sessions (session, device), newest first."""
    query = select(SignedInSession, Device).join(Device, Device.id == SignedInSession.device_id)
    query = query.where(*_open_of(person_id))
    if before is not None:
        query = query.where(tuple_(SignedInSession.created_at, SignedInSession.id) < before)
    newest_first = (SignedInSession.created_at.desc(), SignedInSession.id.desc())
    return session.execute(query.order_by(*newest_first).limit(limit)).all()


def wire_open(signed_in: SignedInSession, device: Device, current_id: UUID) -> dict[str, Any]:
    """An open session, and whether it is the one that asks; `last_seen_at`: when its app refreshed its tokens last."""
    return {
        "id": str(signed_in.id),
        "device": {
            "id": str(device.id),
            "platform": device.platform,
            "name": device.name,
            "app_version": device.app_version,
        },
        "address": signed_in.address,
        "factors": signed_in.factors,
        "created_at": clock.wire(signed_in.created_at),
        "last_seen_at": clock.wire(device.last_seen_at),
        "expires_at": clock.wire(signed_in.expires_at),
        "current": signed_in.id == current_id,
    }


def end_own(session: Session, actor: Actor, session_id: UUID) -> None:
    """End one of one's sessions, this one too; raises `NotFound`."""
    _check_open(session, actor.person_id, session_id)
    reason = "signed_out" if session_id == actor.session_id else _FROM_ELSEWHERE
    end_session(session, session_id, reason=reason, actor_id=actor.person_id)


def end_own_others(session: Session, actor: Actor) -> None:
    """End all of one's sessions but this one."""
    end_sessions(
        session, actor.person_id, reason=_FROM_ELSEWHERE, actor_id=actor.person_id, but=actor.session_id
    )


def end_of_person(session: Session, actor: Actor, person_id: UUID, session_id: UUID | None = None) -> None:
    """End a session of somebody, or all; raises `NotFound`, and `Forbidden` where they may do more than the actor."""
    person = _managed(session, actor, person_id)
    if session_id is None:
        end_sessions(session, person.id, reason=_BY_AN_ADMINISTRATOR, actor_id=actor.person_id)
        return
    _check_open(session, person.id, session_id)
    end_session(session, session_id, reason=_BY_AN_ADMINISTRATOR, actor_id=actor.person_id)


def _managed(session: Session, actor: Actor, person_id: UUID) -> Person:
    person = person_in(session, actor.organisation_id, person_id)
    check_may_close(session, actor, person)
    return person


def _check_open(session: Session, person_id: UUID, session_id: UUID) -> None:
    mine = select(SignedInSession.id).where(SignedInSession.id == session_id, *_open_of(person_id))
    if session.scalar(mine) is None:
        raise NotFound


def _open_of(person_id: UUID) -> tuple[Any, ...]:
    return (
        SignedInSession.person_id == person_id,
        SignedInSession.ended_at.is_(None),
        SignedInSession.expires_at > clock.now(),
    )
