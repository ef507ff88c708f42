"""Phones that can be woken, the planner run by hand, and what it has queued."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from base import clock
from people.models import Device, Person
from push.models import Delivery, Notification
from push.plans.planner import plan
from push.rules import CONNECTED
from tests.world import Organisation, Phone, World

Told = set[tuple[str, str]]


def followed(world: World) -> Organisation:
    """An organisation that the planner follows from here on."""
    made = world.organisation()
    plans(world)
    return made


def reachable(org: Organisation, name: str, *scopes: str, **options: Any) -> Phone:
    """Somebody with a phone that has a push address."""
    return gets_address(org.person(name, scopes=list(scopes), **options))


def reachable_at(org: Organisation, name: str, *scopes: str) -> tuple[Phone, str]:
    """The same, with the address."""
    phone = org.person(name, scopes=list(scopes))
    return phone, registers(phone)


def silent_at(org: Organisation, name: str, *scopes: str) -> tuple[Phone, str]:
    """The same, of somebody who was not connected for a while, so that the phone is woken at once."""
    phone, address = reachable_at(org, name, *scopes)
    falls_silent(phone)
    return phone, address


def falls_silent(phone: Phone) -> None:
    """They are not connected any more, for so long that nothing is held back for them to see it live."""
    set_device(phone, last_seen_at=clock.now() - CONNECTED - timedelta(seconds=30))


def gets_address(phone: Phone) -> Phone:
    """A phone that has a push address from now on."""
    registers(phone)
    return phone


def registers(phone: Phone) -> str:
    """Give the server a new push address, and return it."""
    address = f"{phone.name}-{secrets.token_hex(12)}"
    phone.put("/v1/me/device/push", {"kind": "token", "address": address})
    return address


def plans(world: World) -> int:
    """Relay and plan all that is there; how many events were read."""
    world.relays()
    read = 0
    while True:
        with world.worker.transaction() as session:
            step = plan(session).read
        if step == 0:
            return read
        read += step


def told(org: Organisation, subject: Any, action: str = "show", status: str = "queued") -> Told:
    """Who is told of a post or another thing, as (name, why), once all is planned."""
    plans(org.world)
    query = (
        select(Person.name, Delivery.why)
        .join(Delivery, Delivery.person_id == Person.id)
        .join(Notification, Notification.id == Delivery.notification_id)
        .where(Notification.subject_id == subject["id"], Delivery.action == action)
        .where(Delivery.status == status, Delivery.organisation_id == org.id)
    )
    with org.world.worker.transaction() as session:
        return {(name, why) for name, why in session.execute(query)}


def rows(org: Organisation, subject: Any) -> list[Delivery]:
    """The deliveries of a post."""
    query = select(Delivery).join(Notification, Notification.id == Delivery.notification_id)
    with org.world.worker.transaction() as session:
        return list(session.scalars(query.where(Notification.subject_id == subject["id"])))


def set_all(org: Organisation, subject: Any, **values: Any) -> None:
    """Let all that is queued of a post have gone so far."""
    plans(org.world)
    ids = select(Notification.id).where(Notification.subject_id == subject["id"])
    with org.world.worker.transaction() as session:
        changed = update(Delivery).where(Delivery.notification_id.in_(ids), Delivery.action == "show")
        session.execute(changed.values(**values))


def sent(org: Organisation, subject: Any) -> None:
    """Let all that is queued of a post be sent."""
    set_all(org, subject, status="sent", sent_at=clock.now())


def set_device(phone: Phone, **values: Any) -> None:
    """Change a person's devices."""
    with phone.organisation.world.worker.transaction() as session:
        session.execute(update(Device).where(Device.person_id == phone.id).values(**values))


def notifications(org: Organisation, subject: Any) -> list[Notification]:
    """What is told of a post."""
    with org.world.worker.transaction() as session:
        found = select(Notification).where(Notification.subject_id == subject["id"])
        return list(session.scalars(found.order_by(Notification.position)))


def count(org: Organisation) -> int:
    """How many deliveries there are."""
    with org.world.worker.transaction() as session:
        mine = select(func.count()).where(Delivery.organisation_id == org.id)
        return session.scalar(mine) or 0
