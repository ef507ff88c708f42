"""What may be told of those whom the news of a place reach: who read, who knows of a notice, how far pushes got.

Where being there makes one follow, each such account would tell who is there, or was. Here it is decided, for all of
them, who is named, who is counted, and which numbers are told:

    a scope that is no place    everybody
    a place                     who belongs there, wherever they are; and who follows by being there, as a look that is
                                written down, and in numbers that are groups
    a place of a site that
    shows numbers alone         who belongs there, and what they did since they do

To belong is to be assigned or to have joined. What somebody did before they belonged, they did by being there.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, SQLColumnExpression, Uuid, bindparam, exists, or_, text, true
from sqlalchemy.orm import Session, aliased

from base import clock
from geo.models.places import Place
from geo.presence.counted import window_of_time
from geo.presence.groups import Groups, groups_of
from geo.presence.views import record_once
from people.actor import Actor
from people.audience import administers, live_membership, was_given
from people.models import Membership, Person, Scope
from people.permissions import Permission

BY_PRESENCE = "presence"
# Of followers by being there: whether they came by themselves since, and not by a manager's word alone.
_FOLLOWERS = text(
    """
    SELECT m.person_id, m.source <> 'presence' AS belongs, m.started_at,
        m.source = 'presence' AND EXISTS (
            SELECT FROM visits v JOIN evidence e ON e.visit_id = v.id
            WHERE v.person_id = m.person_id AND v.place_id = m.scope_id AND e.source <> 'manual'
                AND (v.left_at IS NULL OR v.left_at >= m.started_at)) AS own
    FROM memberships m
    WHERE m.scope_id = :scope AND m.person_id = ANY (:persons) AND m.ended_at IS NULL
        AND (m.ends_at IS NULL OR m.ends_at > now())
    """
).bindparams(bindparam("persons", type_=ARRAY(Uuid)))


@dataclass(frozen=True)
class Account:
    """How what people of a scope did is told. `place`: the place that the scope is of, if any."""

    scope_id: UUID
    place: Place | None
    groups: Groups

    @property
    def numbers_alone(self) -> bool:
        """Whether nobody may be named or counted for being there."""
        return self.place is not None and self.groups.aggregate_only

    def may_name(
        self,
        person: SQLColumnExpression[UUID],
        did_at: SQLColumnExpression[datetime],
        *,
        those_there: bool = True,
    ) -> ColumnElement[bool]:
        """Whether somebody may be named, or counted, with what they did at a time.

        `those_there`: whether this is for somebody who may see who is there.
        """
        if self.numbers_alone:
            return self.belonged(person, did_at)
        return true() if those_there else ~self.was_by_presence(person, did_at)

    def belonged(
        self, person: SQLColumnExpression[UUID], did_at: SQLColumnExpression[datetime]
    ) -> ColumnElement[bool]:
        """Whether somebody belongs to the scope, and did so when they did something."""
        return exists().where(
            Membership.scope_id == self.scope_id,
            Membership.person_id == person,
            Membership.source != BY_PRESENCE,
            Membership.started_at <= did_at,
            *live_membership(),
        )

    def was_by_presence(
        self, person: SQLColumnExpression[UUID], did_at: SQLColumnExpression[datetime]
    ) -> ColumnElement[bool]:
        """Whether naming somebody with what they did at a time tells that they were in the place.

        A membership by presence says so, until it is deleted with the visits. From then on it is of whom nothing else
        had let in.
        """
        once = exists().where(
            Membership.scope_id == self.scope_id,
            Membership.person_id == person,
            Membership.source == BY_PRESENCE,
        )
        return (once | ~self._had_another_way_in(person, did_at)) & ~self.belonged(person, did_at)

    def _had_another_way_in(
        self, person: SQLColumnExpression[UUID], did_at: SQLColumnExpression[datetime]
    ) -> ColumnElement[bool]:
        if self.place is None:
            return true()
        is_open = exists().where(Scope.id == self.scope_id, Scope.admission == "open")
        who = aliased(Person)
        runs_all = exists().where(who.id == person, administers(who))
        belonged_then = exists().where(
            Membership.scope_id.in_((self.scope_id, self.place.site_id)),
            Membership.person_id == person,
            Membership.source != BY_PRESENCE,
            Membership.started_at <= did_at,
            or_(Membership.ended_at.is_(None), Membership.ended_at >= did_at),
        )
        above = (self.scope_id, self.place.site_id, self.place.organisation_id)
        given = was_given(Permission.POSTS_READ, above, person, did_at)
        return is_open | runs_all | belonged_then | given

    def record_look(self, session: Session, actor: Actor, persons: Sequence[UUID], reason: str) -> None:
        """Write down that the actor was told of these persons' being there: once for each window of time."""
        if self.place is not None:
            since = window_of_time(clock.now())
            record_once(session, actor, self.place.id, persons, reason, since)


