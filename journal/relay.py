"""The relay: the one writer of the journal.

    many transactions ──▶ outbox ──(relay, one at a time)──▶ journal: position, hash

Why one writer. Rows become visible when their transaction commits, not when their id is drawn; a reader that
follows ids or timestamps of concurrent writers skips whatever commits late. The relay gives positions to rows that
are committed already, so a reader that has seen position n has seen everything before it.

Who is it. Whoever holds the advisory lock. The lock belongs to the database session that also does the moving: if
the process dies, PostgreSQL ends the session, rolls its batch back and frees the lock, and another relay goes on.
Where its machine or the network goes silent, nothing ends the session; so PostgreSQL is told to do that when the
leader has said nothing for 20 s. It has something to say twice a second.

In which order. A row's id is drawn as its transaction commits, so that what somebody could read before something else
was there goes into the journal before it, also after the relay was away.

Dead rows. Each batch deletes what it moved, and the index keeps the dead entries until a vacuum. So a look starts
a little behind the newest id seen, and a full look, which finds ids that committed late, comes a few times a second.

What is remembered of the database is forgotten whenever the lead is taken: it may be a restored one, whose ids are
drawn again and whose partitions are those of its time.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Connection, Engine, Text, bindparam, delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError

from base import clock
from base.database import AnyRow, table_of
from base.listen import Listener
from base.logs import logger
from journal.catalogue import CATALOGUE, about_of
from journal.chain import GENESIS, SALT_BYTES, Chained, link, parted, payload_digest
from journal.events import JOURNAL_CHANNEL, OUTBOX_CHANNEL
from journal.models import JournalHead, JournalRow, OutboxRow

log = logger(__name__)

BATCH = 1_000
LOCK_KEY = 0x4845_5245_0001  # "HERE", first lock
_MARGIN = 2_000
_FULL_LOOK_S = 0.25
_POLL_S = 0.5
_STANDBY_S = 0.5
_SILENCE_S = 20.0
_outbox = table_of(OutboxRow)
_journal = table_of(JournalRow)
_EVENT = [column.name for column in _outbox.c if column.name != "id"]
# Every round trip is paid by whoever waits for an event: so each statement does all that can be done at its time.
_LOCK_HEAD = text(
    "SELECT position, hash, setval('journal_seq', nextval('journal_seq') + :n - 1) - :n + 1 AS first_seq,"
    " clock_timestamp() AS told"
    " FROM journal_heads WHERE organisation_id = :organisation FOR UPDATE"
)
# Positions of subjects are read off the journal, from where the last relay that knew of them stopped. A payload without
# a list, or with something else in it, names nobody: it would hold up all that come after it.
_MOVE_HEAD = text(
    """
    WITH placed AS (
        SELECT j.* FROM journal j JOIN journal_heads h USING (organisation_id)
        WHERE h.organisation_id = :organisation AND j.position > h.placed AND j.type = ANY (:placing)
    ), begun AS (
        INSERT INTO subject_positions (subject_id, organisation_id, scope_id, position)
        SELECT subject_id, organisation_id, scope_id, position FROM placed WHERE type = ANY (:beginning)
        ON CONFLICT DO NOTHING
    ), named AS (
        INSERT INTO naming_positions (subject_id, person_id, organisation_id, scope_id, position)
        SELECT placed.subject_id, (one #>> '{}')::uuid, organisation_id, scope_id, min(position)
        FROM placed JOIN unnest(:naming, :members) AS naming(type, member) USING (type)
        CROSS JOIN LATERAL jsonb_path_query(payload -> member,
            '$[*].id ? (@ like_regex "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")') AS one
        GROUP BY 1, 2, 3, 4
        ON CONFLICT DO NOTHING
    )
    UPDATE journal_heads SET position = :position, placed = :position, hash = :hash
    WHERE organisation_id = :organisation
    RETURNING pg_notify(:channel, organisation_id::text)
    """
).bindparams(
    *(bindparam(name, type_=ARRAY(Text)) for name in ("placing", "beginning", "naming", "members")),
)
_BEGINNING = [name for name, declared in CATALOGUE.items() if declared.begins]
_NAMING = {name: declared.names for name, declared in CATALOGUE.items() if declared.names is not None}
_PLACING = {
    "beginning": _BEGINNING,
    "naming": list(_NAMING),
    "members": list(_NAMING.values()),
    "placing": sorted({*_BEGINNING, *_NAMING}),
    "channel": JOURNAL_CHANNEL,
}


class Relay:
    """Moves outbox rows into the journal while it holds the lock. One object, one thread."""

    def __init__(self, engine: Engine, silence_s: float = _SILENCE_S) -> None:
        self._engine = engine
        self._silence = f"{silence_s * 1000:.0f}ms"
        self._seen = 0
        self._full_look_at = 0.0
        self._partition_until: Any = None

    def run(self, stopping: Callable[[], bool]) -> None:
        """Lead when possible, stand by otherwise, survive a lost database; ends when `stopping()` says so."""
        listener = Listener(self._engine.url.render_as_string(hide_password=False), OUTBOX_CHANNEL)
        while not stopping():
            try:
                with self._engine.connect() as connection:
                    if self._lead(connection):
                        log.info("relay_leads")
                        self._move_until(connection, listener, stopping)
                        continue
            except DBAPIError as error:
                log.warning("relay_lost_database", error=type(error.orig).__name__)
            time.sleep(_STANDBY_S)
        listener.close()

    def drain(self) -> int:
        """Move all that is there now, and return how many; for tests and maintenance. Needs the lock."""
        moved = 0
        with self._engine.connect() as connection:
            if not self._lead(connection):
                return 0
            self._full_look_at = 0.0
            while step := self.step(connection):
                moved += step
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
            connection.commit()
        return moved

    def step(self, connection: Connection) -> int:
        """Move one batch in one transaction; returns its size."""
        with connection.begin():
            rows = connection.execute(self._look()).all()
            if rows:
                self._move(connection, rows)
        if rows:
            self._seen = max(self._seen, rows[-1].id)
        return len(rows)

    def _lead(self, connection: Connection) -> bool:
        led = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        self._seen, self._partition_until = 0, None
        return bool(led)

    def _move_until(self, connection: Connection, listener: Listener, stopping: Callable[[], bool]) -> None:
        try:
            self._limit_silence(connection)
            while not stopping():
                # What was committed after a look has sent its NOTIFY, which is waiting for us.
                if self.step(connection) < BATCH:
                    listener.wait(_POLL_S)
        finally:
            # A pooled connection would keep the lock; closing the real one frees it.
            connection.invalidate()

    def _limit_silence(self, connection: Connection) -> None:
        for name in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            values = {"name": name, "value": self._silence}
            connection.execute(text("SELECT set_config(:name, :value, false)"), values)
        connection.commit()

    def _look(self) -> Any:
        after = self._seen - _MARGIN
        if time.monotonic() - self._full_look_at > _FULL_LOOK_S:
            after, self._full_look_at = 0, time.monotonic()
        return select(_outbox).where(_outbox.c.id > after).order_by(_outbox.c.id).limit(BATCH)

    def _move(self, connection: Connection, rows: Sequence[AnyRow]) -> None:
        self._ensure_partition(connection)
        by_organisation: dict[UUID, list[AnyRow]] = defaultdict(list)
        for row in rows:
            by_organisation[row.organisation_id].append(row)
        for organisation_id in sorted(by_organisation):
            _extend(connection, organisation_id, by_organisation[organisation_id])
        connection.execute(delete(_outbox).where(_outbox.c.id.in_([row.id for row in rows])))

    def _ensure_partition(self, connection: Connection) -> None:
        today = clock.now().date()
        if self._partition_until != today:
            connection.execute(text("SELECT ensure_journal_partitions()"))
            self._partition_until = today


def _extend(connection: Connection, organisation_id: UUID, rows: list[AnyRow]) -> None:
    """Chain rows behind the organisation's head, and wake its readers at commit."""
    head = _lock_head(connection, organisation_id, len(rows))
    position, previous, first_seq = head.position, bytes(head.hash), head.first_seq
    recorded_at, chained = clock.now(), []
    for offset, row in enumerate(rows):
        position += 1
        salt, to_chain = secrets.token_bytes(SALT_BYTES), cast("Chained", row)
        survivors, rest = parted(to_chain)
        digest = payload_digest(salt, rest)
        previous = link(previous, position, to_chain, survivors, digest)
        chained.append(
            _event(row)
            | {"position": position, "seq": first_seq + offset, "recorded_at": recorded_at}
            | {"salt": salt, "digest": digest, "hash": previous}
        )
    connection.execute(insert(_journal), chained)
    moved = {"organisation": organisation_id, "position": position, "hash": previous}
    connection.execute(_MOVE_HEAD, moved | _PLACING)


def _event(row: AnyRow) -> dict[str, Any]:
    event = {name: getattr(row, name) for name in _EVENT}
    if row.about_id is None:  # also because a process wrote it that does not know the column yet
        event["about_id"] = about_of(row.type, row.payload)
    return event


def _lock_head(connection: Connection, organisation_id: UUID, events: int) -> AnyRow:
    """Where the organisation's journal ends, and the first of so many numbers in the order of all of them.

    The relay opens its transactions by itself, so its clock is held to the database's here.
    """
    values, asked = {"organisation": organisation_id, "n": events}, time.monotonic()
    head = connection.execute(_LOCK_HEAD, values).one_or_none()
    if head is None:
        first = {"organisation_id": organisation_id, "position": 0, "hash": GENESIS}
        connection.execute(upsert(JournalHead).values(first).on_conflict_do_nothing())
        head = connection.execute(_LOCK_HEAD, values).one()
    clock.hold_to(head.told, asked, time.monotonic())
    return head
