"""Step-up: the person at a signed-in phone proves anew who they are, as far as they can here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from base import clock
from base.database import Database, again_if_it_gave_way
from base.sealing import Sealer
from people.accounts import own_password
from people.accounts.telling import tell_sign_in_changed
from people.actor import Actor
from people.sign_in import throttle
from people.sign_in.fresh import prove_anew
from people.sign_in.second_factors import prove_second
from people.sign_in.signing_in import Proof
from people.sign_in.throttle import Bucket, Door
from people.sign_in.ways import FRESH_FOR, Factor


@dataclass(frozen=True)
class StepUp:
    """What was given, once the try is counted: a password that was right, or a code that is still to be looked at."""

    password: Proof | None
    given: Mapping[str, str]
    counted: Sequence[Bucket]


def count_proof(database: Database, actor: Actor, given: Mapping[str, str]) -> StepUp:
    """Check a password, or count a try at a code; raises `PasswordRefused`, `TooManyGuesses` or `Busy`.

    A stolen access token buys as many guesses as one's own phone has, and no more.
    """
    if "password" in given:
        return StepUp(own_password.prove(database, actor, given["password"]), {}, ())
    return StepUp(None, given, again_if_it_gave_way(lambda: _counted(database, actor)))


def _counted(database: Database, actor: Actor) -> Sequence[Bucket]:
    with database.transaction(actor.organisation_id) as session:
        buckets = throttle.of_device(str(actor.person_id), actor.device_id, Door.SECOND_FACTOR)
        return throttle.count(session, Door.SECOND_FACTOR, buckets)


def step_up(session: Session, sealer: Sealer, actor: Actor, proof: StepUp) -> datetime:
    """Note the proof in the session; returns until when it is good.

    Raises `PasswordRefused` where the password has changed meanwhile, `SecondFactorRefused` for a wrong code.
    """
    prove_anew(session, actor, _proven(session, sealer, actor, proof))
    return clock.now() + FRESH_FOR


def _proven(session: Session, sealer: Sealer, actor: Actor, proof: StepUp) -> Factor:
    if proof.password is not None:
        own_password.hold_proven(session, proof.password)
        return Factor.PASSWORD
    factor = prove_second(session, sealer, actor.person_id, proof.given)
    throttle.take_back(session, proof.counted)
    if factor is Factor.RECOVERY_CODE:
        tell_sign_in_changed(
            session, actor.organisation_id, actor.person_id, "recovery_code", actor.person_id
        )
    return factor
