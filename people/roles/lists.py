"""Who was given what: administrators, managers and grants in one list, each by its id.

An administrator's is the person's id, a manager's that of the membership, any other that of the grant. What is in
groups and conversations is for those within.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from people.audience import FIRST_ID

MOST_ROLES = 10_000
"""Of one person: more than anybody has."""
_IN_SIGHT = """
    s.archived_at IS NULL AND (:whole OR s.id = :scope OR s.parent_id = :scope)
    AND (s.kind NOT IN ('group', 'direct') OR s.id = :scope OR :private)"""
_GIVEN = text(
    f"""
    WITH found AS (
        (SELECT id, id AS person_id, organisation_id AS scope_id, role, NULL::uuid AS custom_role_id,
            role_given_by AS given_by, NULL::timestamptz AS given_at, role_ends_at AS ends_at
        FROM persons
        WHERE organisation_id = :organisation AND role = 'organisation_administrator' AND ended_at IS NULL
            AND (role_ends_at IS NULL OR role_ends_at > now())
            AND :whole AND (:person IS NULL OR id = :person) AND (:one IS NULL OR id = :one) AND id > :after
        ORDER BY id LIMIT :most)
        UNION ALL
        (SELECT m.id, m.person_id, m.scope_id, 'site_manager', NULL,
            m.role_given_by, m.started_at, coalesce(m.role_ends_at, m.ends_at)
        FROM memberships m JOIN scopes s ON s.id = m.scope_id
        WHERE m.organisation_id = :organisation AND m.role = 'manager' AND m.ended_at IS NULL
            AND (m.ends_at IS NULL OR m.ends_at > now()) AND (m.role_ends_at IS NULL OR m.role_ends_at > now())
            AND (:person IS NULL OR m.person_id = :person) AND (:one IS NULL OR m.id = :one) AND m.id > :after
            AND {_IN_SIGHT}
        ORDER BY m.id LIMIT :most)
        UNION ALL
        (SELECT g.id, g.person_id, g.scope_id, g.role, g.custom_role_id, g.given_by, g.given_at, g.ends_at
        FROM role_grants g JOIN scopes s ON s.id = g.scope_id
        WHERE g.organisation_id = :organisation AND g.ended_at IS NULL
            AND (g.ends_at IS NULL OR g.ends_at > now())
            AND (:person IS NULL OR g.person_id = :person) AND (:one IS NULL OR g.id = :one) AND g.id > :after
            AND {_IN_SIGHT}
        ORDER BY g.id LIMIT :most)
    )
    SELECT f.*, coalesce(f.role, f.custom_role_id::text) AS key, p.name AS person_name,
        s.name AS scope_name, s.kind AS scope_kind, b.name AS giver_name, c.name AS custom_name, c.permissions
    FROM found f JOIN persons p ON p.id = f.person_id JOIN scopes s ON s.id = f.scope_id
        LEFT JOIN persons b ON b.id = f.given_by LEFT JOIN custom_roles c ON c.id = f.custom_role_id
    ORDER BY f.id LIMIT :most
    """
).bindparams(
    *(bindparam(name, type_=Uuid()) for name in ("organisation", "scope", "person", "one", "after")),
)


@dataclass(frozen=True)
class Wanted:
    """Which of them: of this scope and its parts (the organisation's own: of all), of a person, of an id.

    `private`: those of groups, too.
    """

    scope_id: UUID
    person_id: UUID | None = None
    id: UUID | None = None
    private: bool = False


def list_given(
    session: Session, organisation_id: UUID, wanted: Wanted, after: UUID | None, limit: int
) -> Sequence[AnyRow]:
    """A page of the roles that hold now, by their ids."""
    values = {
        "organisation": organisation_id,
        "scope": wanted.scope_id,
        "whole": wanted.scope_id == organisation_id,
        "person": wanted.person_id,
        "one": wanted.id,
        "private": wanted.private,
        "after": after or FIRST_ID,
        "most": limit,
    }
    return session.execute(_GIVEN, values).all()


def wire_given(row: AnyRow) -> dict[str, Any]:
    """A role that somebody has, as it is on the wire."""
    giver = None if row.given_by is None else {"id": str(row.given_by), "name": row.giver_name}
    return {
        "id": str(row.id),
        "person": {"id": str(row.person_id), "name": row.person_name},
        "role": row.key,
        "role_name": row.custom_name,
        "scope": {"id": str(row.scope_id), "kind": row.scope_kind, "name": row.scope_name},
        "given_by": giver,
        "given_at": clock.wire_or_none(row.given_at),
        "ends_at": clock.wire_or_none(row.ends_at),
    }
