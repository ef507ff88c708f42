"""Who has acknowledged a notice, and who is silent.

A person's word stands from the first time on, and is taken also after the notice has ended: a phone may have had no
network. The account is worked out from those whom the scope's news reach now and who may see the notice; its author
owes nobody a word. Somebody who has left stays among those who acknowledged and is no longer silent.

Where being in a place makes one a member, the account would tell who is there now. Those who follow by being there are
never named as silent, and to be told that they acknowledged is a look that is written down. They are numbers, and small
groups are not even that. Where a site shows numbers alone, the account is of those who belong, and of what they said
since they do: who had acknowledged it before is silent in it (`geo/presence/accounts.py`).
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
from geo.presence.accounts import BY_PRESENCE, Account, account_of, counted_of
from journal.catalogue import ACKNOWLEDGEMENT_CREATED
from journal.events import Event, append
from journal.order import told_after
from people.actor import Actor
from people.audience import FIRST_ID, ScopeInSight, audience_of, live_membership
from people.models import Membership, Person, Scope
from people.permissions import Permission
from social.models import Acknowledgement
from social.posts import check_alive, post_for

_COLUMNS = (Acknowledgement.post_id, Acknowledgement.scope_id, Acknowledgement.acknowledged_at)


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
    asked = count_asked(session, _asked_for(session, actor, post_id)[0], actor.organisation_id)
    return {"audience": asked.audience, "acknowledged": asked.acknowledged, "silent": asked.silent}


def count_asked(session: Session, row: AnyRow, organisation_id: UUID) -> Asked:
    """The numbers of a notice (its id, scope and author).

    A number is told where its part of those who are there is a group; and the two that make up the audience only
    together, since the one gives the other away. Where a site shows numbers alone and being there makes one follow,
    none is told, and somebody may always be silent.
    """
    account = account_of(session, row.scope_id)
    if _hides_whether_anybody_is_silent(session, account):
        return Asked(None, None, None, True)
    if account.place is None:
        return _count_everybody(session, _asked(row, organisation_id, account))
    asked = session.execute(_asked(row, organisation_id, account)).all()
    everyone = counted_of(session, account, [one.person_id for one in asked])
    waiting = {one.person_id for one in asked if one.acknowledged_at is None}
    silent, heard = everyone.divided(waiting)
    parts = silent.makes_a_group and heard.makes_a_group
    return Asked(
        len(everyone.persons) if everyone.makes_a_group else None,
        len(heard.persons) if parts else None,
        len(silent.persons) if parts else None,
        bool(waiting),
    )


def list_acknowledged(
    session: Session, actor: Actor, post_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of those who acknowledged, by their ids, the ones who have left since included.

    Where a site shows numbers alone: only those who belong to the scope wherever they are, and did so then.
    """
    row, scope = _asked_for(session, actor, post_id)
    account = account_of(session, row.scope_id)
    did = (Person.id, Acknowledgement.acknowledged_at)
    named = account.may_name(*did, those_there=scope.grants(Permission.VISITS_READ))
    found = session.execute(
        select(Person.id, Person.name, Acknowledgement.acknowledged_at, account.was_by_presence(*did))
        .join(Acknowledgement, Acknowledgement.person_id == Person.id)
        .where(Acknowledgement.post_id == post_id, Person.id > (after or FIRST_ID), named)
        .order_by(Person.id)
        .limit(limit)
    ).all()
    there = [person_id for person_id, _, _, by_presence in found if by_presence]
    account.record_look(session, actor, there, "Who has acknowledged a notice")
    return [
        {"person": {"id": str(person_id), "name": name}, "acknowledged_at": clock.wire(at)}
        for person_id, name, at, _ in found
    ]


def list_silent(
    session: Session, actor: Actor, post_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of those who have not acknowledged, by their ids, without those who are asked because they are there."""
    row, _ = _asked_for(session, actor, post_id)
    account = account_of(session, row.scope_id)
    asked = _asked(row, actor.organisation_id, account).subquery("asked")
    found = session.execute(
        select(Person.id, Person.name)
        .join(asked, asked.c.person_id == Person.id)
        .where(~asked.c.by_presence, asked.c.acknowledged_at.is_(None), Person.id > (after or FIRST_ID))
        .order_by(Person.id)
        .limit(limit)
    )
    return [
        {"person": {"id": str(person_id), "name": name}, "acknowledged_at": None} for person_id, name in found
    ]


def somebody_may_be_silent(session: Session, row: AnyRow, organisation_id: UUID) -> bool:
    """Whether a notice (its id, scope and author) is to be told again: somebody is silent, or nobody may know."""
    account = account_of(session, row.scope_id)
    if _hides_whether_anybody_is_silent(session, account):
        return True
    silent = _asked(row, organisation_id, account).where(Acknowledgement.person_id.is_(None))
    return bool(session.scalar(select(silent.exists())))


def _count_everybody(session: Session, asked: Select[*tuple[Any, ...]]) -> Asked:
    """The numbers of those who are asked wherever they are; there may be tens of thousands."""
    them = asked.subquery("asked")
    silent = func.count().filter(them.c.acknowledged_at.is_(None))
    everyone, waiting = session.execute(select(func.count(), silent).select_from(them)).one()
    return Asked(everyone, everyone - waiting, waiting, waiting > 0)


def _hides_whether_anybody_is_silent(session: Session, account: Account) -> bool:
    lets_in = select(Scope.admission == "present").where(Scope.id == account.scope_id)
    return account.numbers_alone and bool(session.scalar(lets_in))


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
    return wire_acknowledgement(session.execute(select(*_COLUMNS).where(*_own_word(actor, post_id))).one())


def _asked_for(session: Session, actor: Actor, post_id: UUID) -> tuple[AnyRow, ScopeInSight]:
    """Load a notice for a manager."""
    row, scope = post_for(session, actor, post_id, Permission.POSTS_MODERATE)
    if not row.asks_acknowledgement:
        raise NotAsked
    return row, scope


def _asked(row: AnyRow, organisation_id: UUID, account: Account) -> Select[*tuple[Any, ...]]:
    """Whom a notice asks now: person_id, since when it is acknowledged, whether only being there makes them asked."""
    whom = audience_of(row.scope_id, organisation_id).subquery("whom")
    theirs = and_(
        Acknowledgement.post_id == row.id,
        Acknowledgement.person_id == whom.c.person_id,
        account.may_name(whom.c.person_id, Acknowledgement.acknowledged_at),
    )
    by_presence = exists().where(
        Membership.scope_id == row.scope_id,
        Membership.person_id == whom.c.person_id,
        Membership.source == BY_PRESENCE,
        *live_membership(),
    )
    # Where numbers alone are shown, who was there may follow for a while after the place lets in otherwise.
    counts = ~by_presence if account.numbers_alone else true()
    return (
        select(whom.c.person_id, Acknowledgement.acknowledged_at, by_presence.label("by_presence"))
        .outerjoin(Acknowledgement, theirs)
        .where(told_after(literal(row.id, Uuid), whom.c.since), whom.c.person_id != row.author_id, counts)
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
