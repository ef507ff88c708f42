"""What a person may read on asking, and know of.

What an actor is to a scope (`Standing`) is decided here and nowhere else, by one statement: scopes, each beside the two
memberships that can say something, the person's own in the scope and that in the site above it. Both are found in the
index of a person's live memberships, so the statement with a scope's id costs the same in any organisation
(`sight_of`). Joined by the statement of a list (`visible_of`, `known_of`) it is asked of the scopes that the list
comes by, and never gives all that there are.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    false,
    join,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from journal.order import BEGINNING, begun_at
from people.actor import Actor
from people.audience.given import given_in, is_given, lets_know, scopes_given
from people.audience.rules import PRIVATE, Window, live_membership, manages, since_of, window_of
from people.models import Membership, Person, Scope
from people.permissions import ADMINISTRATOR, GRANTED, SERVICE, VISITOR, Permission, Standing, tells_of_scopes

_OWN, _ABOVE = aliased(Membership, name="own"), aliased(Membership, name="above")
_COLUMNS = (Scope.id, Scope.kind, Scope.name, Scope.admission, Scope.history, Scope.parent_id)
_READING = [standing for standing in Standing if Permission.POSTS_READ in GRANTED[standing]]
_ASSIGNED = Scope.admission == "assigned"


_Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class ScopeInSight:
    """A scope as one actor meets it: what they are to it, and after which position they read it."""

    id: UUID
    kind: str
    name: str
    admission: str
    history: str
    parent_id: UUID | None
    archived: bool
    standing: Standing
    window: Window  # what may be read of it, by whoever may read
    given: frozenset[Permission] = frozenset()  # what the actor was given here, whatever their standing is

    @property
    def allowed(self) -> frozenset[Permission]:
        """All that the actor may do here."""
        return GRANTED[self.standing] | self.given

    @property
    def is_known(self) -> bool:
        """Whether the actor knows of it by what they were given."""
        return any(map(tells_of_scopes, self.given))

    def grants(self, permission: Permission) -> bool:
        """Whether the actor may do this here."""
        return permission in GRANTED[self.standing] or permission in self.given


def sight_of(session: Session, actor: Actor, scope_id: UUID) -> ScopeInSight | None:
    """A scope of the organisation as the actor meets it, an archived one too; whether they may know of it is said by
    the standing."""
    values = {"person": actor.person_id, "organisation": actor.organisation_id, "scope": scope_id}
    row = session.execute(_one(actor.role), values).one_or_none()
    if row is None:
        return None
    standing = Standing(row.standing)
    given = given_in(actor, row.id, row.parent_id, row.kind)
    everything = Permission.POSTS_READ in given
    return ScopeInSight(
        row.id,
        row.kind,
        row.name,
        row.admission,
        row.history,
        row.parent_id,
        row.archived,
        standing,
        Window(row.id) if everything else window_of(row.id, row.since, row.started_at),
        given,
    )


def visible_of(actor: Actor) -> _Rows:
    """All that the actor may read on asking (what is followed, what is open, what is managed), to join with.

    scope_id, parent_id, since; whether its news come unasked (`follows`) and the position since which they do (`begun`,
    `BEGINNING` where they do not); when one's own membership began (`started_at`).
    """
    implied = false() if actor.is_visitor else Scope.kind == "organisation"
    joined = select(Person.joined_position).where(Person.id == actor.person_id).scalar_subquery()
    begun = case(
        (implied, joined), (_OWN.id.is_not(None), begun_at(_OWN.id)), else_=literal(BEGINNING, BigInteger)
    )
    return _with_memberships(
        select(
            Scope.id.label("scope_id"),
            Scope.parent_id,
            _since_given(actor).label("since"),
            or_(implied, _OWN.id.is_not(None)).label("follows"),
            begun.label("begun"),
            _OWN.started_at,
        ),
        actor.person_id,
        actor.organisation_id,
    ).where(Scope.archived_at.is_(None), _reads(actor))


def followed_by(actor: Actor) -> CompoundSelect[UUID]:
    """The scopes of `visible_of` that can be followed, by id: a list of what comes unasked begins with these few."""
    held = select(Membership.scope_id).where(Membership.person_id == actor.person_id, *live_membership())
    return union_all(held, select(literal(actor.organisation_id, Uuid)))


def known_of(actor: Actor) -> _Rows:
    """All that the actor may know of, to join with.

    scope_id, parent_id; whether they may read it (`reads`), after which position (`since`), and when that was
    (`started_at`; None where it is the beginning).

    An `assigned` scope exists for its members only. For a visitor nothing exists but what they were let into, and the
    parts of it, or what they were given.
    """
    reads = _reads(actor)
    near = _ABOVE.id.is_not(None) if actor.is_visitor else true()
    return _with_memberships(
        select(
            Scope.id.label("scope_id"),
            Scope.parent_id,
            reads.label("reads"),
            _since_given(actor).label("since"),
            _OWN.started_at,
        ),
        actor.person_id,
        actor.organisation_id,
    ).where(Scope.archived_at.is_(None), or_(and_(~_ASSIGNED, near), reads, lets_know(actor)))


def known_among(session: Session, actor: Actor, scope_ids: Collection[UUID]) -> set[UUID]:
    """Those of these scopes that the actor may know of, as `known_of` says."""
    known = known_of(actor).subquery("known")
    return set(session.scalars(select(known.c.scope_id).where(known.c.scope_id.in_(scope_ids))))


def lets_in(session: Session, scope_id: UUID, person_id: UUID) -> bool:
    """Whether being there is enough for this person: a visitor was let into one site, not into every one."""
    assigned = exists().where(
        Membership.person_id == person_id,
        Membership.scope_id.in_((Scope.id, Scope.parent_id)),
        Membership.source == "assigned",
        *live_membership(),
    )
    both = join(Person, Scope, Scope.organisation_id == Person.organisation_id)
    allowed = select(or_(Person.role != VISITOR, assigned)).select_from(both)
    allowed = allowed.where(Person.id == person_id, Scope.id == scope_id)
    return bool(session.scalar(allowed))


def managed_by(actor: Actor, permission: Permission) -> CompoundSelect[UUID] | None:
    """The scopes, without their parts, where the actor may do what managers may, as a statement.

    By running them, or because it was given there. None: in all of the organisation.
    """
    if actor.may(permission):
        return None
    runs = select(Membership.scope_id).where(
        Membership.person_id == actor.person_id, manages(), *live_membership()
    )
    given = select(Scope.id).where(Scope.id.in_(scopes_given(actor, permission)))
    return union_all(runs, given)


@cache
def _one(role: str) -> _Rows:
    """`sight_of` for a role; asked by nearly every request, and so built once."""
    sight = (_standing(role).label("standing"), _since(role).label("since"), _OWN.started_at)
    columns = (*_COLUMNS, Scope.archived_at.is_not(None).label("archived"), *sight)
    met = _with_memberships(select(*columns), bindparam("person"), bindparam("organisation"))
    return met.where(Scope.id == bindparam("scope"))


def _with_memberships(
    scopes: _Rows, person: UUID | BindParameter[UUID], organisation: UUID | BindParameter[UUID]
) -> _Rows:
    """Each scope of the organisation once: a person has at most one live membership in a scope."""
    own = and_(_OWN.person_id == person, _OWN.scope_id == Scope.id, *live_membership(_OWN))
    above = and_(_ABOVE.person_id == person, _ABOVE.scope_id == Scope.parent_id, *live_membership(_ABOVE))
    both = scopes.select_from(Scope).outerjoin(_OWN, own).outerjoin(_ABOVE, above)
    return both.where(Scope.organisation_id == organisation)


def _reads(actor: Actor) -> ColumnElement[bool]:
    return or_(_standing(actor.role).in_(_READING), is_given(actor, Permission.POSTS_READ))


def _standing(role: str) -> ColumnElement[str]:
    """What the person is to a scope, from most to least. Visitors are nothing by themselves, and run no parts."""
    runs, belongs = manages(_OWN), _OWN.id.is_not(None)
    if role in (VISITOR, SERVICE):
        return case((runs, Standing.MANAGER), (belongs, Standing.MEMBER), else_=Standing.OUTSIDER)
    administers = ~Scope.kind.in_(PRIVATE) if role == ADMINISTRATOR else false()
    return case(
        (administers, Standing.ADMINISTRATOR),
        (or_(runs, manages(_ABOVE)), Standing.MANAGER),
        (or_(belongs, Scope.kind == "organisation"), Standing.MEMBER),
        (Scope.admission == "open", Standing.READER),
        else_=Standing.OUTSIDER,
    )


def _since_given(actor: Actor) -> ColumnElement[int]:
    if not actor.grants:
        return _since(actor.role)
    given = is_given(actor, Permission.POSTS_READ)
    return case((given, literal(BEGINNING, BigInteger)), else_=_since(actor.role))


def _since(role: str) -> ColumnElement[int]:
    """After which position: where one may read without being there, being there takes nothing away."""
    beginning = literal(BEGINNING, BigInteger)
    if role in (VISITOR, SERVICE):
        return case((_OWN.id.is_not(None), begun_at(_OWN.id)), else_=beginning)
    runs = _standing(role).in_((Standing.ADMINISTRATOR, Standing.MANAGER))
    return case((or_(runs, Scope.admission == "open"), beginning), else_=since_of(false(), _OWN))
