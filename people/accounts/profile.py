"""What an app needs when it starts: who I am, where I belong, what time it is, where the journal stands."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from journal.tail import head_in_epoch
from people.accounts.persons import person_in
from people.actor import Actor
from people.audience import live_membership
from people.models import Device, Membership, Organisation, Person, Scope
from people.online.last_seen import set_last_seen
from people.scopes.member_lists import wire_membership
from people.sign_in.devices import wire_device
from people.wire import wire_account


def me(session: Session, actor: Actor) -> dict[str, Any]:
    """The answer of `GET /v1/me`.

    The position is read before the memberships: whatever changes in between is an event that sync repeats.
    """
    head = head_in_epoch(session, actor.organisation_id)
    organisation = session.get_one(Organisation, actor.organisation_id)
    person = session.get_one(Person, actor.person_id)
    return {
        "person": wire_account(person),
        "last_seen": person.last_seen,
        "organisation": {
            "id": str(organisation.id),
            "slug": organisation.slug,
            "name": organisation.name,
        },
        "device": wire_device(session.get_one(Device, actor.device_id)),
        "session_id": str(actor.session_id),
        "permissions": sorted(actor.organisation_wide),
        "memberships": live_memberships(session, actor),
        "settings": organisation.settings,
        "server_time": clock.wire(clock.now()),
        "position": head.position,
        "epoch": str(head.epoch),
    }


def edit_me(session: Session, actor: Actor, changed: dict[str, Any]) -> str:
    """Change name, locale, timezone, or who sees when one was last seen (`last_seen`); returns the former name."""
    person = person_in(session, actor.organisation_id, actor.person_id)
    former = person.name
    if "last_seen" in changed:
        set_last_seen(session, person, changed["last_seen"])
    for field, value in changed.items():
        setattr(person, field, value)
    session.flush()
    return former


def live_memberships(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The actor's memberships in wire form, by the scopes' names."""
    rows = session.execute(
        select(Membership, Scope)
        .join(Scope, Scope.id == Membership.scope_id)
        .where(Membership.person_id == actor.person_id, Scope.archived_at.is_(None), *live_membership())
        .order_by(Scope.name, Scope.id)
    ).all()
    return [wire_membership(membership, scope, actor.role) for membership, scope in rows]
