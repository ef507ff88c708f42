"""PINs, which people choose on devices of their own, and badges, which administrators give out.

A PIN is six figures: whoever may guess finds it. So there are ten tries in a row, wherever they are made; then it is
good no more until the person, elsewhere, or an administrator sees to it. It lets in on shared devices alone.
"""

import hmac
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.errors import Conflict, Forbidden, Invalid, NotFound
from base.keys import derived
from base.rows import rows_written
from base.settings import Settings
from base.work import hashing
from people.accounts.managed import AccountEnded, managed_person
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.models import Badge, Pin
from people.sign_in.passwords import hash_password

TRIES = 10


class BadgeTaken(Conflict):
    """It says the same as somebody else's."""

    code, title = "badge_taken", "Somebody else has this badge"


def check_pin(pin: str) -> None:
    """Raise `Invalid` for a PIN that is among the first that anybody would try.

    These are figures that go on by the same step (`111111`, `123456`, `864208`), and a few that come again (`121212`,
    `123123`).
    """
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    repeats = pin in (pin + pin)[1:-1]
    if len(steps) == 1 or repeats:
        raise Invalid.at("/pin", "This PIN is too easily guessed.", code="pin_weak")


def hashed_pin(actor: Actor, pin: str) -> str:
    """What is kept of a PIN; outside of a transaction. Raises `Invalid` for a weak one, or `Busy`."""
    check_pin(pin)
    with hashing.place(str(actor.person_id)) as run:
        return hash_password(pin, run)


def set_pin(session: Session, actor: Actor, pin_hash: str) -> None:
    """Choose a PIN, also in the place of one that is locked; raises `Forbidden` for visitors."""
    if actor.is_visitor:
        raise Forbidden
    chosen = {"pin_hash": pin_hash, "failures": 0, "set_at": clock.now()}
    kept = insert(Pin).values(person_id=actor.person_id, organisation_id=actor.organisation_id, **chosen)
    session.execute(kept.on_conflict_do_update(index_elements=[Pin.person_id], set_=chosen))
    tell_sign_in_changed(session, actor.organisation_id, actor.person_id, "pin", actor.person_id)


def remove_pin(session: Session, actor: Actor, person_id: UUID) -> None:
    """Have none any more; raises `NotFound` where there is none."""
    if rows_written(session, delete(Pin).where(Pin.person_id == person_id)) == 0:
        raise NotFound
    tell_sign_in_changed(session, actor.organisation_id, person_id, "pin", actor.person_id)


def remove_pin_of(session: Session, actor: Actor, person_id: UUID) -> None:
    """Take away another's, who chooses a new one; raises as `managed_person` and `remove_pin` do."""
    remove_pin(session, actor, managed_person(session, actor, person_id).id)


def wire_pin(session: Session, person_id: UUID) -> dict[str, Any]:
    """Whether a person has a PIN and a badge, and whether the PIN is good."""
    pin, badge = session.get(Pin, person_id), session.get(Badge, person_id)
    return {
        "set_at": None if pin is None else clock.wire(pin.set_at),
        "locked": pin is not None and pin.failures >= TRIES,
        "badge_set_at": None if badge is None else clock.wire(badge.set_at),
    }


def give_badge(session: Session, settings: Settings, actor: Actor, person_id: UUID, badge: str) -> None:
    """Note what another person's badge says; raises `BadgeTaken`, `AccountEnded`, and as `managed_person` does."""
    person = managed_person(session, actor, person_id)
    if person.ended_at is not None:
        raise AccountEnded
    digests = badge_digests(settings, actor.organisation_id, badge)
    others = select(Badge.person_id).where(Badge.digest.in_(digests), Badge.person_id != person_id)
    if session.scalar(others) is not None:
        raise BadgeTaken
    given = {"digest": digests[0], "set_at": clock.now()}
    kept = insert(Badge).values(person_id=person_id, organisation_id=actor.organisation_id, **given)
    session.execute(kept.on_conflict_do_update(index_elements=[Badge.person_id], set_=given))
    tell_sign_in_changed(session, actor.organisation_id, person_id, "badge", actor.person_id)


def take_badge(session: Session, actor: Actor, person_id: UUID) -> None:
    """The badge is lost, and names nobody any more; raises `NotFound`, and as `managed_person` does."""
    person = managed_person(session, actor, person_id)
    if rows_written(session, delete(Badge).where(Badge.person_id == person.id)) == 0:
        raise NotFound
    tell_sign_in_changed(session, actor.organisation_id, person.id, "badge", actor.person_id)


def badge_digests(settings: Settings, organisation_id: UUID, badge: str) -> Sequence[bytes]:
    """What is kept of a badge: under the installation's present key, then under its former one."""
    keys = [derived(each, b"badge") for each in (settings.secret_key, settings.former_secret_key) if each]
    said = f"{organisation_id}\n{badge}".encode()
    return [hmac.digest(key, said, "sha256") for key in keys]
