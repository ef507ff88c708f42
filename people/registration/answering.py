"""What a worker does with what was asked: a code goes to whoever may come in, and nothing to anybody else.

A mail goes to whoever owns the address, who alone learns from it whether there is an account. One mailbox gets so many
within an hour, for whatever address with a plus, and whoever asks.
"""

from datetime import timedelta

import orjson
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from base import clock, ids
from base.database import Database, again_if_it_gave_way
from base.sealing import Sealer, Unsealable
from people.messages.queue import Channel, Outgoing, queue
from people.models import Identifier, Organisation
from people.registration.asking import Asked
from people.registration.models import Registration, RegistrationRequest
from people.registration.rules import Mailbox, mailbox_of, rules_of
from people.sign_in.short_codes import LASTS, TRIES, CodeKeys, new_digits

MOST_MAILS, _WITHIN = 5, timedelta(hours=1)
_KEPT = timedelta(days=30)


def answer_asked(database: Database, sealer: Sealer, keys: CodeKeys) -> bool:
    """Look at one who asked, the first, and send a code to who may come in; False where nobody asks."""

    def act() -> bool:
        with database.transaction() as session:
            return _answer_one(session, sealer, keys)

    return again_if_it_gave_way(act)


def forget_old_registrations(session: Session) -> None:
    """Delete what came to nothing within an hour, and what was decided, or not, a month ago."""
    at = clock.now()
    unfinished = (Registration.state == "asked", Registration.created_at <= at - _WITHIN)
    session.execute(delete(Registration).where(*unfinished))
    session.execute(delete(Registration).where(Registration.created_at <= at - _KEPT))
    session.execute(delete(RegistrationRequest).where(RegistrationRequest.asked_at <= at - _WITHIN))


def about(registration: Registration) -> str:
    """What the digest of a code names beside it."""
    return f"registration {registration.id}"


def _answer_one(session: Session, sealer: Sealer, keys: CodeKeys) -> bool:
    oldest = select(RegistrationRequest.id).order_by(RegistrationRequest.asked_at).limit(1)
    taken = delete(RegistrationRequest).where(
        RegistrationRequest.id == oldest.with_for_update(skip_locked=True).scalar_subquery()
    )
    row = session.execute(
        taken.returning(RegistrationRequest.sealed, RegistrationRequest.asked_at)
    ).one_or_none()
    if row is None:
        return False
    if row.asked_at > clock.now() - LASTS:  # whoever asked before that has given up
        try:
            asked = Asked(*orjson.loads(sealer.opened(row.sealed)))
        except Unsealable:
            return True
        _answer(session, sealer, keys, asked)
    return True


def _answer(session: Session, sealer: Sealer, keys: CodeKeys, asked: Asked) -> None:
    mailbox = mailbox_of(asked.email)
    named = select(Organisation).where(Organisation.slug == asked.organisation)
    # Held: of many that are asked for one mailbox at once, each would be the first.
    organisation = session.scalars(named.with_for_update(key_share=True)).one_or_none()
    if organisation is None or mailbox is None:
        return
    if mailbox.domain not in rules_of(organisation.settings).domains:
        return
    if _is_full(session, organisation, mailbox) or _awaits(session, organisation, mailbox):
        return
    registration = _registered(organisation, asked, mailbox)
    values = {"organisation": organisation.name}
    if _signs_in(session, organisation, mailbox):
        template = "registration_known"
    else:
        template, digits = "registration", new_digits()
        _forget_former(session, registration)
        registration.code_digest = keys.digest(about(registration), digits)
        values |= {"code": digits, "minutes": str(LASTS.seconds // 60)}
    session.add(registration)
    session.flush()
    until = registration.expires_at
    queue(
        session,
        sealer,
        organisation.id,
        Outgoing(Channel.MAIL, mailbox.email, template, asked.locale, values, until),
    )


def _registered(organisation: Organisation, asked: Asked, mailbox: Mailbox) -> Registration:
    at = clock.now()
    return Registration(
        id=ids.new_id(),
        organisation_id=organisation.id,
        state="asked",
        email=mailbox.email,
        mailbox=mailbox.name,
        name=asked.name,
        locale=asked.locale,
        timezone=asked.timezone,
        installation_id=asked.installation_id,
        expires_at=at + LASTS,
        tries_left=TRIES,
        created_at=at,
    )


def _is_full(session: Session, organisation: Organisation, mailbox: Mailbox) -> bool:
    """Whether the mailbox has had its mails of this hour: each was for a row."""
    lately = select(func.count()).where(
        Registration.organisation_id == organisation.id,
        Registration.mailbox == mailbox.name,
        Registration.created_at > clock.now() - _WITHIN,
    )
    return (session.scalar(lately) or 0) >= MOST_MAILS


def _awaits(session: Session, organisation: Organisation, mailbox: Mailbox) -> bool:
    """Whether the person has done their part, and an administrator has not."""
    waiting = select(Registration.id).where(
        Registration.organisation_id == organisation.id,
        Registration.email == mailbox.email,
        Registration.state == "awaiting",
    )
    return session.scalar(waiting) is not None


def _signs_in(session: Session, organisation: Organisation, mailbox: Mailbox) -> bool:
    there = select(Identifier.id).where(
        Identifier.organisation_id == organisation.id,
        Identifier.value == mailbox.email,
        Identifier.ended_at.is_(None),
    )
    return session.scalar(there) is not None


def _forget_former(session: Session, registration: Registration) -> None:
    """One code is good for an address and an installation: the newest. A stranger's phone does not take mine away."""
    former = update(Registration).where(
        Registration.organisation_id == registration.organisation_id,
        Registration.email == registration.email,
        Registration.installation_id == registration.installation_id,
        Registration.state == "asked",
    )
    session.execute(former.values(code_digest=None))
