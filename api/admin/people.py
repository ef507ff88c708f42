"""Persons, for administrators of the organisation."""

from typing import Any
from uuid import UUID

from api.pace import Pace
from api.paging import by_moment, decode_cursor, page
from api.route import Call, Routes
from base import clock
from geo.stays.leaving import end_visits_of
from geo.stays.visits import Leaving
from people.accounts import addresses, persons, resets
from people.permissions import Permission
from people.roles.outranking import check_may_close
from people.wire import wire_account
from schemas.passwords import ResetCode
from schemas.people import Account, AccountPage, AddressChange, PersonQuery

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
    """Close an account: sessions, sockets and memberships end at once, and its address is free."""
    person = persons.person_in(call.session, call.actor.organisation_id, person_id)
    check_may_close(call.session, call.actor, person)
    persons.end_person(call.session, person, call.actor.person_id)
    end_visits_of(call.session, person_id, Leaving("account_ended", clock.now(), by=call.actor.person_id))
    call.notes({"role": person.role}, {"ended_at": clock.wire_or_none(person.ended_at)})


@routes.route(
    "PUT",
    "/people/<uuid:person_id>/email",
    permission=Permission.PEOPLE_MANAGE,
    body=AddressChange,
    answer=Account,
)
def change_address(call: Call, person_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Change the address that somebody else signs in with."""
    former = persons.person_in(call.session, call.actor.organisation_id, person_id).email
    person = addresses.change_address(call.session, call.actor, person_id, body["email"])
    call.notes({"email": former}, {"email": person.email})
    return wire_account(person)


@routes.route(
    "POST",
    "/people/<uuid:person_id>/reset-code",
    permission=Permission.PEOPLE_MANAGE,
    pace=Pace.INVITE,
    secret=True,
    answer=ResetCode,
    status=201,
)
def issue_reset_code(call: Call, person_id: UUID) -> dict[str, Any]:
    """Make a code for a new password of somebody else: good once, for an hour, in place of an earlier one."""
    code, expires_at = resets.issue_code(call.session, call.actor, person_id)
    call.notes(None, {"expires_at": clock.wire(expires_at)})
    return {"code": code, "expires_at": clock.wire(expires_at)}
