"""Signing in on a shared device, in two halves as with a password (`people/sign_in/signing_in.py`).

Who may be named there is assigned to the device's site and has a PIN. Whatever is wrong, the answer is the same and
takes as long: no such person, another site's, no PIN, a locked one, a wrong one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from base import clock
from base.database import Database, again_if_it_gave_way, enter_organisation
from base.errors import Unauthenticated
from base.settings import Settings
from base.work import hashing
from people.accounts.telling import tell_sign_in_changed
from people.audience import live_membership
from people.audit.whose import concerns
from people.models import Badge, Membership, Person, Pin, Scope, SharedDevice, SignedInSession
from people.shared_devices.enrolment import DeviceRefused, device_of
from people.shared_devices.pins import TRIES, badge_digests
from people.sign_in import passwords, throttle
from people.sign_in.fresh import FRESH_FOR
from people.sign_in.opening import open_session
from people.sign_in.signing_in import take_back
from people.sign_in.throttle import Bucket, Door
from people.sign_in.tokens import TokenMaker, Tokens, digest
from people.sign_in.ways import Factor, Way

MOST_NAMES = 20
_NOBODY = UUID(int=0)


class PinRefused(Unauthenticated):
    """Nobody who may sign in here, or not their PIN, or one that was wrong too often; which of them is not told."""

    code, title = "pin_refused", "The person or PIN is not right, or the PIN is locked"


@dataclass(frozen=True)
class PinProof:
    """That somebody on a shared device knew a person's PIN, whose hash this was."""

    organisation_id: UUID
    device_id: UUID
    secret_digest: bytes
    person_id: UUID
    pin_hash: str


def _may_sign_in(site_id: UUID) -> list[ColumnElement[bool]]:
    """The conditions for a person: of the site's own people, with an account that is open."""
    assigned = exists().where(
        Membership.person_id == Person.id,
        Membership.scope_id == site_id,
        Membership.source == "assigned",
        Scope.id == Membership.scope_id,
        Scope.archived_at.is_(None),
        *live_membership(),
    )
    return [Person.ended_at.is_(None), assigned]


def names_on(session: Session, secret: str, beginning: str) -> list[dict[str, Any]]:
    """Those who may sign in on a device and whose names begin so, by their names; raises `DeviceRefused`."""
    device = device_of(session, secret)
    begins = Person.name.istartswith(beginning, autoescape=True)
    query = select(Person.id, Person.name).join(Pin, Pin.person_id == Person.id)
    query = query.where(*_may_sign_in(device.site_id), begins).order_by(Person.name, Person.id)
    return [{"id": str(row.id), "name": row.name} for row in session.execute(query.limit(MOST_NAMES))]


def prove_pin(
    database: Database,
    settings: Settings,
    *,
    secret: str,
    person_id: UUID | None,
    badge: str | None,
    pin: str,
    address: str | None,
) -> PinProof:
    """Check a PIN that was typed on a shared device; raises `DeviceRefused`, `PinRefused`, `TooManyGuesses`, `Busy`."""
    with hashing.place(throttle.home_network(address)) as run:
        device, found, counted = again_if_it_gave_way(
            lambda: _counted(database, settings, secret, person_id, badge)
        )
        matched = passwords.matches(run, None if found is None else found.pin_hash, pin)
    if not matched or found is None:
        again_if_it_gave_way(lambda: _tell_if_locked(database, device.organisation_id, found))
        raise PinRefused
    take_back(database, counted)
    return PinProof(device.organisation_id, device.id, digest(secret), found.person_id, found.pin_hash)


def _counted(
    database: Database, settings: Settings, secret: str, person_id: UUID | None, badge: str | None
) -> tuple[SharedDevice, Pin | None, Sequence[Bucket]]:
    """The device, the PIN that is meant, and the buckets of this try; None where there is none, or it is locked."""
    with database.transaction() as session:
        device = device_of(session, secret)
        counted = throttle.count(session, Door.PIN, throttle.of_shared_device(device.id))
        meant = _meant(session, settings, device, person_id, badge)
        concerns(device.organisation_id, None if meant == _NOBODY else meant)
        allowed = exists().where(Person.id == Pin.person_id, *_may_sign_in(device.site_id))
        tried = (
            update(Pin)
            .where(Pin.person_id == meant, Pin.failures < TRIES, allowed)
            .values(failures=Pin.failures + 1)
            .returning(Pin)
        )
        return device, session.scalars(tried).one_or_none(), counted


def _meant(
    session: Session, settings: Settings, device: SharedDevice, person_id: UUID | None, badge: str | None
) -> UUID:
    """Who is named, by their id or badge; an id that is nobody's where nobody is."""
    if badge is None:
        return person_id or _NOBODY
    digests = badge_digests(settings, device.organisation_id, badge)
    return session.scalar(select(Badge.person_id).where(Badge.digest.in_(digests))) or _NOBODY


def _tell_if_locked(database: Database, organisation_id: UUID, tried: Pin | None) -> None:
    """The person hears of the last try that was wrong; it is asked whoever was named."""
    with database.transaction(organisation_id) as session:
        person_id = _NOBODY if tried is None else tried.person_id
        failures = session.scalar(select(Pin.failures).where(Pin.person_id == person_id))
        if tried is not None and tried.failures == TRIES and failures == TRIES:
            tell_sign_in_changed(session, organisation_id, person_id, "pin_locked", None)


def sign_in_with_pin(
    session: Session, maker: TokenMaker, proof: PinProof, locale: str | None, address: str | None
) -> Tokens:
    """Start a session on the shared device; whoever was signed in on it is no longer.

    Raises `DeviceRefused` or `PinRefused` where device or PIN are others by now. It ends after the device's pause, and
    counts as no fresh proof.
    """
    enter_organisation(session, proof.organisation_id)
    device = session.get(SharedDevice, proof.device_id, with_for_update=True)
    if device is None or device.secret_digest != proof.secret_digest:
        raise DeviceRefused
    _check_still_the_pin(session, proof, device)
    app = {
        "installation_id": device.installation_id,
        "platform": device.platform,
        "name": device.name,
        "locale": locale,
        "app_version": device.app_version,
    }
    way = Way((Factor.PIN,), address)
    tokens, _ = open_session(
        session, maker, device.pause_seconds, proof.organisation_id, proof.person_id, app, way
    )
    opened = update(SignedInSession).where(SignedInSession.id == tokens.session_id)
    stale = clock.now() - 2 * FRESH_FOR
    session.execute(opened.values(pause_seconds=device.pause_seconds, proven_at=stale))
    device.last_used_at = clock.now()
    session.flush()
    return tokens


def _check_still_the_pin(session: Session, proof: PinProof, device: SharedDevice) -> None:
    """Whether it is the same PIN, of somebody who may sign in; then none of the tries before were guesses."""
    allowed = exists().where(Person.id == Pin.person_id, *_may_sign_in(device.site_id))
    right = (
        update(Pin)
        .where(Pin.person_id == proof.person_id, Pin.pin_hash == proof.pin_hash, allowed)
        .values(failures=0)
        .returning(Pin.person_id)
    )
    if session.scalar(right) is None:
        raise PinRefused