@dataclass(frozen=True)
class Counted:
    """Of those whom a scope's news reach: who belongs (or anybody, where it is no place), and who is there.

    `own`: those of who is there who make a group; `not_yet`: those who are counted from the next window on.
    """

    groups: Groups
    belonging: Set[UUID]
    there: Set[UUID] = frozenset()
    own: Set[UUID] = frozenset()
    not_yet: Set[UUID] = frozenset()

    @property
    def persons(self) -> list[UUID]:
        """All who are counted."""
        return sorted((self.belonging | self.there) - self.not_yet)

    @property
    def makes_a_group(self) -> bool:
        """Whether the number of all may be told: nobody is there, or a group is."""
        return not self.there or len(self.own) >= self.groups.smallest

    def divided(self, some: Set[UUID]) -> tuple["Counted", "Counted"]:
        """These of them, and the others."""
        return self._narrowed(some), self._narrowed((self.belonging | self.there) - some)

    def _narrowed(self, some: Set[UUID]) -> "Counted":
        parts = (self.belonging, self.there, self.own, self.not_yet)
        return Counted(self.groups, *(part & some for part in parts))


def account_of(session: Session, scope_id: UUID) -> Account:
    """How what people of a scope did is told."""
    place = session.get(Place, scope_id)
    groups = Groups(0, aggregate_only=False) if place is None else groups_of(session, place.site_id)
    return Account(scope_id, place, groups)


def counted_of(session: Session, account: Account, persons: Sequence[UUID]) -> Counted:
    """Those of some followers of a scope who are counted.

    Who is there by a manager's word alone is counted from the next window on, and makes no group.
    """
    if account.place is None:
        return Counted(account.groups, set(persons))
    window = window_of_time(clock.now())
    rows = session.execute(_FOLLOWERS, {"scope": account.scope_id, "persons": list(persons)}).all()
    belonging = {row.person_id for row in rows if row.belongs}
    if account.numbers_alone:
        return Counted(account.groups, belonging)
    there = [row for row in rows if not row.belongs]
    own = {row.person_id for row in there if row.own}
    not_yet = {row.person_id for row in there if not row.own and row.started_at > window}
    return Counted(account.groups, belonging, {row.person_id for row in there}, own, not_yet)


def belonged(person: str, did_at: str) -> str:
    """`Account.belonged` for a statement that is text, of `:scope`: the SQL names of a person and of a time."""
    return (
        "EXISTS (SELECT FROM memberships m WHERE m.scope_id = :scope"
        f" AND m.person_id = {person} AND m.source <> 'presence' AND m.started_at <= {did_at}"
        " AND m.ended_at IS NULL AND (m.ends_at IS NULL OR m.ends_at > now()))"
    )


def belonging_among(session: Session, scope_id: UUID, persons: Sequence[UUID]) -> set[UUID]:
    """Those of some persons who belong to a scope, wherever they are."""
    rows = session.execute(_FOLLOWERS, {"scope": scope_id, "persons": list(persons)})
    return {row.person_id for row in rows if row.belongs}
