"""What stays of a roll call: every entry as it stood at the end, as JSON and as a table."""

import csv
import io
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.text import for_spreadsheet
from geo.models.musters import MusterEntry
from geo.musters.board import list_lines

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
    "opened_in_burst",
    "replaced_by",
    "set_aside",
)


def list_persons(
    session: Session, muster_id: UUID, after: UUID | None = None, limit: int | None = None
) -> list[UUID]:
    """Who is on the roll, in the order of their ids."""
    query = select(MusterEntry.person_id).where(MusterEntry.muster_id == muster_id)
    if after is not None:
        query = query.where(MusterEntry.person_id > after)
    return list(session.scalars(query.order_by(MusterEntry.person_id).limit(limit)))


def make_report(session: Session, board: dict[str, Any]) -> dict[str, Any]:
    """The report of a roll call that has just ended, from its board."""
    muster_id = UUID(board["id"])
    return {"muster": board, "entries": list_lines(session, muster_id, list_persons(session, muster_id))}


def lifted(report: dict[str, Any]) -> dict[str, Any]:
    """A report of any time in today's shape: roll calls of before knew nothing of bursts, and set nobody aside."""
    muster = report["muster"]
    counts = dict.fromkeys(("opened_in_burst", "unaccounted_in_burst", "set_aside"), 0) | muster["counts"]
    mark = {"opened_in_burst": False, "replaced_by": None, "set_aside": None}
    return {"muster": muster | {"counts": counts}, "entries": [mark | entry for entry in report["entries"]]}


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
        parts = value.get("coordinates") or [part for part in value.values() if part is not None]
        return " ".join(map(str, parts))
    # Names and texts are anybody's.
    return "" if value is None else for_spreadsheet(str(value))
