"""A sign-in that waits for its second step.

What was proven first is kept under a random name, the challenge, that only the app learns which proved it. It is good
once, for some minutes and some tries, and only for the installed app that began. No session is open until both steps
are done, so nothing has to know of half a session.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from base import clock
from base.database import enter_organisation
from base.errors import Unauthenticated
from people.audit.whose import concerns
from people.sign_in.models import SignInChallenge
from people.sign_in.tokens import digest
from people.sign_in.ways import Factor, Way

LASTS = timedelta(minutes=5)
_TRIES = 5
_ORGANISATION = text("SELECT organisation_of_challenge(:digest)")


class SecondFactorRequired(Unauthenticated):
    """The first step is done: `challenge` names it, `factors` are those that may be proven as the second one."""

    code, title, keeps_changes = "second_factor_required", "Show your second factor", True


class EnrolmentRequired(Unauthenticated):
    """The organisation asks for a second factor and the person has none: `challenge` is for setting one up."""

    code, title = "enrolment_required", "Your organisation asks for a second factor; set one up"
    keeps_changes = True


class ChallengeRefused(Unauthenticated):
    """Unknown, used, too old, tried too often, or another app's; which of them is not told."""

    code, title = "challenge_refused", "This sign-in is not waiting any more; begin again"


def challenge(
    session: Session,
    organisation_id: UUID,
    person_id: UUID,
    device: dict[str, Any],
    way: Way,
    held: Sequence[Factor],
) -> SecondFactorRequired | EnrolmentRequired:
    """What to raise, so that the sign-in goes on with one of the factors `held`, or with setting one up."""
    name = secrets.token_urlsafe(32)
    waits = SignInChallenge(
        digest=digest(name),
        organisation_id=organisation_id,
        person_id=person_id,
        enrols=not held,
        device=device,
        factors=list(way.factors),
        expires_at=clock.now() + LASTS,
    )
    session.add(waits)
    session.flush()
    if held:
        return SecondFactorRequired(challenge=name, factors=list(held))
    return EnrolmentRequired(challenge=name, factors=[Factor.TOTP])


def enter_challenge(session: Session, name: str) -> UUID:
    """Enter the organisation of a challenge, and tell which it is; raises `ChallengeRefused` where there is none."""
    organisation_id = session.scalar(_ORGANISATION, {"digest": digest(name)})
    if organisation_id is None:
        raise ChallengeRefused
    enter_organisation(session, organisation_id)
    return organisation_id


def count_try(session: Session, name: str, installation_id: str) -> UUID:
    """Count a try, to be committed before it is looked at; returns whose it is. Raises `ChallengeRefused`."""
    organisation_id = enter_challenge(session, name)
    counted = update(SignInChallenge).where(*_good(name, installation_id), SignInChallenge.tries < _TRIES)
    person_id = session.scalar(
        counted.values(tries=SignInChallenge.tries + 1).returning(SignInChallenge.person_id)
    )
    if person_id is None:
        raise ChallengeRefused
    concerns(organisation_id, person_id)
    return person_id


def held_challenge(session: Session, name: str, installation_id: str) -> SignInChallenge:
    """A challenge that nobody else uses until the transaction ends; raises `ChallengeRefused`."""
    enter_challenge(session, name)
    good = select(SignInChallenge).where(*_good(name, installation_id)).with_for_update()
    found = session.scalars(good, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise ChallengeRefused
    return found


def _good(name: str, installation_id: str) -> tuple[Any, ...]:
    return (
        SignInChallenge.digest == digest(name),
        SignInChallenge.expires_at > clock.now(),
        SignInChallenge.device["installation_id"].astext == installation_id,
    )


def forget_challenges(session: Session, person_id: UUID) -> None:
    """Whatever waits for a person's second step is over."""
    session.execute(delete(SignInChallenge).where(SignInChallenge.person_id == person_id))


def forget_old_challenges(session: Session) -> None:
    """Delete those whose minutes are over."""
    session.execute(delete(SignInChallenge).where(SignInChallenge.expires_at <= clock.now()))
