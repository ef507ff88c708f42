"""The second step of signing in, in two halves like the first one:

count_step      a transaction counts the try, at the challenge and at the account
take_step       another one looks at what was given, uses up code and challenge, and opens the session
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.database import Database, again_if_it_gave_way
from base.sealing import Sealer
from people.accounts.authenticators import Setup, setup_of
from people.accounts.telling import tell_sign_in_changed
from people.models import Device, Person
from people.sign_in import throttle, totp
from people.sign_in.challenges import ChallengeRefused, count_try, held_challenge
from people.sign_in.models import SignInChallenge, TotpSecret
from people.sign_in.opening import open_session
from people.sign_in.second_factors import (
    SecondFactorRefused,
    has_passkey,
    held_by,
    held_secret,
    keep_secret,
    prove_second,
)
from people.sign_in.throttle import Bucket, Door
from people.sign_in.tokens import TokenMaker, Tokens
from people.sign_in.ways import Factor, Way


@dataclass(frozen=True)
class Step:
    """A try that was counted: of which challenge, by which installed app, with which code, from which address."""

    challenge: str
    installation_id: str
    given: Mapping[str, str]
    address: str | None
    counted: Sequence[Bucket]


def count_step(
    database: Database, challenge: str, installation_id: str, given: Mapping[str, str], address: str | None
) -> Step:
    """Count a try at a second step; raises `ChallengeRefused` or `TooManyGuesses`."""
    counted = again_if_it_gave_way(lambda: _counted(database, challenge, installation_id, address))
    return Step(challenge, installation_id, given, address, counted)


def _counted(
    database: Database, challenge: str, installation_id: str, address: str | None
) -> Sequence[Bucket]:
    with database.transaction() as session:
        person_id = count_try(session, challenge, installation_id)
        choices = [throttle.of_second_step(str(person_id), address)]
        own = select(Device.id).where(
            Device.installation_id == installation_id, Device.person_id == person_id
        )
        if (device_id := session.scalar(own)) is not None:
            choices.insert(0, throttle.of_device(str(person_id), device_id, Door.SECOND_FACTOR))
        return throttle.count(session, Door.SECOND_FACTOR, *choices)


def begin_enrolment(session: Session, sealer: Sealer, challenge: str, installation_id: str) -> Setup:
    """What the app of somebody who has to set one up takes; again is the same. Raises `ChallengeRefused`."""
    waits = _held(session, challenge, installation_id)
    if not waits.enrols:
        raise ChallengeRefused
    if waits.pending is None:
        waits.pending = sealer.sealed(totp.new_secret())
        session.flush()
    return setup_of(session, waits.person_id, sealer.opened(waits.pending))


def take_step(
    session: Session, sealer: Sealer, maker: TokenMaker, session_ttl: int, step: Step
) -> tuple[Tokens, list[str] | None]:
    """Open the session, where the code is right; returns its tokens, and recovery codes where an app was set up.

    Raises `ChallengeRefused`, `SecondFactorRefused`, and what `open_session` does.
    """
    waits = _held(session, step.challenge, step.installation_id)
    organisation_id, person_id = waits.organisation_id, waits.person_id
    codes = _enrolled(session, sealer, waits, step.given) if waits.enrols else None
    proven = prove_second(session, sealer, person_id, step.given) if codes is None else Factor.TOTP
    if proven is Factor.RECOVERY_CODE:
        tell_sign_in_changed(session, organisation_id, person_id, "recovery_code", person_id)
    device, way = waits.device, Way((*map(Factor, waits.factors), proven), step.address)
    session.delete(waits)
    throttle.take_back(session, step.counted)
    tokens, _ = open_session(session, maker, session_ttl, organisation_id, person_id, device, way)
    return tokens, codes


def _held(session: Session, challenge: str, installation_id: str) -> SignInChallenge:
    """The challenge of an open account; what closes an account lets none of its sign-ins wait."""
    waits = held_challenge(session, challenge, installation_id)
    is_open = select(Person.id).where(Person.id == waits.person_id, Person.ended_at.is_(None))
    if session.scalar(is_open.with_for_update(read=True, key_share=True)) is None:
        raise ChallengeRefused
    return waits


def _enrolled(
    session: Session, sealer: Sealer, waits: SignInChallenge, given: Mapping[str, str]
) -> list[str]:
    """Keep the app whose code this is. Who has set one up elsewhere meanwhile begins again, and shows that one."""
    if waits.pending is None or _has_one(session, waits.person_id):
        raise ChallengeRefused
    step = totp.step_of(sealer.opened(waits.pending), given.get("totp", ""), after=0)
    if step is None:
        raise SecondFactorRefused
    secret = held_secret(session, waits.person_id) or _new(session, waits)
    codes = keep_secret(session, secret, waits.pending, step)
    tell_sign_in_changed(session, waits.organisation_id, waits.person_id, "totp", waits.person_id)
    return codes


def _has_one(session: Session, person_id: UUID) -> bool:
    return bool(held_by(session, person_id)) or has_passkey(session, person_id)


def _new(session: Session, waits: SignInChallenge) -> TotpSecret:
    made = TotpSecret(person_id=waits.person_id, organisation_id=waits.organisation_id)
    session.add(made)
    return made
