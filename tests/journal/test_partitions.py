"""Months of the journal are dropped, and what is left still proves that nothing of it was changed or taken out."""

import threading
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from base import clock, ids
from base.database import Database, make_engine
from deploy.local.cluster import Cluster
from jobs.drop_partitions import drop_before
from journal.catalogue import POST_CREATED
from journal.checkpoints import sign_anew
from journal.events import Event, append
from journal.partitions import StillNeeded
from tests.stories.fixes import GATE
from tests.stories.journal import column
from tests.stories.months import NEW_SECRET, command, drops, lies_in, month, seal, verdict
from tests.stories.pushes import plans
from tests.world import World

JANUARY, FEBRUARY, MARCH = month(2026, 1), month(2026, 2), month(2026, 3)


def said(world: World, organisation: UUID, count: int) -> None:
    """So many events more."""
    with world.worker.transaction() as session:
        for number in range(count):
            append(
                session, organisation, Event(POST_CREATED, ids.new_id(), {"n": number}, scope_id=organisation)
            )
    world.relays()
    with world.worker.transaction() as session:
        session.execute(text("UPDATE journal_cursors SET seq = (SELECT coalesce(max(seq), 0) FROM journal)"))


@pytest.fixture
def organisation(fresh_world: World) -> UUID:
    """One with four events of January, three of February, and three of now."""
    made = ids.new_id()
    said(fresh_world, made, 10)
    lies_in(fresh_world, JANUARY, made, 4)
    lies_in(fresh_world, FEBRUARY, made, 7, after=4)
    return made


def changes(world: World, statement: str, **values: object) -> None:
    with world.owner() as connection:
        connection.execute(text(statement), values)


def test_what_is_left_verifies_from_the_checkpoint(fresh_world: World, organisation: UUID) -> None:
    assert drops(fresh_world, FEBRUARY) == ["journal_2026_01"]
    assert column(fresh_world, organisation, "position") == [5, 6, 7, 8, 9, 10]
    assert verdict(fresh_world, organisation) is None
    assert drops(fresh_world, MARCH) == ["journal_2026_02"]
    assert verdict(fresh_world, organisation) is None
    said(fresh_world, organisation, 2)
    assert column(fresh_world, organisation, "position") == [8, 9, 10, 11, 12]
    assert verdict(fresh_world, organisation) is None
    assert drops(fresh_world, MARCH) == []


def test_an_organisation_of_which_everything_was_dropped_goes_on(fresh_world: World) -> None:
    quiet = ids.new_id()
    said(fresh_world, quiet, 3)
    lies_in(fresh_world, JANUARY, quiet, 3)
    drops(fresh_world, FEBRUARY)
    assert column(fresh_world, quiet, "position") == []
    assert verdict(fresh_world, quiet) is None
    said(fresh_world, quiet, 1)
    assert column(fresh_world, quiet, "position") == [4]
    assert verdict(fresh_world, quiet) is None


def test_positions_decide_where_clocks_differed_at_midnight(fresh_world: World) -> None:
    """The third event was recorded in February, the fourth in January."""
    late = ids.new_id()
    said(fresh_world, late, 6)
    lies_in(fresh_world, JANUARY, late, 4)
    lies_in(fresh_world, FEBRUARY, late, 3, after=2)
    drops(fresh_world, FEBRUARY)
    assert column(fresh_world, late, "position") == [5, 6]
    assert verdict(fresh_world, late) is None


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE journal_checkpoints SET position = 5, events = 5", "changed or made up"),
        ("UPDATE journal_checkpoints SET hash = sha256('other')", "changed or made up"),
        ("UPDATE journal_checkpoints SET events = 3", "changed or made up"),
        ("UPDATE journal_checkpoints SET made_at = made_at - interval '1 day'", "changed or made up"),
        ("UPDATE journal_checkpoints SET organisation_id = gen_random_uuid()", "position 1 is missing"),
        ("UPDATE journal_checkpoints SET key = 'deadbeef'", "not known"),
        ("DELETE FROM journal_checkpoints", "position 1 is missing"),
        ("DELETE FROM journal WHERE position = 5", "position 5 is missing"),
        ("DELETE FROM journal WHERE position = 8", "position 8 is missing"),
        ("""UPDATE journal SET payload = '{"n": 77}' WHERE position = 5""", "the payload at position 5"),
        ("UPDATE journal SET type = 'x' WHERE position = 9", "breaks at position 9"),
    ],
)
def test_tampering_is_found(fresh_world: World, organisation: UUID, tampering: str, found: str) -> None:
    drops(fresh_world, FEBRUARY)
    changes(fresh_world, tampering)
    assert found in (verdict(fresh_world, organisation) or "")


