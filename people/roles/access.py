"""Why somebody can see and do what they can: every reason there is, in words, by whom it was given and until when.

It is what `people/audience/sight.py` decides by, told the other way round. Two reasons are told without saying where:
being in a place, since who is where is told to those alone who may see it, and groups and conversations, whose people
are nobody's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from people.actor import Actor
from people.audience import PRIVATE, live_membership
from people.models import Membership, Person, Scope
from people.permissions import GRANTED, ORGANISATION_WIDE, SITE_MANAGER, Permission, Standing
from people.roles.lists import MOST_ROLES, Wanted, list_given
from people.roles.roles import permissions_of
from people.roles.words import said

_MEMBER = GRANTED[Standing.MEMBER]


@dataclass(frozen=True)
class Reason:
    """One reason. `what` names the sentence, with `about` in it; `scope`: its id, kind and name, if it has a place."""

    because: str
    what: str
    permissions: frozenset[Permission]
    scope: dict[str, str] | None = None
    given_by: dict[str, str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    about: dict[str, Any] = field(default_factory=dict[str, Any])

    def wire(self, locale: str) -> dict[str, Any]:
        """As it is told in a language."""
        return {
            "because": self.because,
            "scope": self.scope,
            "permissions": sorted(self.permissions),
            "given_by": self.given_by,
            "since": clock.wire_or_none(self.since),
            "until": clock.wire_or_none(self.until),
            "words": self._words(locale),
        }

    def _words(self, locale: str) -> str:
        giver = None if self.given_by is None else self.given_by["name"]
        return said(locale, self.what, self.about, scope=self.scope, given_by=giver, until=self.until)


def access_of(session: Session, actor: Actor, person: Person) -> list[dict[str, Any]]:
    """All reasons of a person of the actor's organisation, in the actor's language; a closed account has none."""
    return [reason.wire(actor.locale) for reason in reasons_of(session, person)]


def reasons_of(session: Session, person: Person) -> list[Reason]:
    """The same, before they are put into words."""
    if person.ended_at is not None:
        return []
    wanted = Wanted(person.organisation_id, person.id)
    given = list_given(session, person.organisation_id, wanted, None, MOST_ROLES)
    belongs = [_of_membership(*row) for row in _belongings(session, person)]
    return [*_by_account(person), *map(_of_role, given), *belongs, *_untold(person)]


def _by_account(person: Person) -> list[Reason]:
    if person.role not in ("member", "organisation_administrator"):
        return [Reason("account", person.role, ORGANISATION_WIDE[person.role], until=person.ends_at)]
    account = Reason("account", "member", ORGANISATION_WIDE["member"] | _MEMBER, since=person.created_at)
    return [account, Reason("open", "open", GRANTED[Standing.READER])]


def _belongings(session: Session, person: Person) -> Sequence[AnyRow]:
    """The memberships that say more than where somebody is, and no more than that they belong."""
    told = (Membership.role == "member", Membership.source != "presence", Scope.kind.not_in(PRIVATE))
    elsewhere = (Scope.id != person.organisation_id, Scope.archived_at.is_(None))
    return session.execute(
        select(Membership, Scope, Person)
        .join(Scope, Scope.id == Membership.scope_id)
        .outerjoin(Person, Person.id == Membership.role_given_by)
        .where(Membership.person_id == person.id, *live_membership(), *told, *elsewhere)
        .order_by(Scope.name, Scope.id)
        .limit(MOST_ROLES)
    ).all()


def _of_membership(held: Membership, scope: Scope, giver: Person | None) -> Reason:
    by = None if giver is None or held.source == "joined" else {"id": str(giver.id), "name": giver.name}
    where = {"id": str(scope.id), "kind": scope.kind, "name": scope.name}
    return Reason("membership", held.source, _MEMBER, where, by, held.started_at, held.ends_at)


def _of_role(row: AnyRow) -> Reason:
    """What an administrator, a manager or anybody with a grant has by that."""
    where = {"id": str(row.scope_id), "kind": row.scope_kind, "name": row.scope_name}
    by = None if row.given_by is None else {"id": str(row.given_by), "name": row.giver_name}
    allowed = permissions_of(row)
    because = "membership" if row.role == SITE_MANAGER and row.scope_kind != "organisation" else "role"
    about = {"name": row.custom_name, "permissions": sorted(allowed)}
    what = row.role or "custom"
    return Reason(because, what, allowed, where, by, row.given_at, row.ends_at, about)


def _untold(person: Person) -> list[Reason]:
    """The reasons of which it is not told where."""
    own = Reason("conversations", "conversations", _MEMBER)
    return [Reason("presence", "presence", _MEMBER), own]
