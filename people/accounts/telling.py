"""Whatever changes how somebody signs in is told to them, on all their devices, and noted in the log."""

from uuid import UUID

from sqlalchemy.orm import Session

from base import clock
from base.logs import logger
from journal.catalogue import SIGN_IN_CHANGED
from journal.events import Event, append

log = logger(__name__)


def tell_sign_in_changed(
    session: Session, organisation_id: UUID, person_id: UUID, what: str, by: UUID | None
) -> None:
    """`what`: password, address, identifier, reset_code or verified; `by`: whoever did it, None for an operator.

    The address or identifier itself is not said: the journal keeps what it is told.
    """
    payload = {"what": what, "changed_at": clock.wire(clock.now())}
    event = Event(SIGN_IN_CHANGED, subject_id=person_id, payload=payload, person_id=person_id, actor_id=by)
    append(session, organisation_id, event)
    log.info("sign_in_changed", what=what, person_id=str(person_id), by="operator" if by is None else str(by))
