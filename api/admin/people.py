"""Persons, for administrators of the organisation."""

from typing import Any
from uuid import UUID

from api.paging import by_moment, decode_cursor, page
from api.route import Call, Routes
from base import clock
from geo.stays.leaving import end_visits_of
from geo.stays.visits import Leaving
from people.accounts import persons
from people.permissions import Permission
from people.wire import wire_account
from schemas.people import Account, AccountPage, PersonQuery

routes = Routes("admin-people", "Administration: people", "/v1/admin")


@routes.route("GET", "/people", permission=Permission.PEOPLE_MANAGE, query=PersonQuery, answer=AccountPage)
def list_people(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """The organisation's persons in the order of their making."""
    after = decode_cursor(query["cursor"], by_moment)
    found = persons.list_persons(call.session, call.actor.organisation_id, after, query["limit"])
    items = [wire_account(person) for person in found]
    return page(items, query["limit"], lambda: (found[-1].created_at.isoformat(), str(found[-1].id)))


@routes.route("GET", "/people/<uuid:person_id>", permission=Permission.PEOPLE_MANAGE, answer=Account)
def read_person(call: Call, person_id: UUID) -> dict[str, Any]:
    """A person's account, closed ones too."""
    return wire_account(persons.person_in(call.session, call.actor.organisation_id, person_id))


@routes.route("DELETE", "/people/<uuid:person_id>", permission=Permission.PEOPLE_MANAGE, status=204)
def end_person(call: Call, person_id: UUID) -> None:
    """Close an account: sessions, sockets and memberships end at once."""
    person = persons.person_in(call.session, call.actor.organisation_id, person_id)
    persons.end_person(call.session, person, call.actor.person_id)
    end_visits_of(call.session, person_id, Leaving("account_ended", clock.now(), by=call.actor.person_id))