def test_cutting_more_off_takes_the_key(fresh_world: World, organisation: UUID) -> None:
    drops(fresh_world, FEBRUARY)
    changes(
        fresh_world,
        "INSERT INTO journal_checkpoints SELECT organisation_id, 7, (SELECT hash FROM journal WHERE position = 7),"
        " 3, dropped_before, made_at, key, signature FROM journal_checkpoints",
    )
    changes(fresh_world, "DELETE FROM journal WHERE position <= 7")
    assert "changed or made up" in (verdict(fresh_world, organisation) or "")


def test_a_checkpoint_that_is_taken_out_between_others_is_missed(
    fresh_world: World, organisation: UUID
) -> None:
    drops(fresh_world, FEBRUARY)
    drops(fresh_world, MARCH)
    changes(fresh_world, "DELETE FROM journal_checkpoints WHERE position = 4")
    assert "before the one at position 7 is missing" in (verdict(fresh_world, organisation) or "")


def test_no_checkpoint_vouches_for_a_chain_that_is_broken(fresh_world: World, organisation: UUID) -> None:
    changes(fresh_world, """UPDATE journal SET payload = '{"n": 77}' WHERE position = 2""")
    with pytest.raises(StillNeeded, match="the payload at position 2"):
        drops(fresh_world, FEBRUARY)
    assert column(fresh_world, organisation, "position") == list(range(1, 11))


def test_it_is_done_whole_or_not_at_all(fresh_world: World, organisation: UUID) -> None:
    database = Database(make_engine(fresh_world.settings.owner_database_url, 1))
    with suppress(DBAPIError), database.transaction() as session:
        drop_before(session, MARCH, seal(fresh_world))
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        with fresh_world.owner() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    database.engine.dispose()
    assert column(fresh_world, organisation, "position") == list(range(1, 11))
    assert verdict(fresh_world, organisation) is None
    assert drops(fresh_world, MARCH) == ["journal_2026_01", "journal_2026_02"]
    assert verdict(fresh_world, organisation) is None


def test_what_the_planner_has_not_read_stays(fresh_world: World, organisation: UUID) -> None:
    changes(fresh_world, "UPDATE journal_cursors SET seq = (SELECT seq FROM journal WHERE position = 3)")
    with pytest.raises(StillNeeded, match="push"):
        drops(fresh_world, FEBRUARY)
    changes(fresh_world, "UPDATE journal_cursors SET seq = (SELECT seq FROM journal WHERE position = 4)")
    assert drops(fresh_world, FEBRUARY) == ["journal_2026_01"]


def test_what_could_not_be_planned_stays(fresh_world: World) -> None:
    org = fresh_world.organisation()
    plans(fresh_world)
    org.admin.posts(str(org.id), "hello")
    fresh_world.relays()
    changes(fresh_world, "UPDATE journal SET payload = payload - 'author' WHERE type = 'post.created'")
    plans(fresh_world)
    lies_in(fresh_world, JANUARY, org.id, 100)
    with pytest.raises(StillNeeded, match="1 events could not be planned"):
        drops(fresh_world, FEBRUARY)


def test_what_a_charter_keeps_stays_until_it_is_emptied(fresh_world: World) -> None:
    org = fresh_world.organisation()
    site, bob = org.site(at=GATE), org.person("Bob")
    org.admin.post(f"/v1/admin/places/{site}/visits", {"person_id": bob.id}, 201)
    plans(fresh_world)
    lies_in(fresh_world, JANUARY, org.id, 100)
    with pytest.raises(StillNeeded, match="charter"):
        drops(fresh_world, FEBRUARY)
    changes(
        fresh_world,
        "UPDATE journal SET about_id = NULL, payload = NULL, salt = '' WHERE about_id IS NOT NULL",
    )
    assert drops(fresh_world, FEBRUARY) == ["journal_2026_01"]
    assert verdict(fresh_world, org.id) is None


