"""The gate: a stranger scans the code at the entrance and is a visitor for some hours, checked in at once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from base import clock
from base.database import enter_organisation
from base.errors import TooManyRequests
from geo.models.places import Marker, Place
from geo.models.stays import GateAccount
from geo.musters.musters import awaited
from geo.stays.checkins import vouch
from geo.stays.evidence import Claim
from geo.stays.leaving import end_visits_of
from geo.stays.markers import GRADE, SOURCE, CodeRefused, check_code, marker_id_of
from geo.stays.visits import Leaving
from people.accounts.visitors import admit_visitor, end_expired_persons
from people.models import Person

MOST_ACCOUNTS_AN_HOUR = 1_000


def open_account(session: Session, code: str, account: dict[str, Any]) -> tuple[Person, Marker]:
    """Open the account that the gate's code allows; raises `CodeRefused` or `CodeTurned`."""
    marker_id = marker_id_of(code)
    organisation_id = session.scalar(text("SELECT organisation_of_marker(:marker)"), {"marker": marker_id})
    if organisation_id is None:
        raise CodeRefused
    enter_organisation(session, organisation_id)
    # One account at a time a code, so that their number is exact.
    marker = session.get_one(Marker, marker_id, with_for_update={"key_share": True})
    check_code(marker, code, clock.now())
    place = session.get_one(Place, marker.place_id)
    if marker.admits_visitors_hours is None or place.archived_at is not None:
        raise CodeRefused
    _check_pace(session, marker)
    scopes = list({place.site_id, place.id})
    person = admit_visitor(session, organisation_id, scopes, marker.admits_visitors_hours, **account)
    opened = {"person_id": person.id, "marker_id": marker.id, "opened_at": clock.now()}
    session.add(GateAccount(organisation_id=organisation_id, **opened))
    session.flush()
    return person, marker


def _check_pace(session: Session, marker: Marker) -> None:
    """A code that was carried off must not fill the organisation with strangers."""
    hour_ago = clock.now() - timedelta(hours=1)
    recent = select(func.count()).where(GateAccount.marker_id == marker.id, GateAccount.opened_at > hour_ago)
    if (session.scalar(recent) or 0) >= MOST_ACCOUNTS_AN_HOUR:
        raise TooManyRequests(headers={"Retry-After": "600"}, code="too_many_visitors")


def close_accounts(session: Session) -> int:
    """Close the accounts of visitors whose time is over, and end their visits; returns how many.

    Nobody is shut out while a running roll call waits for them.
    """
    over = end_expired_persons(session, awaited())
    for person_id in over:
        end_visits_of(session, person_id, Leaving("account_ended", clock.now()))
    return len(over)


def check_in(session: Session, person_id: UUID, device_id: UUID, marker: Marker) -> None:
    """The visitor is at the gate now: they scanned its code."""
    claim = Claim(SOURCE[marker.kind], GRADE[marker.kind], clock.now(), device_id, marker.id)
    vouch(session, person_id, marker.place_id, claim, floor=marker.floor)
