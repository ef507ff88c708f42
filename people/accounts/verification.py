"""Showing that an address or number reaches one: a code goes there, and comes back through the app.

Only what is verified is ever written to unasked, and only there one can be let in by a code.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.errors import Conflict, Invalid, NotFound
from base.sealing import Sealer
from base.settings import Settings
from people.accounts.identifiers import verify
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.messages.channels import check_on
from people.messages.queue import Channel, Outgoing, queue
from people.models import Identifier
from people.sign_in import short_codes, throttle
from people.sign_in.asked_codes import MOST_A_DAY, values_of
from people.sign_in.forms import EMAIL, PHONE
from people.sign_in.short_codes import CodeKeys, Purpose
from people.sign_in.throttle import Door, TooManyGuesses

_CHANNELS = {EMAIL: Channel.MAIL, PHONE: Channel.SMS}
_TOMORROW_S = 86_400


class NotReachable(Conflict):
    """An employee number or user name: nothing can be sent there."""

    code, title = "not_reachable", "Nothing can be sent to this"


class AlreadyVerified(Conflict):
    """It is known that it reaches the person."""

    code, title = "already_verified", "This is verified already"


class VerificationRefused(Invalid):
    """A wrong code, or one that is used, replaced or too old. The try counts."""

    code, title, keeps_changes = "verification_refused", "The code is not right, or no longer good", True


def send_verification(
    session: Session, settings: Settings, sealer: Sealer, keys: CodeKeys, actor: Actor, identifier_id: UUID
) -> None:
    """Have a code sent to one of the actor's own identifiers.

    Raises `NotFound`, `NotReachable`, `AlreadyVerified`, `ChannelOff` or `TooManyGuesses`.
    """
    identifier = _own(session, actor, identifier_id)
    channel = _CHANNELS.get(identifier.kind)
    if channel is None:
        raise NotReachable
    if identifier.verified_at is not None:
        raise AlreadyVerified
    check_on(settings, channel)
    _count(session, actor, identifier)
    digits, expires_at = short_codes.issue(
        session, keys, identifier, Purpose.VERIFICATION, str(identifier.id)
    )
    values = values_of(session, actor.organisation_id, digits)
    outgoing = Outgoing(channel, identifier.value, "verification", actor.locale, values, expires_at)
    queue(session, sealer, actor.organisation_id, outgoing)


def confirm(session: Session, keys: CodeKeys, actor: Actor, identifier_id: UUID, code: str) -> None:
    """Verify an identifier with the code that went there; raises `NotFound` or `VerificationRefused`."""
    identifier = _own(session, actor, identifier_id)
    tried = short_codes.one_more_try(session, actor.person_id, Purpose.VERIFICATION, str(identifier.id))
    if not short_codes.is_right(keys, tried, code) or not short_codes.use(session, tried.id):
        raise VerificationRefused
    verify(session, identifier)
    tell_sign_in_changed(session, actor.organisation_id, actor.person_id, "verified", actor.person_id)


def _own(session: Session, actor: Actor, identifier_id: UUID) -> Identifier:
    """One of the actor's, held until the transaction ends: nobody ends or verifies it meanwhile."""
    own = select(Identifier).where(
        Identifier.id == identifier_id,
        Identifier.person_id == actor.person_id,
        Identifier.ended_at.is_(None),
    )
    identifier = session.scalars(own.with_for_update()).one_or_none()
    if identifier is None:
        raise NotFound
    return identifier


def _count(session: Session, actor: Actor, identifier: Identifier) -> None:
    """So many within minutes, by oneself and to one address; and so many a day, each with its tries."""
    if short_codes.issued_lately(session, actor.person_id, Purpose.VERIFICATION) >= MOST_A_DAY:
        raise TooManyGuesses(headers={"Retry-After": str(_TOMORROW_S)}, code=Door.MESSAGE)
    throttle.count(session, Door.MESSAGE, throttle.of_messages(str(actor.person_id), identifier.value))