@pytest.mark.parametrize("ahead", [0, 1, 12])
def test_the_present_month_stays_and_what_has_not_begun(
    fresh_world: World, organisation: UUID, ahead: int
) -> None:
    now = clock.now()
    months = now.year * 12 + now.month + ahead  # of the month after this one
    with pytest.raises(StillNeeded, match="not over"):
        drops(fresh_world, month(months // 12, months % 12 + 1))
    assert column(fresh_world, organisation, "position") == list(range(1, 11))


def test_a_phone_that_was_away_for_longer_starts_over(fresh_world: World) -> None:
    org = fresh_world.organisation()
    for words in ("one", "two", "three"):
        org.admin.posts(str(org.id), words)
    plans(fresh_world)
    head = org.admin.get("/v1/me")["position"]
    lies_in(fresh_world, JANUARY, org.id, head - 1)
    drops(fresh_world, FEBRUARY)
    refused = org.admin.get(f"/v1/sync?after={head - 3}", 410)
    assert (refused["code"], refused["position"]) == ("position_too_old", head)
    assert [event["data"]["text"] for event in org.admin.syncs(head - 1)] == ["three"]


def test_the_secret_may_change_and_change_again(fresh_world: World, organisation: UUID) -> None:
    world = fresh_world
    drops(world, FEBRUARY)
    stranger, both = (
        seal(world, secret=NEW_SECRET),
        seal(world, secret=NEW_SECRET, former=world.settings.secret_key),
    )
    assert "not known" in (verdict(world, organisation, stranger) or "")
    assert verdict(world, organisation, both) is None
    for signed in (1, 0):
        with world.worker.transaction() as session:
            assert sign_anew(session, both) == signed
    assert verdict(world, organisation, stranger) is None


def test_what_was_tampered_with_is_not_signed_anew(fresh_world: World, organisation: UUID) -> None:
    drops(fresh_world, FEBRUARY)
    changes(fresh_world, "UPDATE journal_checkpoints SET events = 3")
    both = seal(fresh_world, secret=NEW_SECRET, former=fresh_world.settings.secret_key)
    with fresh_world.worker.transaction() as session:
        assert sign_anew(session, both) == 0
    assert "changed" in (verdict(fresh_world, organisation, both) or "")


def test_a_backup_of_before_is_whole_and_can_be_dropped_from_again(
    fresh_world: World, organisation: UUID, cluster: Cluster, worker_id: str
) -> None:
    backup = f"backup_{worker_id}"
    fresh_world.close()
    name = fresh_world.worker.engine.url.database
    cluster.psql("postgres", "-c", f'CREATE DATABASE "{backup}" TEMPLATE "{name}"')
    drops(fresh_world, FEBRUARY)
    restored = World(cluster, backup)
    assert column(restored, organisation, "position") == list(range(1, 11))
    assert verdict(restored, organisation) is None
    drops(restored, MARCH)
    assert verdict(restored, organisation) is None
    restored.close()


def test_who_reads_meanwhile_is_waited_for(fresh_world: World, organisation: UUID) -> None:
    dropped = list[str]()
    with fresh_world.worker.transaction() as session:
        session.execute(text("SELECT count(*) FROM journal"))
        dropping = threading.Thread(target=lambda: dropped.extend(drops(fresh_world, FEBRUARY)))
        dropping.start()
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'")
        while dropping.is_alive() and not session.scalar(waits):
            pass
        assert dropped == []
        assert session.scalar(text("SELECT count(*) FROM journal")) == 10
    dropping.join()
    assert dropped == ["journal_2026_01"]


def test_the_commands_say_what_they_did(fresh_world: World, organisation: UUID) -> None:
    now = clock.now()
    code, words = command(fresh_world, "jobs.drop_partitions", "--before", f"{now.year + 1}-01")
    assert (code, "not over" in words) == (1, True)
    assert command(fresh_world, "jobs.drop_partitions", "--before", "2026-02") == (
        0,
        "dropped journal_2026_01\n",
    )
    assert command(fresh_world, "jobs.drop_partitions", "--before", "2026-02") == (0, "nothing to do\n")
    assert command(fresh_world, "jobs.verify") == (0, f"{organisation} 10 sound\n")
    code, words = command(fresh_world, "jobs.verify", SECRET_KEY=NEW_SECRET)
    assert (code, "not known" in words) == (1, True)
    assert command(fresh_world, "jobs.drop_partitions", "--before", "January")[0] == 2


def test_months_that_were_dropped_by_hand_are_vouched_for_once(
    fresh_world: World, organisation: UUID
) -> None:
    whole, quiet = ids.new_id(), ids.new_id()
    said(fresh_world, whole, 2)
    said(fresh_world, quiet, 3)
    lies_in(fresh_world, JANUARY, quiet, 3)
    changes(fresh_world, "DROP TABLE journal_2026_01")
    changes(fresh_world, "DELETE FROM journal WHERE position = 9")
    assert "position 1 is missing" in (verdict(fresh_world, organisation) or "")
    code, words = command(fresh_world, "jobs.drop_partitions", "--vouch-for-gaps")
    assert (code, sorted(words.splitlines())) == (
        0,
        sorted([f"{organisation} begins after 5", f"{quiet} begins after 3"]),
    )
    assert command(fresh_world, "jobs.drop_partitions", "--vouch-for-gaps") == (0, "nothing to do\n")
    assert verdict(fresh_world, whole) is verdict(fresh_world, quiet) is None
    assert "position 9 is missing" in (verdict(fresh_world, organisation) or "")
    said(fresh_world, quiet, 1)
    assert verdict(fresh_world, quiet) is None


def test_a_checkpoint_that_was_tampered_with_is_not_vouched_for(
    fresh_world: World, organisation: UUID
) -> None:
    drops(fresh_world, FEBRUARY)
    changes(fresh_world, "UPDATE journal_checkpoints SET events = 3")
    changes(fresh_world, "DELETE FROM journal WHERE position <= 7")
    assert command(fresh_world, "jobs.drop_partitions", "--vouch-for-gaps") == (0, "nothing to do\n")
    assert "changed" in (verdict(fresh_world, organisation) or "")
