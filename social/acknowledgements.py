"""Who has acknowledged a notice, and who is silent.

A person's word stands from the first time on, and is taken also after the notice has ended: a phone may have had no
network. The account is worked out from those whom the scope's news reach now and who may see the notice; its author
owes nobody a word. Somebody who has left stays among those who acknowledged and is no longer silent.

Where being in a place makes one a member, the account would tell who is there now. Those who follow by being there are
never named as silent, and where the charter shows numbers alone, nobody is named whose membership might come from that;
they are numbers, and small groups are not even that.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, and_, exists, func, literal, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from base.errors import Conflict, Problem
from geo.models.places import Place
from geo.presence.groups import groups_of
from geo.privacy.charters import shows_numbers_alone
from journal.catalogue import ACKNOWLEDGEMENT_CREATED
from journal.events import Event, append
from journal.order import told_after
from people.actor import Actor
from people.audience import FIRST_ID, audience_of, live_membership
from people.models import Membership, Person, Scope
from people.permissions import Permission
from social.models import Acknowledgement
from social.posts import check_alive, post_for

_COLUMNS = (Acknowledgement.post_id, Acknowledgement.scope_id, Acknowledgement.acknowledged_at)

BY_PRESENCE = "presence"


class NotAsked(Conflict):
    """The post asks for no acknowledgement."""

    code, title = "not_asked", "This post asks for no acknowledgement"


def acknowledge(
    session: Session, actor: Actor, post_id: UUID, *, at: datetime | None = None
) -> dict[str, Any]:
    """Say that one knows of a notice; `at`: when that was, where it waited on a phone. The first time stands.

    Raises `NotAsked`, or `PostDeleted`, but not for a word that was given before: that is told again, also to who has
    left since. The person's other devices hear `acknowledgement.created`.
    """
    try:
        row = _askable(session, actor, post_id, at)
    except Problem:
        if not session.scalar(select(exists().where(*_own_word(actor, post_id)))):
            raise
        return _told_again(session, actor, post_id)
    written = session.execute(
        insert(Acknowledgement)
        .values(
            post_id=post_id,
            person_id=actor.person_id,
            organisation_id=actor.organisation_id,
            scope_id=row.scope_id,
            acknowledged_at=max(at or clock.now(), row.created_at),
            device_id=actor.device_id,
        )
        .on_conflict_do_nothing()
        .returning(*_COLUMNS)
    ).one_or_none()
    if written is not None:
        _tell(session, actor, wire_acknowledgement(written))
        return wire_acknowledgement(written)
    return _told_again(session, actor, post_id)


def wire_acknowledgement(row: AnyRow) -> dict[str, Any]:
    """An acknowledgement as REST and its event carry it."""
    return {
        "post_id": str(row.post_id),
        "scope_id": str(row.scope_id),
        "acknowledged_at": clock.wire(row.acknowledged_at),
    }


@dataclass(frozen=True)
class Asked:
    """How many a notice asks. A number that may not be told is None; whether somebody is silent is always known."""

    audience: int | None
    acknowledged: int | None
    silent: int | None
    somebody_is_silent: bool


def summary(session: Session, actor: Actor, post_id: UUID) -> dict[str, int | None]:
    """How many a notice asks, and how many of them have acknowledged it; None for what may not be told."""
    row = _asked_for(session, actor, post_id)
    asked = count_asked(session, row, actor.organisation_id)
    return {"audience": asked.audience, "acknowledged": asked.acknowledged, "silent": asked.silent}


def count_asked(session: Session, row: AnyRow, organisation_id: UUID) -> Asked:
    """The numbers of a notice (its id, scope and author).

    A number is told where its part of those who are there is a group; and the two that make up the audience only
    together, since the one gives the other away.
    """
    asked = _asked(row, organisation_id).subquery("asked")
    there = asked.c.by_presence
    silent = asked.c.acknowledged_at.is_(None)
    counted = select(
        func.count(),
        func.count().filter(silent),
        func.count().filter(there),
        func.count().filter(there, silent),
    ).select_from(asked)
    everyone, waiting, there_now, there_waiting = session.execute(counted).one()
    place = place_of_presence(session, row.scope_id)
    if place is None:
        return Asked(everyone, everyone - waiting, waiting, waiting > 0)
    groups = groups_of(session, place.site_id)
    parts = groups.tells(there_waiting) and groups.tells(there_now - there_waiting)
    return Asked(
        everyone if groups.tells(there_now) else None,
        everyone - waiting if parts else None,
        waiting if parts else None,
        waiting > 0,
    )


def list_acknowledged(
    session: Session, actor: Actor, post_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of those who acknowledged, by their ids, the ones who have left since included.

    Where a site shows numbers alone: only those who belong to the scope wherever they are.
    """
    row = _asked_for(session, actor, post_id)
    place = place_of_presence(session, row.scope_id)
    hidden = place is not None and shows_numbers_alone(session, place)
    belongs = exists().where(
        Membership.scope_id == row.scope_id,
        Membership.person_id == Person.id,
        Membership.source != BY_PRESENCE,
        *live_membership(),
    )
    found = session.execute(
        select(Person.id, Person.name, Acknowledgement.acknowledged_at)
        .join(Acknowledgement, Acknowledgement.person_id == Person.id)
        .where(Acknowledgement.post_id == post_id, Person.id > (after or FIRST_ID))
        .where(belongs if hidden else true())
        .order_by(Person.id)
        .limit(limit)
    )
    return [
        {"person": {"id": str(person_id), "name": name}, "acknowledged_at": clock.wire(at)}
        for person_id, name, at in found
    ]


