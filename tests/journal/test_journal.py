"""The journal: nothing skipped, no gaps, one leader, a chain that tells of tampering."""

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from base import ids
from journal.catalogue import POST_CREATED
from journal.chain import link, parted, payload_digest, verify
from journal.events import Event, append
from journal.relay import LOCK_KEY, Relay
from journal.tail import claim_cursor, move_cursor, read_all, read_organisation
from tests.world import World

WRITERS, EVENTS = 8, 40


def write(session: Session, organisation: UUID, number: int) -> None:
    append(session, organisation, Event(POST_CREATED, ids.new_id(), {"n": number}, scope_id=organisation))


@pytest.fixture
def leading(fresh_world: World) -> Iterator[World]:
    """A world whose relay runs in a thread, as in the worker."""
    stop = threading.Event()
    thread = threading.Thread(target=Relay(fresh_world.worker.engine).run, args=(stop.is_set,))
    thread.start()
    yield fresh_world
    stop.set()
    thread.join()


def test_a_tailing_reader_beside_eight_writers_misses_nothing(leading: World) -> None:
    organisation = ids.new_id()

    def writes(writer: int) -> None:
        for number in range(EVENTS):
            with leading.worker.transaction() as session:
                write(session, organisation, writer * EVENTS + number)
                session.execute(text("SELECT pg_sleep(random() / 200)"))  # ids commit out of order

    threads = [threading.Thread(target=writes, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    positions: list[int] = []
    looks = 0
    while len(seen) < WRITERS * EVENTS and looks < 20_000:
        looks += 1
        with leading.worker.transaction() as session:
            rows = read_organisation(session, organisation, positions[-1] if positions else 0)
        seen += [row.payload["n"] for row in rows]
        positions += [row.position for row in rows]
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(WRITERS * EVENTS))
    assert positions == list(range(1, WRITERS * EVENTS + 1))


def test_an_event_is_written_with_its_change_or_not_at_all(fresh_world: World) -> None:
    organisation = ids.new_id()
    with pytest.raises(RuntimeError), fresh_world.worker.transaction() as session:
        write(session, organisation, 1)
        raise RuntimeError
    assert fresh_world.relays() == 0


def test_only_one_relay_leads_and_another_takes_over(fresh_world: World) -> None:
    first, second = Relay(fresh_world.worker.engine), Relay(fresh_world.worker.engine)
    organisation = ids.new_id()
    with fresh_world.worker.transaction() as session:
        write(session, organisation, 1)
    with fresh_world.worker.engine.connect() as leader:
        assert first._lead(leader)
        assert second.drain() == 0
        pid = leader.scalar(text("SELECT pg_backend_pid()"))
        leader.commit()
        with fresh_world.worker.transaction() as session:  # the leader is killed
            session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        assert second.drain() == 1
        leader.invalidate()


def test_a_relay_that_takes_the_lead_again_believes_nothing_of_the_database_before(
    fresh_world: World,
) -> None:
    """A restored database has the partitions of its time, and draws ids again."""
    org = fresh_world.organisation()
    org.admin.posts(str(org.id), "before the restore")
    assert fresh_world.relays() > 0
    with fresh_world.owner() as connection:
        months = "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'journal'::regclass"
        for month in connection.scalars(text(months)).all():
            connection.execute(text(f"DROP TABLE {month}"))
        connection.execute(text("DELETE FROM journal_heads"))
    org.admin.posts(str(org.id), "after the restore")
    assert fresh_world.relays() == 1


def test_a_new_months_partition_waits_for_no_backup(fresh_world: World) -> None:
    """A backup reads the journal for as long as it takes, also at the turn of a month."""
    org = fresh_world.organisation()
    fresh_world.relays()
    with fresh_world.owner() as connection:
        newest = "SELECT max(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'journal'::regclass"
        name = connection.scalar(text(newest))
        connection.execute(text(f"DROP TABLE {name}"))
    with fresh_world.worker.transaction() as backup:
        backup.execute(text("LOCK TABLE journal IN ACCESS SHARE MODE"))
        with fresh_world.worker.transaction() as session:
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            session.execute(text("SELECT ensure_journal_partitions()"))
        org.admin.posts(str(org.id), "meanwhile")
        assert fresh_world.relays() == 1
    with fresh_world.owner() as connection:
        assert connection.scalar(text(newest)) == name
        indexes = text("SELECT count(*) FROM pg_indexes WHERE tablename = :name")
        assert connection.scalar(indexes, {"name": name}) == 6


def test_a_leader_that_has_gone_silent_loses_the_lead(fresh_world: World) -> None:
    leads, awake = threading.Event(), threading.Event()
    looks = itertools.count()

    def stopping() -> bool:
        """Begin at the first look; hang at the second, which is the leader's."""
        if next(looks) == 0:
            return False
        leads.set()
        awake.wait(120)
        return True

    silent = threading.Thread(target=Relay(fresh_world.worker.engine, silence_s=0.2).run, args=(stopping,))
    silent.start()
    assert leads.wait(120)
    with fresh_world.worker.engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.invalidate()
    awake.set()
    silent.join(120)
    assert not silent.is_alive()


def test_the_chain_verifies_tells_of_tampering_and_survives_erasure(fresh_world: World) -> None:
    organisation = ids.new_id()
    with fresh_world.worker.transaction() as session:
        for number in range(5):
            write(session, organisation, number)
    fresh_world.relays()

    def verdict(change: str) -> str | None:
        with fresh_world.worker.engine.connect() as connection:
            connection.execute(text(change))
            found = verify(Session(bind=connection), organisation, batch=2)
            connection.rollback()
            return found.fault

    assert verdict("SELECT 1") is None
    assert verdict("UPDATE journal SET payload = NULL WHERE position = 3") is None
    assert "changed" in (verdict("""UPDATE journal SET payload = '{"n": 9}' WHERE position = 3""") or "")
    assert "missing" in (verdict("DELETE FROM journal WHERE position = 3") or "")
    assert "breaks" in (verdict("UPDATE journal SET type = 'x' WHERE position = 3") or "")
    assert "head" in (verdict("DELETE FROM journal WHERE position = 5") or "")


def test_the_hash_of_an_event_is_the_same_for_good() -> None:
    payload = {"id": "a", "text": "안녕"}
    event = SimpleNamespace(
        organisation_id=UUID(int=1),
        event_id=UUID(int=2),
        type=POST_CREATED.name,
        version=1,
        scope_id=UUID(int=3),
        person_id=None,
        actor_id=UUID(int=4),
        subject_id=UUID(int=5),
        occurred_at=datetime(2026, 11, 28, tzinfo=UTC),
        payload=payload,
    )
    survivors, rest = parted(event)
    found = link(bytes(32), 7, event, survivors, payload_digest(b"salt", rest))
    assert found.hex() == "010178f70bb8bd83728cd52a3e2cb292d7e1b33e9cd4f08eea6af07516e58bb0"


def test_a_durable_cursor_moves_with_what_was_done_and_only_one_holds_it(fresh_world: World) -> None:
    organisation = ids.new_id()
    with fresh_world.worker.transaction() as session:
        claim_cursor(session, "reader")
        write(session, organisation, 1)
    fresh_world.relays()
    with pytest.raises(RuntimeError), fresh_world.worker.transaction() as session:
        seq = claim_cursor(session, "reader")
        assert seq is not None
        with fresh_world.worker.transaction() as other:
            assert claim_cursor(other, "reader") is None
        move_cursor(session, "reader", read_all(session, seq)[-1].seq)
        raise RuntimeError  # killed before the commit
    with fresh_world.worker.transaction() as session:
        seq = claim_cursor(session, "reader")
        assert seq is not None
        assert len(read_all(session, seq)) == 1


@pytest.mark.parametrize(
    "mentions",
    [
        None,
        "nobody",
        1,
        {},
        ["nobody"],
        [{"id": None}],
        [{}],
        [{"id": "-" * 36}],
        [{"id": "not a uuid"}],
        [{"id": ["x"]}],
    ],
)
def test_a_payload_that_lists_nobody_holds_up_nothing(fresh_world: World, mentions: Any) -> None:
    organisation = ids.new_id()
    event = Event(POST_CREATED, ids.new_id(), {"mentions": mentions}, scope_id=organisation)
    with fresh_world.worker.transaction() as session:
        append(session, organisation, event)
    assert fresh_world.relays() == 1
