"""Inviting everybody of a file: judged whole against what is there, then all or nothing."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from base.errors import Forbidden, Invalid, NotFound
from people.actor import Actor
from people.invitations.files import Faults, FileRefused, Row, written
from people.invitations.inviting import assignable
from people.invitations.sending import Outside, flooded, send_all
from people.invitations.wanted import Made, Wanted, made_of
from people.models import Identifier
from people.roles.giving import check_may_give
from people.sign_in.fresh import check_fresh

_HEADER = ("row", "name", "identifier", "code", "link", "expires_at")
_SENT = "sent"
_MOST_ROLES, _MOST_SCOPES = 100, 500


def invite_all(
    session: Session,
    actor: Actor,
    outside: Outside,
    rows: Sequence[Row],
    *,
    days: int,
    sends: bool,
    locale: str,
) -> list[tuple[Row, Made]]:
    """Make an invitation for each row, and send the codes where `sends`; raises `Invalid` with every fault.

    Each is good once, for whoever has the row's address or number.
    """
    _check(session, actor, rows, sends=sends)
    made = [(row, _made(actor, row, days, sends)) for row in rows]
    session.add_all(each.invitation for _, each in made)
    session.flush()
    send_all(session, outside, [each for _, each in made], locale)
    return made


def told(made: Sequence[tuple[Row, Made]], outside: Outside) -> bytes:
    """The answer's table; a code that was sent is not in it."""
    return written([_HEADER, *(_line(row, each, outside) for row, each in made)])


def _line(row: Row, made: Made, outside: Outside) -> tuple[str, ...]:
    code, link = (made.code, outside.link(made.code) or "") if made.send_to is None else (_SENT, "")
    expires_at = clock.wire(made.invitation.expires_at)
    return str(row.number), row.name or "", row.form.value, code, link, expires_at


def _made(actor: Actor, row: Row, days: int, sends: bool) -> Made:
    roles = [{"role": each.role, "scope_id": each.scope_id, "ends_at": None} for each in row.roles]
    wanted = Wanted(scope_ids=row.scope_ids, roles=roles, days=days, name=row.name)
    return made_of(actor, wanted, "member", row.form, row.form if sends else None)


def _check(session: Session, actor: Actor, rows: Sequence[Row], *, sends: bool) -> None:
    if any(row.roles for row in rows):
        check_fresh(actor)
    faults = Faults()
    values = [row.form.value for row in rows]
    taken, full = _taken(session, actor, values), flooded(session, actor, values) if sends else set[str]()
    known = assignable(session, actor, _scopes_of(rows))
    refused = _refused_roles(session, actor, rows)
    for row in rows:
        if row.form.value in taken:
            faults.at(row.number, "identifier", "Somebody signs in with this already.")
        if row.form.value in full:
            faults.at(row.number, "identifier", "Several invitations were sent there within a day.")
        if not known.issuperset(row.scope_ids):
            faults.at(row.number, "scopes", "There is no such scope.")
        if not refused.isdisjoint((each.role, each.scope_id) for each in row.roles):
            faults.at(row.number, "roles", "There is no such role, or you may not give it there.")
    faults.check()


def _scopes_of(rows: Sequence[Row]) -> set[UUID]:
    named = {scope_id for row in rows for scope_id in row.scope_ids}
    if len(named) > _MOST_SCOPES:
        raise FileRefused(f"A file names {_MOST_SCOPES} different scopes at most.")
    return named


def _taken(session: Session, actor: Actor, values: list[str]) -> set[str]:
    there = select(Identifier.value).where(
        Identifier.organisation_id == actor.organisation_id,
        Identifier.value.in_(values),
        Identifier.ended_at.is_(None),
    )
    return set(session.scalars(there))


def _refused_roles(session: Session, actor: Actor, rows: Sequence[Row]) -> set[tuple[str, UUID | None]]:
    """The roles of the file that the actor may not give; each is asked for once."""
    wanted = {(each.role, each.scope_id) for row in rows for each in row.roles}
    if len(wanted) > _MOST_ROLES:
        raise FileRefused(f"A file gives {_MOST_ROLES} different roles at most.")
    refused = set[tuple[str, UUID | None]]()
    for role, scope_id in wanted:
        try:
            check_may_give(session, actor, role, scope_id or actor.organisation_id)
        except (Forbidden, Invalid, NotFound):
            refused.add((role, scope_id))
    return refused
