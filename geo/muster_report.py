"""What stays of a roll call: every entry as it stood at the end, as JSON and as a table."""

import csv
import io
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo import roll
from geo.muster_models import MusterEntry
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


def list_entries(
    session: Session, muster_id: UUID, after: UUID | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """The roll, in the order of the persons' ids."""
    query = (
        select(MusterEntry, Person.name)
        .join(Person, Person.id == MusterEntry.person_id)
        .where(MusterEntry.muster_id == muster_id)
    )
    if after is not None:
        query = query.where(MusterEntry.person_id > after)
    rows = session.execute(query.order_by(MusterEntry.person_id).limit(limit))
    return [roll.wire_entry(entry, name) for entry, name in rows]


def make_report(session: Session, board: dict[str, Any]) -> dict[str, Any]:
    """The report of a roll call that has just ended, from its board."""
    return {"muster": board, "entries": list_entries(session, UUID(board["id"]))}


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
    text = "" if value is None else str(value)
    # A spreadsheet would take these for a formula, and names and texts are anybody's.
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
