"""The audit log for other systems, in the order of the chain: whoever follows it skips nothing and gets nothing twice.

It is read from the journal, where an entry has its position. Times or ids would not do: what was begun earlier may be
committed later, behind the back of one who has read on. Positions are of an epoch; after a restore one begins anew.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from base.database import AnyRow
from base.errors import Gone
from journal.catalogue import AUDIT_RECORDED
from journal.tail import Head, head_in_epoch, journal, oldest_position, present
from people.actor import Actor

_COLUMNS = (journal.c.position, journal.c.type, journal.c.version, journal.c.about_id, journal.c.payload)
# To JSON these are characters like any other, and to whoever cuts a text into lines, ends of one.
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_VENDOR = "CEF:0|Hereabouts|Hereabouts|1"
_SEVERITY = {"done": "3", "refused": "6"}
Record = dict[str, Any]


class Form(StrEnum):
    """How the lines are written."""

    JSON_LINES = "jsonl"
    CEF = "cef"


class LogBegunAnew(Gone):
    """The position is of another epoch, beyond the end, or of a time that is not kept any more."""

    code, title = "audit_position_gone", "This position is not in the log any more; follow it from 0"


def check_position(session: Session, actor: Actor, after: int, epoch: str | None) -> Head:
    """Where the log ends by now; raises `LogBegunAnew` for a position that nothing can follow on."""
    head = head_in_epoch(session, actor.organisation_id)
    if after > head.position or epoch not in (None, str(head.epoch)):
        raise LogBegunAnew(epoch=str(head.epoch))
    oldest = oldest_position(session, actor.organisation_id) or head.position + 1
    if 0 < after < oldest - 1:
        raise LogBegunAnew(epoch=str(head.epoch))
    return head


def lines(session: Session, actor: Actor, after: int, limit: int, form: Form) -> tuple[bytes, int | None]:
    """The entries behind a position, one a line, and the position of the last of them, if there is any."""
    rows = _rows(session, actor, after, limit)
    told = [
        _FORMS[form]({**row.payload, "position": row.position}) for row in rows if row.payload is not None
    ]
    return "".join(f"{line}\n" for line in told).encode(), rows[-1].position if rows else None


def _rows(session: Session, actor: Actor, after: int, limit: int) -> Sequence[AnyRow]:
    mine = select(*_COLUMNS).where(
        journal.c.organisation_id == actor.organisation_id,
        journal.c.type == AUDIT_RECORDED.name,
        journal.c.position > after,
    )
    return present(session.execute(mine.order_by(journal.c.position).limit(limit)).all())


def json_line(record: Record) -> str:
    """One line of JSON, whatever characters are in it."""
    line = orjson.dumps(record).decode()
    for character, escaped in _LINE_ENDS.items():
        line = line.replace(character, escaped)
    return line


def cef_line(record: Record) -> str:
    """One line of ArcSight's Common Event Format, revision 25."""
    head = (
        _header(record["action"]),
        _header(record["action"].replace("_", " ")),
        _SEVERITY[record["result"]],
    )
    return "|".join((_VENDOR, *head, " ".join(f"{key}={_value(said)}" for key, said in _extension(record))))


def _extension(record: Record) -> list[tuple[str, Any]]:
    """Its keys and values; what CEF has no key for goes where it has room for what is one's own, with a label."""
    known = [
        ("rt", int(datetime.fromisoformat(record["at"]).timestamp() * 1000)),
        ("externalId", record["id"]),
        ("act", record["action"]),
        ("outcome", record["result"]),
        ("reason", record["code"]),
        ("suid", record["actor_id"]),
        ("duid", record["person_id"]),
        ("c6a2" if ":" in (record["address"] or "") else "src", record["address"]),
        ("requestClientApplication", record["agent"]),
        ("cn1", record["position"]),
    ]
    own = [
        ("cs1", "subject kind", record["subject_kind"]),
        ("cs2", "subject", record["subject_id"]),
        ("cs3", "device", record["device_id"]),
        ("cs4", "session", record["session_id"]),
        ("cs5", "before", _json(record["before"])),
        ("cs6", "after", _json(record["after"])),
    ]
    labelled = [pair for key, label, said in own for pair in ((key, said), (f"{key}Label", said and label))]
    return [(key, said) for key, said in [*known, ("cn1Label", "position"), *labelled] if said is not None]


def _json(noted: Record | None) -> str | None:
    return None if noted is None else orjson.dumps(noted).decode()


def _header(said: str) -> str:
    return _printable(said).replace("\\", "\\\\").replace("|", "\\|")


def _value(said: Any) -> str:
    """A value in which nothing ends the line, or begins another key."""
    return _printable(str(said)).replace("\\", "\\\\").replace("=", "\\=")


def _printable(said: str) -> str:
    """Without characters that end a line, or that a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in said)


_FORMS: dict[Form, Callable[[Record], str]] = {Form.JSON_LINES: json_line, Form.CEF: cef_line}
