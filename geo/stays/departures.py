"""That somebody was said to have left: what was seen before it and is told after it says nothing of now.

Words of going out and coming in do not always arrive in their order: a phone has several queues, and a person several
phones. A going out that comes first is remembered here, whether or not a visit was open, for as long as an older word
may still come. It counts against what it would have ended, had it come last: a phone's own geofences against
themselves, a phone that left a site against all that it had said there, a check-out against everything.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock, ids
from geo.models.places import Place
from geo.models.stays import Departure
from geo.stays.evidence import Claim
from geo.stays.locks import lock_person


def remember(
    session: Session,
    person_id: UUID,
    place: Place,
    at: datetime,
    device_id: UUID | None = None,
    sources: Sequence[str] | None = None,
) -> None:
    """Remember that the person left the place: it counts against all that was said there, or against what one
    `device_id` said, or against what that said by some `sources`.

    The person's lock is taken, since a coming in that is older may arrive at the same moment. A clock that is ahead
    must not speak against what comes next, so the moment is now at the latest.
    """
    lock_person(session, person_id)
    left_at = min(at, clock.now())
    rows = [
        {
            "id": ids.new_id(),
            "organisation_id": place.organisation_id,
            "person_id": person_id,
            "place_id": place.id,
            "device_id": device_id,
            "source": source,
            "left_at": left_at,
        }
        for source in (sources or (None,))
    ]
    new = insert(Departure).values(rows)
    key = [Departure.person_id, Departure.place_id, Departure.device_id, Departure.source]
    newest = func.greatest(Departure.left_at, new.excluded.left_at)
    session.execute(new.on_conflict_do_update(index_elements=key, set_={"left_at": newest}))


def said_since(session: Session, person_id: UUID, place: Place, claim: Claim) -> bool:
    """Whether a newer word says that the person left: of the place, or with all sources of the site that it is in."""
    here = or_(
        Departure.place_id == place.id, and_(Departure.place_id == place.site_id, Departure.source.is_(None))
    )
    newer = (Departure.person_id == person_id, here, Departure.left_at > claim.at)
    return bool(session.scalar(select(exists().where(*newer, _speaks_of(claim)))))


def forget_departures(session: Session, person_id: UUID) -> None:
    """Keep no word of the person's having left."""
    session.execute(delete(Departure).where(Departure.person_id == person_id))


def _speaks_of(claim: Claim) -> ColumnElement[bool]:
    of_device = or_(Departure.device_id.is_(None), Departure.device_id == claim.device_id)
    return and_(of_device, or_(Departure.source.is_(None), Departure.source == claim.source))
