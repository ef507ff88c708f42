"""What stays of a roll call: every entry as it stood at the end, as JSON and as a table."""

import csv
import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.text import for_spreadsheet
from geo.models.musters import MusterEntry
from geo.musters.board import wire_entry
from people.models import Person

_COLUMNS = (
    "name",
    "status",
    "expected",
    "certain",
    "doubts",
    "sources",
    "confidence",
    "last_seen_at",
    "left_at",
    "answered_at",
    "answered_by",
    "text",
    "point",
    "alerts",
)


def list_persons(
    session: Session, muster_id: UUID, after: UUID | None = None, limit: int | None = None
) -> list[UUID]:
    """Who is on the roll, in the order of their ids."""
    query = select(MusterEntry.person_id).where(MusterEntry.muster_id == muster_id)
    if after is not None:
        query = query.where(MusterEntry.person_id > after)
    return list(session.scalars(query.order_by(MusterEntry.person_id).limit(limit)))


def list_entries(session: Session, muster_id: UUID, persons: Sequence[UUID]) -> list[dict[str, Any]]:
    """The lines of these persons, in the order of their ids."""
    query = (
        select(MusterEntry, Person.name)
        .join(Person, Person.id == MusterEntry.person_id)
        .where(MusterEntry.muster_id == muster_id, MusterEntry.person_id.in_(persons))
    )
    rows = session.execute(query.order_by(MusterEntry.person_id))
    return [wire_entry(entry, name) for entry, name in rows]


def make_report(session: Session, board: dict[str, Any]) -> dict[str, Any]:
    """The report of a roll call that has just ended, from its board."""
    muster_id = UUID(board["id"])
    return {"muster": board, "entries": list_entries(session, muster_id, list_persons(session, muster_id))}


def report_csv(report: dict[str, Any]) -> str:
    """The report as a table, a line a person."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for entry in report["entries"]:
        line = entry | {"name": entry["person"]["name"]}
        writer.writerow([_cell(line[column]) for column in _COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, dict):
        return " ".join(map(str, value["coordinates"]))
    # Names and texts are anybody's.
    return "" if value is None else for_spreadsheet(str(value))
