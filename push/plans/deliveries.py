"""Deliveries as a statement: from recipients to one row a phone that can be woken, with its priority and its time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    SmallInteger,
    Text,
    and_,
    case,
    exists,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import aliased

from base import clock
from base.database import table_of
from people.models import Device, Person, SignedInSession
from push.models import Delivery
from push.rules import (
    CONNECTED,
    HEAD_START,
    LEVELS,
    MUTED,
    PRIORITIES,
    SILENT_DEVICE,
    SILENT_PRIORITY,
    URGENT,
)

_AT = DateTime(timezone=True)
_OUTCOME = ("reason", "message_id", "sent_at", "delivered_at", "opened_at")


def persons_for(person_ids: Sequence[UUID], why: str) -> Select[UUID, str]:
    """Persons by their ids as recipients, all for one reason."""
    return select(Person.id.label("person_id"), literal(why, Text).label("why")).where(
        Person.id.in_(person_ids)
    )


def at_their_level(
    audience: Any, why: ColumnElement[str], now: ColumnElement[datetime] | None = None
) -> ColumnElement[bool]:
    """`rules.is_told` as a condition on an audience, at this moment or another."""
    muted = audience.c.muted_until > _moment(now)
    level = case((muted, MUTED), else_=audience.c.level)
    return or_(*(and_(level == name, why.in_(sorted(through))) for name, through in LEVELS.items()))


def wakeable(now: ColumnElement[datetime] | None = None) -> list[ColumnElement[bool]]:
    """The conditions for a device that can be woken: an address, its person signed in on it, heard of lately."""
    signed_in = exists().where(
        SignedInSession.device_id == Device.id,
        SignedInSession.person_id == Device.person_id,
        SignedInSession.ended_at.is_(None),
        SignedInSession.expires_at > _moment(now),
    )
    return [Device.push_address.is_not(None), Device.last_seen_at > _moment(now) - SILENT_DEVICE, signed_in]


def deliveries(
    organisation_id: ColumnElement[UUID],
    recipients: Select[*tuple[Any, ...]],
    action: str = "show",
    now: ColumnElement[datetime] | None = None,
) -> Insert:
    """The deliveries to each phone of the recipients: a statement of person_id, why, notification_id, expires_at."""
    now, whom = _moment(now), recipients.subquery("recipients")
    shows = action == "show"
    silent = literal(SILENT_PRIORITY, SmallInteger)
    columns = {
        "organisation_id": organisation_id,
        "notification_id": whom.c.notification_id,
        "person_id": whom.c.person_id,
        "device_id": Device.id,
        "why": whom.c.why,
        "action": literal(action, Text),
        "priority": case(PRIORITIES, value=whom.c.why, else_=SILENT_PRIORITY) if shows else silent,
        "due_at": _after_head_start(whom, now) if shows else now,
        "expires_at": whom.c.expires_at,
    }
    rows = select(*columns.values()).join(Device, Device.person_id == whom.c.person_id).where(*wakeable(now))
    return insert(table_of(Delivery)).from_select(list(columns), rows)


def or_queued_afresh(rows: Insert, where: ColumnElement[bool]) -> Insert:
    """The insertion, or where the row is there already and `where` holds, the row queued afresh.

    Nothing of the old one stays. Its id is a new one: it is a message of its own to the phone, which drops what comes
    twice by that. It was not sent yet: else a withdrawal of before would seem to have taken it down already.
    """
    fresh = {name: rows.excluded[name] for name in ("id", "person_id", "why", "due_at", "expires_at")}
    return rows.on_conflict_do_update(
        index_elements=[Delivery.notification_id, Delivery.device_id, Delivery.action],
        set_={**fresh, **dict.fromkeys(_OUTCOME), "status": "queued", "attempts": 0},
        where=where,
    )


def _after_head_start(recipients: Any, now: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """When a delivery is due: who is connected has a moment to see it live, unless it is urgent."""
    device = aliased(Device)
    connected = exists().where(
        device.person_id == recipients.c.person_id, device.last_seen_at > now - CONNECTED
    )
    waits = and_(recipients.c.why.not_in(sorted(URGENT)), connected)
    return case((waits, now + HEAD_START), else_=now)


def _moment(now: ColumnElement[datetime] | None) -> ColumnElement[datetime]:
    return literal(clock.now(), _AT) if now is None else now
