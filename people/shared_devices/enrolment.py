"""Shared devices: made by an administrator, enrolled with a code, ended.

    administrator ──code, for minutes──▶ tablet ──code──▶ here ──secret, once──▶ tablet

The secret lets nobody in. It says which tablet asks: whose names it shows, and where a PIN was typed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import enter_organisation
from base.errors import Invalid, NotFound, Unauthenticated
from people.actor import Actor
from people.models import Device, Organisation, Scope, SharedDevice, SignedInSession
from people.sign_in.codes import as_made, new_code
from people.sign_in.sessions import end_session
from people.sign_in.tokens import digest, first_refresh_token

CODE_LASTS = timedelta(minutes=15)
_KNOWN = text("SELECT organisation_of_shared_device(:digest)")


class EnrolmentRefused(Invalid):
    """The code is wrong, used, replaced or too old; which of them is not told."""

    code, title = "enrolment_refused", "This code is not, or no longer, good"


class DeviceRefused(Unauthenticated):
    """No shared device has this secret, or no longer."""

    code, title = "device_refused", "This device is not, or no longer, enrolled"


def wire_shared_device(device: SharedDevice) -> dict[str, Any]:
    """A shared device as administrators see it."""
    return {
        "id": str(device.id),
        "name": device.name,
        "site_id": str(device.site_id),
        "pause_seconds": device.pause_seconds,
        "platform": device.platform,
        "app_version": device.app_version,
        "created_at": clock.wire(device.created_at),
        "enrolled_at": clock.wire_or_none(device.enrolled_at),
        "last_used_at": clock.wire_or_none(device.last_used_at),
        "code_expires_at": clock.wire_or_none(device.code_expires_at),
    }


def add_shared_device(
    session: Session, actor: Actor, *, name: str, site_id: UUID, pause_seconds: int
) -> tuple[SharedDevice, str]:
    """A device for a site, and the code that enrols it; raises `Invalid` where there is no such site."""
    site = select(Scope.id).where(Scope.id == site_id, Scope.kind == "site", Scope.archived_at.is_(None))
    if session.scalar(site) is None:
        raise Invalid.at("/site_id", "There is no such site.")
    device = SharedDevice(
        id=ids.new_id(),
        organisation_id=actor.organisation_id,
        site_id=site_id,
        name=name,
        pause_seconds=pause_seconds,
        created_by=actor.person_id,
        created_at=clock.now(),
    )
    session.add(device)
    return device, _new_code(session, device)


def renew_code(session: Session, actor: Actor, device_id: UUID) -> tuple[SharedDevice, str]:
    """Another code, with which a device is enrolled anew: until then the present secret holds. Raises `NotFound`."""
    device = shared_device(session, actor, device_id, held=True)
    return device, _new_code(session, device)


def _new_code(session: Session, device: SharedDevice) -> str:
    code = new_code()
    device.code_digest, device.code_expires_at = digest(code), clock.now() + CODE_LASTS
    session.flush()
    return code


def shared_device(session: Session, actor: Actor, device_id: UUID, *, held: bool = False) -> SharedDevice:
    """One of the organisation's that has not ended, or `NotFound`."""
    device = session.get(SharedDevice, device_id, with_for_update=held or None)
    if device is None or device.organisation_id != actor.organisation_id or device.ended_at is not None:
        raise NotFound
    return device


def list_shared_devices(
    session: Session, actor: Actor, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[SharedDevice]:
    """A page of the organisation's in the order of their making, without those that have ended."""
    query = select(SharedDevice).where(
        SharedDevice.organisation_id == actor.organisation_id, SharedDevice.ended_at.is_(None)
    )
    if after is not None:
        query = query.where(tuple_(SharedDevice.created_at, SharedDevice.id) > after)
    return session.scalars(query.order_by(SharedDevice.created_at, SharedDevice.id).limit(limit)).all()


def edit_shared_device(
    session: Session, actor: Actor, device_id: UUID, changed: dict[str, Any]
) -> SharedDevice:
    """Another name, or pause; that holds from the next person on. Raises `NotFound`."""
    device = shared_device(session, actor, device_id, held=True)
    for field, value in changed.items():
        setattr(device, field, value)
    session.flush()
    return device


def end_shared_device(session: Session, actor: Actor, device_id: UUID) -> None:
    """Nobody signs in on it any more, and whoever is, is no longer. Raises `NotFound`."""
    device = shared_device(session, actor, device_id, held=True)
    device.ended_at = clock.now()
    device.code_digest = device.secret_digest = device.code_expires_at = None
    session.flush()
    _end_sessions(session, device, "shared_device_ended", actor.person_id)


def enrol(session: Session, code: str, app: dict[str, Any]) -> tuple[SharedDevice, Organisation, str]:
    """The device whose code it is, its organisation, and its secret, told this once; raises `EnrolmentRefused`.

    The transaction enters the organisation. Whoever has the former secret has nothing from now on.
    """
    code_digest = digest(as_made(code))
    enter_organisation(session, session.scalar(_KNOWN, {"digest": code_digest}))
    asked = select(SharedDevice).where(
        SharedDevice.code_digest == code_digest, SharedDevice.code_expires_at > clock.now()
    )
    device = session.scalars(asked.with_for_update()).one_or_none()
    if device is None:
        raise EnrolmentRefused
    secret = first_refresh_token()
    device.code_digest = device.code_expires_at = None
    device.secret_digest, device.enrolled_at = digest(secret), clock.now()
    device.platform, device.app_version = app["platform"], app["app_version"]
    session.flush()
    _end_sessions(session, device, "shared_device_enrolled", None)
    return device, session.get_one(Organisation, device.organisation_id), secret


def device_of(session: Session, secret: str) -> SharedDevice:
    """The device whose secret it is, in its organisation, which the transaction enters; raises `DeviceRefused`."""
    enter_organisation(session, session.scalar(_KNOWN, {"digest": digest(secret)}))
    device = session.scalar(select(SharedDevice).where(SharedDevice.secret_digest == digest(secret)))
    if device is None:
        raise DeviceRefused
    return device


def _end_sessions(session: Session, device: SharedDevice, reason: str, actor_id: UUID | None) -> None:
    live = select(SignedInSession.id).join(Device, Device.id == SignedInSession.device_id)
    live = live.where(Device.installation_id == device.installation_id, SignedInSession.ended_at.is_(None))
    for session_id in session.scalars(live).all():
        end_session(session, session_id, reason=reason, actor_id=actor_id)
