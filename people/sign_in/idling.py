"""Sessions on shared devices: over after a pause, and good for less than those on a person's own.

A session on a shared device ends when its pause is over. Each request of the person puts that off, and so it is over
for whoever asks as any other session is: requests, refreshing, sockets. A row is not written with each request, but
when a quarter of the pause is gone.
"""

from datetime import timedelta

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from base import clock
from base.errors import Forbidden
from people.actor import Actor
from people.models import SignedInSession

LONGEST = timedelta(hours=12)
"""However busy somebody is: nobody's shift is longer."""


class OnSharedDevice(Forbidden):
    """A PIN at a gate is little to go by, and the device not in the person's pocket."""

    code, title = "shared_device", "This takes a device of your own"


def keep_awake(session: Session, actor: Actor) -> None:
    """The person has asked for something: their session on a shared device lasts a whole pause from now."""
    if actor.pause_seconds is None:
        return
    now, pause = clock.now(), timedelta(seconds=actor.pause_seconds)
    mine = update(SignedInSession).where(
        SignedInSession.id == actor.session_id, SignedInSession.expires_at < now + pause * 3 / 4
    )
    session.execute(mine.values(expires_at=func.least(now + pause, SignedInSession.created_at + LONGEST)))
