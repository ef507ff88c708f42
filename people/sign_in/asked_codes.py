"""Asking for a code to sign in with.

    phone ──organisation, identifier──▶ web: count, note, 202 ──▶ worker: is it anybody's? ──▶ a code, and a message

Everybody is answered alike, and before anybody has looked whether there is such an account: there is nothing to learn
from what is answered, nor from how long it takes. A code goes to what was typed, if that is an address or number which
the account has and which is verified; else nowhere.
"""

from typing import NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import Database, again_if_it_gave_way, enter_organisation
from base.sealing import Sealer, Unsealable
from people.messages.channels import channel_of
from people.messages.queue import Outgoing, queue
from people.models import Device, Identifier, Organisation, Person
from people.sign_in import short_codes, throttle
from people.sign_in.forms import EMAIL, PHONE
from people.sign_in.models import AskedCode
from people.sign_in.short_codes import LASTS, CodeKeys, Purpose
from people.sign_in.signing_in import Named, named
from people.sign_in.throttle import Bucket, Door

_NOBODY = UUID(int=0)
# With five tries each: a year of guessing at one account, day and night, succeeds in one of thirty.
MOST_A_DAY = 20


class Asked(NamedTuple):
    """What somebody typed, and on which installation."""

    organisation: str
    identifier: str
    installation: str


def ask(session: Session, sealer: Sealer, asked: Asked, address: str | None) -> None:
    """Note that somebody asks from a network address; raises `TooManyGuesses`, for a made-up account no sooner."""
    account = named(session, asked.organisation, asked.identifier)
    throttle.count(session, Door.MESSAGE, *choices(session, Door.MESSAGE, account, asked, address))
    sealed = sealer.sealed(orjson.dumps([*asked]).decode())
    session.add(AskedCode(id=ids.new_id(), sealed=sealed, created_at=clock.now()))
    session.flush()


def choices(
    session: Session, door: Door, account: Named, asked: Asked, address: str | None
) -> list[list[Bucket]]:
    """Where a try counts: on one of the account's own phones first; enters the account's organisation."""
    enter_organisation(session, account.organisation_id)
    person_id = account.person_id or _NOBODY  # asked whoever is named: how long it takes tells nothing
    own = select(Device.id).where(Device.installation_id == asked.installation, Device.person_id == person_id)
    device_id = session.scalar(own)
    strangers = throttle.of_strangers(door, account.key, address)
    return [strangers] if device_id is None else [throttle.of_device(account.key, device_id, door), strangers]


def answer_asked(database: Database, sealer: Sealer, keys: CodeKeys) -> bool:
    """Have the worker look at one who asks, and send a code if there is somebody to get it; False where nobody asks."""

    def act() -> bool:
        with database.transaction() as session:
            return _answer_one(session, sealer, keys)

    return again_if_it_gave_way(act)


def _answer_one(session: Session, sealer: Sealer, keys: CodeKeys) -> bool:
    oldest = select(AskedCode.id).order_by(AskedCode.created_at).limit(1).with_for_update(skip_locked=True)
    taken = delete(AskedCode).where(AskedCode.id == oldest.correlate(None).scalar_subquery())
    row = session.execute(taken.returning(AskedCode.sealed, AskedCode.created_at)).one_or_none()
    if row is None:
        return False
    try:
        asked = Asked(*orjson.loads(sealer.opened(row.sealed)))
    except Unsealable:
        return True
    if row.created_at > clock.now() - LASTS:  # whoever asked before that has given up
        _send(session, sealer, keys, asked)
    return True


def _send(session: Session, sealer: Sealer, keys: CodeKeys, asked: Asked) -> None:
    account = named(session, asked.organisation, asked.identifier)
    if account.person_id is None or account.organisation_id is None:
        return
    identifier = _reached_by(session, account)
    if identifier is None or _is_too_much(session, account.person_id, asked.installation):
        return
    digits, expires_at = short_codes.issue(session, keys, identifier, Purpose.SIGN_IN, asked.installation)
    outgoing = Outgoing(
        channel_of(identifier.value),
        identifier.value,
        "one_time_code",
        session.get_one(Person, account.person_id).locale,
        values_of(session, account.organisation_id, digits),
        expires_at,
    )
    queue(session, sealer, account.organisation_id, outgoing)


def values_of(session: Session, organisation_id: UUID, digits: str) -> dict[str, str]:
    """What the words of a message with a code take."""
    name = session.get_one(Organisation, organisation_id).name
    return {"organisation": name, "code": digits, "minutes": str(LASTS.seconds // 60)}


def _reached_by(session: Session, account: Named) -> Identifier | None:
    """What was typed, where it is an address or number that is verified."""
    typed = select(Identifier).where(
        Identifier.person_id == account.person_id,
        Identifier.value == account.value,
        Identifier.kind.in_((EMAIL, PHONE)),
        Identifier.verified_at.is_not(None),
        Identifier.ended_at.is_(None),
    )
    return session.scalars(typed).one_or_none()


def _is_too_much(session: Session, person_id: UUID, installation: str) -> bool:
    """Whether strangers had this person sent enough for a day; their own phones are none."""
    own = exists().where(Device.installation_id == installation, Device.person_id == person_id)
    if session.scalar(select(own)):
        return False
    return short_codes.issued_lately(session, person_id, Purpose.SIGN_IN) >= MOST_A_DAY
