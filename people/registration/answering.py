"""What a worker does with what was asked: a code goes to whoever may come in, and nothing to anybody else.

A mail goes to whoever owns the address, who alone learns from it whether there is an account. One mailbox gets so many
within an hour, for whatever address with a plus, and whoever asks.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from base import clock, ids
from base.sealing import Sealer
from people.messages.queue import Channel, Outgoing, queue
from people.models import Identifier, Organisation
from people.registration.codes import CodeKeys, new_code
from people.registration.models import Registration, RegistrationRequest
from people.registration.rules import Mailbox, mailbox_of, rules_of

BATCH = 50
LASTS = timedelta(minutes=10)
TRIES = 5
MOST_MAILS, _WITHIN = 5, timedelta(hours=1)
_KEPT = timedelta(days=30)


def answer_requests(session: Session, sealer: Sealer, keys: CodeKeys) -> int:
    """Look at what was asked, the oldest first; returns how much that was. Several workers may do it."""
    requests = _taken(session)
    for request in requests:
        _answer(session, sealer, keys, request)
    return len(requests)


def forget_old_registrations(session: Session) -> None:
    """Delete what came to nothing within an hour, and what was decided, or not, a month ago."""
    at = clock.now()
    unfinished = (Registration.state == "asked", Registration.created_at <= at - _WITHIN)
    session.execute(delete(Registration).where(*unfinished))
    session.execute(delete(Registration).where(Registration.created_at <= at - _KEPT))


def _taken(session: Session) -> Sequence[RegistrationRequest]:
    oldest = select(RegistrationRequest).order_by(RegistrationRequest.asked_at, RegistrationRequest.id)
    requests = session.scalars(oldest.limit(BATCH).with_for_update(skip_locked=True)).all()
    for request in requests:
        session.delete(request)
    session.flush()
    return requests


def _answer(session: Session, sealer: Sealer, keys: CodeKeys, request: RegistrationRequest) -> None:
    mailbox = mailbox_of(request.email)
    named = select(Organisation).where(Organisation.slug == request.organisation)
    organisation = session.scalars(named).one_or_none()
    if mailbox is None or organisation is None:
        return
    if mailbox.domain not in rules_of(organisation.settings).domains:
        return
    # One at a time, or of many that come at once each would be the first.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"registration {mailbox.name}", 0))))
    if _is_full(session, organisation, mailbox) or _awaits(session, organisation, mailbox):
        return
    registration = _registered(organisation, request, mailbox)
    values = {"organisation": organisation.name, "name": request.name}
    if _signs_in(session, organisation, mailbox):
        template = "registration_known"
    else:
        template, code = "registration_code", new_code()
        _forget_former(session, registration)
        registration.code_digest = keys.digest(registration.id, code)
        values["code"] = code
    session.add(registration)
    session.flush()
    outgoing = Outgoing(
        Channel.MAIL, mailbox.email, template, request.locale, values, registration.expires_at
    )
    queue(session, sealer, organisation.id, outgoing)


def _registered(organisation: Organisation, request: RegistrationRequest, mailbox: Mailbox) -> Registration:
    at = clock.now()
    return Registration(
        id=ids.new_id(),
        organisation_id=organisation.id,
        state="asked",
        email=mailbox.email,
        mailbox=mailbox.name,
        name=request.name,
        locale=request.locale,
        timezone=request.timezone,
        installation_id=request.installation_id,
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
