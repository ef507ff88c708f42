"""Persons, for administrators of the organisation."""

from typing import Any
from uuid import UUID

from api.answers import Answer
from api.etags import check_if_match, digest_of, etag
from api.pace import Pace
from api.paging import by_moment, decode_cursor, page
from api.route import Call, Routes
from base import clock
from geo.privacy.sharing import ask_anew
from geo.stays.leaving import end_visits_of
from geo.stays.visits import Leaving
from people.accounts import addresses, persons, records, resets
from people.accounts.returning import return_person as open_again
from people.models import Person
from people.permissions import Permission
from people.roles.outranking import check_may_close
from people.wire import wire_account, wire_profile
from schemas.passwords import ResetCode
from schemas.people import Account, AccountPage, AddressChange
from schemas.records import NewPerson, PersonChange, PersonQuery, PersonRecord, Return

routes = Routes("admin-people", "Administration: people", "/v1/admin")
_ETAG = {"ETag": "What is shown of the person, for If-Match"}


@routes.route("GET", "/people", permission=Permission.PEOPLE_MANAGE, query=PersonQuery, answer=AccountPage)
def list_people(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """The organisation's persons in the order of their making; all of them, or those who are looked for."""
    after, limit = decode_cursor(query["cursor"], by_moment), query["limit"]
    asked = {"q": query["q"], "state": query["state"]}
    found = persons.list_persons(call.session, call.actor.organisation_id, after, limit, **asked)
    items = [wire_account(person) for person in found]
    return page(items, limit, lambda: (found[-1].created_at.isoformat(), str(found[-1].id)))


@routes.route(
    "POST",
    "/people",
    permission=Permission.PEOPLE_MANAGE,
    pace=Pace.INVITE,
    body=NewPerson,
    answer=PersonRecord,
    status=201,
    headers=_ETAG,
)
def make_person(call: Call, body: dict[str, Any]) -> Answer:
    """Open an account without a password: its person comes in by an invitation or a code."""
    person = records.make_person(
        call.session, call.actor, body.pop("identifiers"), body.pop("profile"), **body
    )
    call.notes(None, _noted(person))
    return _shown(call, person, 201)


@routes.route(
    "GET",
    "/people/<uuid:person_id>",
    permission=Permission.PEOPLE_MANAGE,
    answer=PersonRecord,
    headers=_ETAG,
)
def read_person(call: Call, person_id: UUID) -> Answer:
    """All that is kept of a person, of closed accounts, too."""
    return _shown(call, persons.person_in(call.session, call.actor.organisation_id, person_id))


@routes.route(
    "PATCH",
    "/people/<uuid:person_id>",
    permission=Permission.PEOPLE_MANAGE,
    body=PersonChange,
    answer=PersonRecord,
    headers=_ETAG,
)
def edit_person(call: Call, person_id: UUID, body: dict[str, Any]) -> Answer:
    """Change what is kept of a person; needs If-Match. Employee number and last day take a fresh proof."""
    person = records.held_record(call.session, call.actor, person_id)
    check_if_match(digest_of(records.wire_record(call.session, person)))
    before = _noted(person)
    records.edit_record(call.session, call.actor, person, body)
    call.notes(before, _noted(person) | {"changed": _changed(body)})
    return _shown(call, person)


@routes.route("DELETE", "/people/<uuid:person_id>", permission=Permission.PEOPLE_MANAGE, status=204)
def end_person(call: Call, person_id: UUID) -> None:
    """Close an account: sessions, sockets and memberships end at once, and its address is free."""
    person = persons.person_in(call.session, call.actor.organisation_id, person_id)
    check_may_close(call.session, call.actor, person)
    persons.end_person(call.session, person, call.actor.person_id)
    end_visits_of(call.session, person_id, Leaving("account_ended", clock.now(), by=call.actor.person_id))


@routes.route(
    "PUT",
    "/people/<uuid:person_id>/email",
    permission=Permission.PEOPLE_MANAGE,
    body=AddressChange,
    answer=Account,
)
def change_address(call: Call, person_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Change the address that somebody else signs in with."""
    return wire_account(addresses.change_address(call.session, call.actor, person_id, body["email"]))


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
    return {"code": code, "expires_at": clock.wire(expires_at)}


@routes.route(
    "POST",
    "/people/<uuid:person_id>/return",
    permission=Permission.PEOPLE_MANAGE,
    fresh=True,
    body=Return,
    answer=PersonRecord,
    headers=_ETAG,
)
def return_person(call: Call, person_id: UUID, body: dict[str, Any]) -> Answer:
    """Open a closed account again: a member's without password, sessions and memberships, who is asked for consent."""
    given = body.pop("identifiers")
    person = open_again(call.session, call.actor, person_id, given=given, **body)
    ask_anew(call.session, person.id)
    call.notes(None, _noted(person))
    return _shown(call, person)


def _shown(call: Call, person: Person, status: int = 200) -> Answer:
    body = records.wire_record(call.session, person)
    return Answer(body, status, etag(digest_of(body)))


def _noted(person: Person) -> dict[str, Any]:
    """What the audit log keeps of a person as they were: no words, and nothing that somebody signs in with."""
    told = wire_profile(person, None)
    return {name: told[name] for name in ("manager_id", "home_site_id", "employed_from", "employed_until")}


def _changed(body: dict[str, Any]) -> list[str]:
    return sorted({*body, *body.get("profile", {})} - {"profile"})
