"""Acts that ask for evidence: a post in the operating theatre's feed is from somebody who scanned the door."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.errors import Forbidden
from geo.models.places import Place
from geo.models.stays import Visit
from geo.presence.history import stay_at


class EvidenceTooWeak(Forbidden):
    """The act asks for better evidence of being there; `needed` and `held` are grades."""

    code, title = "evidence_too_weak", "Check in here first"


def check_posting_grade(
    session: Session, person_id: UUID, place_id: UUID, at: datetime | None = None
) -> None:
    """Raise `EvidenceTooWeak` unless the person's visit is as sure as posting in the place asks for.

    It may be so now or have been so when the words were written, where they waited on a phone since `at`.
    """
    row = session.execute(
        select(Place.posting_grade, Visit.confidence, Visit.doubtful)
        .outerjoin(
            Visit,
            (Visit.place_id == Place.id) & (Visit.person_id == person_id) & Visit.left_at.is_(None),
        )
        .where(Place.id == place_id)
    ).one()
    held = 0 if row.confidence is None or row.doubtful else row.confidence
    if held < row.posting_grade and at is not None:
        then = stay_at(session, person_id, place_id, at)
        held = held if then is None else max(held, then.grade)
    if held < row.posting_grade:
        raise EvidenceTooWeak(needed=row.posting_grade, held=held)
