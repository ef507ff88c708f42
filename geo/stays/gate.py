"""The gate: a stranger scans the code at the entrance and is a visitor for some hours, checked in at once.

An installation has one living account of an organisation's gates. Whoever scans again on the same phone goes on with
the new one; the former is closed, is expected nowhere, and what it had answered in running roll calls is the new one's
word. It is not simply opened again: an installation's id is no secret that would open an account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from base import clock
from base.database import enter_organisation
from geo.models.places import Marker, Place
from geo.models.stays import GateAccount
from geo.musters import replaced, roll
from geo.musters.known import REPLACED
from geo.musters.musters import awaited
from geo.stays.checkins import vouch
from geo.stays.evidence import Claim
from geo.stays.gate_pace import Scan, address_block, check_pace, forget_addresses, mark_burst, wait_for_turn
from geo.stays.leaving import end_visits_of
from geo.stays.locks import lock_devices
from geo.stays.markers import GRADE, SOURCE, CodeRefused, check_code, marker_id_of, turn_of
from geo.stays.visits import Leaving
from people.accounts.persons import end_person
from people.accounts.visitors import admit_visitor, end_expired_persons
from people.models import Person


@dataclass(frozen=True)
class Opened:
    """A new account, the marker that let it in, and whose accounts were found to be of a burst with it."""

    person: Person
    marker: Marker
    marked: Sequence[UUID]


def open_account(
    session: Session, code: str, account: dict[str, Any], installation_id: str, address: str | None
) -> Opened:
    """Open the account that the gate's code allows, in place of the installation's former one.

    Raises `CodeRefused`, `CodeTurned` or, where too many were opened (`geo/stays/gate_pace.py`), `TooManyRequests`.
    """
    marker_id = marker_id_of(code)
    organisation_id = session.scalar(text("SELECT organisation_of_marker(:marker)"), {"marker": marker_id})
    if organisation_id is None:
        raise CodeRefused
    enter_organisation(session, organisation_id)
    marker = session.get_one(Marker, marker_id)
    scan = Scan(marker, turn_of(code), installation_id, address)
    wait_for_turn(session, organisation_id, scan)
    check_code(marker, code, clock.now())
    place = session.get_one(Place, marker.place_id)
    if marker.admits_visitors_hours is None or place.archived_at is not None:
        raise CodeRefused
    check_pace(session, scan)
    scopes = list({place.site_id, place.id})
    person = admit_visitor(session, organisation_id, scopes, marker.admits_visitors_hours, **account)
    _close_former(session, scan, person.id)
    session.add(
        GateAccount(
            organisation_id=organisation_id,
            person_id=person.id,
            marker_id=marker.id,
            turn=scan.turn,
            installation_id=installation_id,
            address=address_block(address),
            opened_at=clock.now(),
        )
    )
    session.flush()
    return Opened(person, marker, mark_burst(session, scan))


def check_in(session: Session, opened: Opened, device_id: UUID) -> None:
    """The visitor is at the gate now: they scanned its code. Running roll calls follow."""
    person_id, marker = opened.person.id, opened.marker
    claim = Claim(SOURCE[marker.kind], GRADE[marker.kind], clock.now(), device_id, marker.id)
    vouch(session, person_id, marker.place_id, claim, floor=marker.floor)
    formers = select(GateAccount.person_id).where(GateAccount.replaced_by == person_id)
    replaced.set_aside(session, session.scalars(formers).all(), person_id)
    roll.tell_marked(session, [marked for marked in opened.marked if marked != person_id])


def close_accounts(session: Session) -> int:
    """Close the accounts of visitors whose time is over, and end their visits; returns how many.

    Nobody is shut out while a running roll call waits for them.
    """
    forget_addresses(session)
    over = end_expired_persons(session, awaited())
    for person_id in over:
        end_visits_of(session, person_id, Leaving("account_ended", clock.now()))
    return len(over)


def _close_former(session: Session, scan: Scan, by: UUID) -> None:
    """Close what the installation opened before at any gate of the organisation."""
    former = (
        GateAccount.organisation_id == scan.marker.organisation_id,
        GateAccount.installation_id == scan.installation_id,
        GateAccount.replaced_by.is_(None),
    )
    living = select(Person).join(GateAccount, GateAccount.person_id == Person.id)
    for person in session.scalars(living.where(*former, Person.ended_at.is_(None)).order_by(Person.id)).all():
        lock_devices(session, person.id)
        end_person(session, person, by)
        end_visits_of(session, person.id, Leaving(REPLACED, clock.now()))
        mine = update(GateAccount).where(GateAccount.person_id == person.id)
        session.execute(mine.values(replaced_by=by))
