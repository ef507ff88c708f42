"""A manager says that somebody is there, or has left.

The manager is answered what they said, and nothing else may tell them whether it was so already: to know that is a
look at the person. Each word is written down beside the looks (`geo/presence/views.py`), and the person reads it.

Where a site shows numbers alone, a manager speaks for their own words only. To say that somebody has left takes back
what managers said, and nothing that the person's phone says: else the number of those who are there would fall by one,
or not. And the person hears of each word, whatever came of it: else the journal would grow by an event, or not.
"""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from base import clock
from base.errors import NotFound
from geo.models.places import Place
from geo.presence.groups import groups_of
from geo.presence.views import record_views
from geo.stays import departures, positions
from geo.stays.checkins import vouch
from geo.stays.evidence import Claim, everything, of_sources
from geo.stays.locks import lock_devices
from geo.stays.open_visits import open_visit
from geo.stays.visits import Leaving, withdraw
from people.actor import Actor
from people.models import Person
from people.permissions import Permission
from people.scopes.member_lists import live_memberships
from people.scopes.memberships import tell_again
from people.scopes.scopes import scope_for

BY_HAND = "manual"


def check_in_by_manager(session: Session, actor: Actor, place_id: UUID, person_id: UUID) -> dict[str, Any]:
    """A manager says that somebody is there; returns what was said."""
    place = _spoken_of(session, actor, place_id, person_id, "Checked in by hand")
    claim = Claim(BY_HAND, 3, clock.now(), given_by=actor.person_id)
    aloud = groups_of(session, place.site_id).aggregate_only
    held = live_memberships(session, person_id, {place.site_id, place_id}) if aloud else ()
    vouch(session, person_id, place_id, claim, aloud=aloud)
    for membership in held:
        tell_again(session, membership)
    return {
        "person_id": str(person_id),
        "place_id": str(place_id),
        "source": claim.source,
        "grade": claim.grade,
        "at": clock.wire(claim.at),
        "expires_at": clock.wire_or_none(claim.expires_at),
    }


def check_out_by_manager(session: Session, actor: Actor, place_id: UUID, person_id: UUID) -> None:
    """A manager says that somebody has left."""
    place = _spoken_of(session, actor, place_id, person_id, "Checked out by hand")
    lock_devices(session, person_id)
    left = Leaving("checked_out", clock.now(), by=actor.person_id)
    if groups_of(session, place.site_id).aggregate_only:
        departures.remember(session, person_id, place, clock.now(), sources=(BY_HAND,))
        visit = open_visit(session, person_id, place_id)
        if visit is not None:
            withdraw(session, visit, of_sources((BY_HAND,)), left, aloud=True)
        return
    departures.remember(session, person_id, place, clock.now())
    visit = open_visit(session, person_id, place_id)
    if visit is not None:
        positions.forget_places(session, person_id, [place_id])
        withdraw(session, visit, everything(), left)


def _spoken_of(session: Session, actor: Actor, place_id: UUID, person_id: UUID, reason: str) -> Place:
    """The place, where the manager may speak of it, and a note that the person reads."""
    scope_for(session, actor, place_id, Permission.VISITS_EDIT)
    place, person = session.get(Place, place_id), session.get(Person, person_id)
    if place is None or person is None or person.ended_at is not None:
        raise NotFound
    record_views(session, actor, place_id, [person_id], reason)
    return place
