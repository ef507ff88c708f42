"""The audit log, as those read it who watch over it, and as it lies in the tables."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import select, text

from base.database import table_of
from people.audit.models import AuditEntry
from tests.world import Organisation, Phone, World

_entries = table_of(AuditEntry)
Told = dict[str, Any]


def log_of(org: Organisation, **wanted: str) -> list[Told]:
    """What the administrator finds in the log, newest first; all pages of it."""
    found: list[Told] = []
    cursor: dict[str, str] = {}
    while True:
        page = org.admin.get(f"/v1/admin/audit?{urlencode({**wanted, **cursor})}")
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


def the_entry(org: Organisation, **wanted: str) -> Told:
    """The one entry that is so."""
    (found,) = log_of(org, **wanted)
    return found


def acts(entries: list[Told]) -> list[tuple[str, str | None]]:
    """What was done or refused, in short."""
    return [(entry["action"], entry["code"]) for entry in entries]


def kept(world: World, organisation: UUID) -> list[Any]:
    """The rows of an organisation's log, oldest first, whoever may read them."""
    mine = select(_entries).where(_entries.c.organisation_id == organisation)
    with world.worker.transaction() as session:
        return list(session.execute(mine.order_by(_entries.c.at, _entries.c.id)))


def everything(world: World, organisation: UUID) -> str:
    """All words of an organisation's log, in its table and in the chain."""
    world.relays()
    said = text(
        "SELECT coalesce(string_agg(CAST(e AS text), ' '), '') FROM audit_entries e WHERE organisation_id = :id"
        " UNION ALL SELECT coalesce(string_agg(CAST(payload AS text), ' '), '') FROM journal"
        " WHERE organisation_id = :id AND type = 'audit.recorded'"
    )
    with world.worker.transaction() as session:
        return " ".join(session.scalars(said, {"id": organisation}))


def ages(world: World, organisation: UUID, days: int) -> None:
    """Let the whole log be older."""
    older = text(
        "UPDATE audit_entries SET at = at - make_interval(days => :days) WHERE organisation_id = :id"
    )
    with world.owner() as connection:
        connection.execute(older, {"id": organisation, "days": days})


def own_log(phone: Phone) -> list[Told]:
    """What somebody reads of what was done about them, newest first."""
    return phone.get("/v1/me/audit")["items"]
