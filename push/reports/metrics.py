"""What Prometheus is told of push: in its text format, worked out from the database when it asks.

The queue belongs to all workers, so every worker tells the same numbers, and none is lost with a worker that dies. What
became of pushes, and how long they took, is told of those queued within the last five minutes. No label names an
organisation or a person, and reasons are words of our own or of FCM's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, func, literal_column, select, text
from sqlalchemy.orm import Session

from base.database import AnyRow, table_of
from base.guards import faults
from journal.led import waits_s
from journal.models import JournalCursor, JournalRow, OutboxRow
from push.models import Delivery, Notification

_REASON = re.compile(r"[A-Za-z_]{1,40}\Z")
_MANY = 100_000
# What is too late to be sent waits for nobody: where push is off, nobody clears it away.
_QUEUE = text(
    """
    SELECT priority,
        count(*) FILTER (WHERE status = 'queued') AS waiting,
        count(*) FILTER (WHERE status = 'sending') AS in_flight,
        coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at <= now() AND expires_at > now())), 0)
            AS age
    FROM deliveries WHERE status IN ('queued', 'sending') GROUP BY priority
    """
)
_RECENT = text(
    """
    SELECT status, action, why, coalesce(reason, '') AS reason, count(*) AS n FROM deliveries
    WHERE created_at > now() - interval '5 minutes' GROUP BY 1, 2, 3, 4
    """
)
# A notification has its event's id, and the first 48 bits of that are the event's milliseconds.
_LATENCY = text(
    """
    SELECT priority, percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY seconds) AS seconds FROM (
        SELECT d.priority, extract(epoch FROM d.sent_at)
            - ('x' || lpad(left(replace(d.notification_id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0
            AS seconds
        FROM deliveries d WHERE d.created_at > now() - interval '5 minutes' AND d.sent_at IS NOT NULL
    ) AS sent GROUP BY priority
    """.replace("::", r"\:\:")
)
_OLDEST_UNREAD = text(
    "SELECT extract(epoch FROM now() - recorded_at) FROM journal WHERE seq > :read ORDER BY seq LIMIT 1"
)
_QUANTILES = ("0.5", "0.95", "0.99")
_PRIORITIES = range(5)
_HELP = {
    "hereabouts_push_waiting": "Pushes in the queue.",
    "hereabouts_push_in_flight": "Pushes that a worker has claimed.",
    "hereabouts_push_oldest_due_seconds": "How long the oldest push that is due has waited.",
    "hereabouts_push_recent": "What became of the pushes that were queued within the last five minutes.",
    "hereabouts_push_latency_seconds": "From the event to FCM's yes, of the same.",
    "hereabouts_push_dead": "Dead letters, at most 100000.",
    "hereabouts_push_planner_lag_events": "Events in the journal that the planner has not read.",
    "hereabouts_push_planner_oldest_seconds": "How long the oldest event that the planner has not read has waited.",
    "hereabouts_push_unplanned_events": "Events that could not be planned and are tried again, at most 100000.",
    "hereabouts_relay_backlog_events": "Events that the relay has not moved into the journal, at most 100000.",
    "hereabouts_relay_oldest_seconds": "How long the oldest of them has waited.",
    "hereabouts_commit_seconds": "Within how long this worker's commits of the last minute were done.",
    "hereabouts_database_faults": "Guards that the database lacks: marks, row-level security, held-back roles.",
}
_Sample = tuple[str, Mapping[str, Any], float]


def metrics(session: Session, reader: str | None, commit_s: float | None = None) -> str:
    """All metrics; `reader` is the planner's cursor, None where nobody plans; `commit_s` how long 99 of
    100 of the process's commits take."""
    samples = [*_queue(session), *_recent(session), *_latencies(session), *_backlogs(session)]
    samples += _database(session, commit_s)
    if reader is not None:
        samples += _planner(session, reader)
    lines: list[str] = []
    for name, what in _HELP.items():
        lines += [f"# HELP {name} {what}", f"# TYPE {name} gauge"]
        lines += [_line(sample) for sample in samples if sample[0] == name]
    return "\n".join(lines) + "\n"


def _queue(session: Session) -> Iterable[_Sample]:
    rows: dict[int, AnyRow] = {row.priority: row for row in session.execute(_QUEUE)}
    for priority in _PRIORITIES:
        row, labels = rows.get(priority), {"priority": priority}
        yield "hereabouts_push_waiting", labels, row.waiting if row else 0
        yield "hereabouts_push_in_flight", labels, row.in_flight if row else 0
        yield "hereabouts_push_oldest_due_seconds", labels, float(row.age) if row else 0


def _recent(session: Session) -> Iterable[_Sample]:
    summed: dict[tuple[str, str, str, str], int] = {}
    for row in session.execute(_RECENT):
        reason = row.reason if not row.reason or _REASON.match(row.reason) else "other"
        key = (row.status, row.action, row.why, reason)
        summed[key] = summed.get(key, 0) + row.n
    for (status, action, why, reason), count in sorted(summed.items()):
        labels = {"status": status, "action": action, "why": why, "reason": reason}
        yield "hereabouts_push_recent", labels, count


def _latencies(session: Session) -> Iterable[_Sample]:
    for row in session.execute(_LATENCY):
        for quantile, seconds in zip(_QUANTILES, row.seconds, strict=True):
            labels = {"priority": row.priority, "quantile": quantile}
            yield "hereabouts_push_latency_seconds", labels, round(seconds, 3)


def _planner(session: Session, reader: str) -> Iterable[_Sample]:
    journal, cursors = table_of(JournalRow), table_of(JournalCursor)
    head = session.scalar(select(func.max(journal.c.seq))) or 0
    read = session.scalar(select(cursors.c.seq).where(cursors.c.reader == reader))
    read = head if read is None else read
    yield "hereabouts_push_planner_lag_events", {}, max(0, head - read)
    yield (
        "hereabouts_push_planner_oldest_seconds",
        {},
        float(session.scalar(_OLDEST_UNREAD, {"read": read}) or 0),
    )


def _backlogs(session: Session) -> Iterable[_Sample]:
    yield "hereabouts_push_dead", {}, _counted(session, select(Delivery.id).where(Delivery.status == "dead"))
    unplanned = select(Notification.id).where(Notification.kind == literal_column("'unplanned'"))
    yield "hereabouts_push_unplanned_events", {}, _counted(session, unplanned)
    yield "hereabouts_relay_backlog_events", {}, _counted(session, select(table_of(OutboxRow).c.id))
    yield "hereabouts_relay_oldest_seconds", {}, waits_s(session)


def _database(session: Session, commit_s: float | None) -> Iterable[_Sample]:
    if commit_s is not None:
        yield "hereabouts_commit_seconds", {"quantile": "0.99"}, round(commit_s, 4)
    yield "hereabouts_database_faults", {}, len(faults(session))


def _counted(session: Session, rows: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(rows.limit(_MANY).subquery())) or 0


def _line(sample: _Sample) -> str:
    name, labels, value = sample
    pairs = ",".join(f'{label}="{text_}"' for label, text_ in labels.items())
    return f"{name}{{{pairs}}} {value}" if pairs else f"{name} {value}"
