"""Step-up: what does great harm in the wrong hands takes a proof of the last minutes, and not just a session."""

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from base import clock
from base.errors import Forbidden
from people.actor import Actor
from people.models import SignedInSession
from people.sign_in.ways import FRESH_FOR, Factor


class StepUpRequired(Forbidden):
    """The session is good, and its last proof too old for this."""

    code, title = "step_up_required", "Prove again who you are, then ask again"


def check_fresh(actor: Actor) -> None:
    """Raise `StepUpRequired` unless the session's person proved who they are within the last five minutes.

    A service cannot: whoever gave it what it may, did.
    """
    if actor.is_service:
        return
    if actor.proven_at is None or clock.now() - actor.proven_at > FRESH_FOR:
        raise StepUpRequired


def prove_anew(session: Session, actor: Actor, factor: Factor) -> None:
    """Note that the session's person has just proved who they are, with `factor`; the caller has checked it."""
    known = func.array_append(func.array_remove(SignedInSession.factors, factor), factor)
    proven = update(SignedInSession).where(SignedInSession.id == actor.session_id)
    session.execute(proven.values(proven_at=clock.now(), factors=known))