def list_silent(
    session: Session, actor: Actor, post_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of those who have not acknowledged, by their ids, without those who are asked because they are there."""
    row = _asked_for(session, actor, post_id)
    silent = silent_on(row, actor.organisation_id).subquery("silent")
    found = session.execute(
        select(Person.id, Person.name)
        .join(silent, silent.c.person_id == Person.id)
        .where(~silent.c.by_presence, Person.id > (after or FIRST_ID))
        .order_by(Person.id)
        .limit(limit)
    )
    return [
        {"person": {"id": str(person_id), "name": name}, "acknowledged_at": None} for person_id, name in found
    ]


def silent_on(row: AnyRow, organisation_id: UUID) -> Select[*tuple[Any, ...]]:
    """Those whom a notice (its id, scope and author) reaches now and who have not acknowledged it, as a statement."""
    return _asked(row, organisation_id).where(Acknowledgement.person_id.is_(None))


def place_of_presence(session: Session, scope_id: UUID) -> Place | None:
    """The place of a scope that one follows by being there, where naming its followers names who is there."""
    present: ColumnElement[bool] = Scope.admission == "present"
    query = select(Place).join(Scope, Scope.id == Place.id).where(Place.id == scope_id, present)
    return session.scalars(query).one_or_none()


def _askable(session: Session, actor: Actor, post_id: UUID, at: datetime | None) -> AnyRow:
    """Load a notice that waits for the actor's word, now or at that moment."""
    row, _ = post_for(session, actor, post_id, Permission.POSTS_READ, at=at)
    check_alive(row)
    if not row.asks_acknowledgement:
        raise NotAsked
    return row


def _own_word(actor: Actor, post_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Acknowledgement.post_id == post_id, Acknowledgement.person_id == actor.person_id


def _told_again(session: Session, actor: Actor, post_id: UUID) -> dict[str, Any]:
    row = session.execute(select(*_COLUMNS).where(*_own_word(actor, post_id))).one()
    return wire_acknowledgement(row)


def _asked_for(session: Session, actor: Actor, post_id: UUID) -> AnyRow:
    """Load a notice for a manager."""
    row, _ = post_for(session, actor, post_id, Permission.POSTS_MODERATE)
    if not row.asks_acknowledgement:
        raise NotAsked
    return row


def _asked(row: AnyRow, organisation_id: UUID) -> Select[*tuple[Any, ...]]:
    """Whom a notice asks now: person_id, since when it is acknowledged, whether only being there makes them asked."""
    whom = audience_of(row.scope_id, organisation_id).subquery("whom")
    theirs = and_(Acknowledgement.post_id == row.id, Acknowledgement.person_id == whom.c.person_id)
    by_presence = exists().where(
        Membership.scope_id == row.scope_id,
        Membership.person_id == whom.c.person_id,
        Membership.source == BY_PRESENCE,
        *live_membership(),
    )
    return (
        select(whom.c.person_id, Acknowledgement.acknowledged_at, by_presence.label("by_presence"))
        .outerjoin(Acknowledgement, theirs)
        .where(told_after(literal(row.id, Uuid), whom.c.since), whom.c.person_id != row.author_id)
    )


def _tell(session: Session, actor: Actor, payload: dict[str, Any]) -> None:
    event = Event(
        ACKNOWLEDGEMENT_CREATED,
        subject_id=UUID(payload["post_id"]),
        payload=payload,
        person_id=actor.person_id,
        actor_id=actor.person_id,
    )
    append(session, actor.organisation_id, event)
