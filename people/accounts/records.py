"""What an employer knows of people: kept by administrators, shown to them and to the person, and to no colleague."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.errors import Invalid
from people.accounts import employments, identifiers
from people.accounts.addresses import replace
from people.accounts.managed import AccountEnded
from people.accounts.persons import add_person, person_in
from people.actor import Actor
from people.models import Identifier, Person, Scope
from people.permissions import VISITOR
from people.roles.administrators import hold_organisation, keep_an_administrator
from people.roles.outranking import check_may_enter
from people.sign_in.forms import EMPLOYEE_NUMBER
from people.sign_in.fresh import check_fresh
from people.wire import wire_account, wire_identifier, wire_profile

Changes = dict[str, Any]


def make_person(
    session: Session, actor: Actor, given: Sequence[dict[str, Any]], profile: Changes, **account: Any
) -> Person:
    """Open a member's account without a password: its person comes in by an invitation or a code.

    `given`: the kinds and values of identifiers. Raises `Invalid`, `IdentifierTaken` or `TooManyIdentifiers`.
    """
    forms = [
        identifiers.parse_in(session, actor.organisation_id, kind, value, pointer)
        for kind, value, pointer in _named(given, profile)
    ]
    if not forms:
        raise Invalid.at("/identifiers", "Without any nobody could sign in.")
    person = add_person(session, actor.organisation_id, password_hash=None, forms=forms, **account)
    _set(session, person, profile)
    return person


def _named(given: Sequence[dict[str, Any]], profile: Changes) -> Iterator[tuple[str, str, str]]:
    """Kind, value and pointer of all that somebody is to sign in with: the employee number is among it."""
    for index, each in enumerate(given):
        yield each["kind"], each["value"], f"/identifiers/{index}/value"
    if profile.get("employee_number") is not None:
        yield EMPLOYEE_NUMBER, profile["employee_number"], "/profile/employee_number"


def held_record(session: Session, actor: Actor, person_id: UUID) -> Person:
    """The open account of somebody who may do no more than the actor, held until the transaction ends.

    Raises `NotFound`, `Forbidden` or `AccountEnded`.
    """
    person = person_in(session, actor.organisation_id, person_id)
    check_may_enter(session, actor, person)
    session.refresh(person, with_for_update={"key_share": True})
    if person.ended_at is not None:
        raise AccountEnded
    return person


def edit_record(session: Session, actor: Actor, person: Person, changes: Changes) -> None:
    """Change what is named of a held person; with what somebody signs in, and until when, takes a fresh proof.

    Raises `Invalid`, `StepUpRequired`, `LastAdministrator`, or as `addresses.replace`.
    """
    profile = changes.get("profile", {})
    if "employee_number" in profile:
        check_fresh(actor)
        pointer = "/profile/employee_number"
        replace(session, person, EMPLOYEE_NUMBER, profile["employee_number"], pointer, actor)
    if profile.get("employed_until", person.employed_until) != person.employed_until:
        check_fresh(actor)
        keep_an_administrator(session, person)
    _set(session, person, profile)
    for field in changes.keys() - {"profile"}:
        setattr(person, field, changes[field])
    session.flush()


def wire_record(session: Session, person: Person) -> dict[str, Any]:
    """All that administrators see of a person."""
    own = identifiers.live_of(session, person.id)
    former = employments.former_of(session, person.id)
    return wire_account(person) | {
        "profile": profile_of(person, own),
        "identifiers": [wire_identifier(each) for each in own],
        "employments": [employments.wire_employment(each) for each in former],
    }


def profile_of(person: Person, own: Sequence[Identifier]) -> dict[str, Any]:
    """The profile; the employee number is one of the person's `own` identifiers."""
    numbers = (each.written for each in own if each.kind == EMPLOYEE_NUMBER)
    return wire_profile(person, next(numbers, None))


def check_days(person: Person, pointer: str = "/profile/employed_until") -> None:
    """Raise `Invalid` at `pointer` where the last day is before the first."""
    first, last = person.employed_from, person.employed_until
    if first is not None and last is not None and last < first:
        raise Invalid.at(pointer, "The last day is before the first.")


def _set(session: Session, person: Person, profile: Changes) -> None:
    """Judge and take what is named; the employee number is not among it."""
    if profile.get("manager_id") is not None:
        _check_manager(session, person, profile["manager_id"])
    if profile.get("home_site_id") is not None:
        _check_site(session, person.organisation_id, profile["home_site_id"])
    for field in profile.keys() - {"employee_number"}:
        setattr(person, field, profile[field])
    check_days(person)
    session.flush()


def _check_manager(session: Session, person: Person, manager_id: UUID) -> None:
    """A manager is somebody who belongs here, and whom nobody leads who is led by the person.

    The organisation is held: of two who are each given the other at once, the second one finds out.
    """
    hold_organisation(session, person.organisation_id)
    manager = session.get(Person, manager_id, populate_existing=True)
    known = manager is not None and manager.organisation_id == person.organisation_id
    if manager is None or not known or manager.ended_at is not None or manager.role == VISITOR:
        raise Invalid.at("/profile/manager_id", "There is no such person.")
    if person.id in _led_by(session, manager_id):
        raise Invalid.at("/profile/manager_id", "The person leads them.")


def _led_by(session: Session, person_id: UUID) -> set[UUID | None]:
    """Somebody, and all who are above them."""
    above = select(Person.id, Person.manager_id).where(Person.id == person_id).cte(recursive=True)
    above = above.union(select(Person.id, Person.manager_id).join(above, Person.id == above.c.manager_id))
    return set(session.scalars(select(above.c.id)))


def _check_site(session: Session, organisation_id: UUID, site_id: UUID) -> None:
    site = session.get(Scope, site_id)
    known = site is not None and site.organisation_id == organisation_id and site.kind == "site"
    if site is None or not known or site.archived_at is not None:
        raise Invalid.at("/profile/home_site_id", "There is no such site.")
