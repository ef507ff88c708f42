"""Reading on the connection that is listened on: inside one organisation, and only for that one question."""

from collections.abc import Iterator
from uuid import UUID

import psycopg2
import pytest

from base import ids
from base.listen import Listener
from deploy.local.cluster import Cluster
from journal.catalogue import POST_CREATED
from journal.events import JOURNAL_CHANNEL, Event, append
from journal.relay import Relay
from journal.tail import follow_organisation
from tests.world import World


@pytest.fixture
def listener(fresh_world: World) -> Iterator[Listener]:
    listener = Listener(fresh_world.settings.database_url, JOURNAL_CHANNEL)
    assert listener.wait(1) == set()  # it has connected
    yield listener
    listener.close()


def happens(world: World, organisation: UUID) -> None:
    with world.worker.transaction() as session:
        append(session, organisation, Event(POST_CREATED, ids.new_id(), {"n": 1}, scope_id=organisation))
    Relay(world.worker.engine).drain()


def test_it_reads_what_it_was_woken_for_and_nothing_of_others(fresh_world: World, listener: Listener) -> None:
    ours, theirs = ids.new_id(), ids.new_id()
    happens(fresh_world, ours)
    assert listener.wait(60) == {str(ours)}
    happens(fresh_world, theirs)
    assert [row.payload for row in follow_organisation(listener, ours, 0).rows] == [{"n": 1}]
    assert follow_organisation(listener, ours, 1).rows == []
    assert [row.organisation_id for row in follow_organisation(listener, theirs, 0).rows] == [theirs]
    assert (
        listener.read(ours, "SELECT 1 FROM journal WHERE organisation_id = %(id)s", {"id": str(theirs)}) == []
    )
    assert listener.wait(60) == {str(theirs)}, "what was announced while it read"


def test_nothing_is_open_once_it_has_read(fresh_world: World, listener: Listener) -> None:
    ours = ids.new_id()
    happens(fresh_world, ours)
    assert listener.read(ours, "SELECT 1 FROM journal", {}) != []
    # COMMIT ends the one transaction; what comes behind it in the message is outside.
    after = "SELECT current_setting('app.organisation_id') AS entered, count(*) AS seen FROM journal"
    assert listener.read(ours, f"SELECT 1; COMMIT; {after}", {}) == [("", 0)]


def test_a_lost_connection_is_told_and_replaced(
    cluster: Cluster, fresh_world: World, listener: Listener
) -> None:
    ours = ids.new_id()
    [row] = listener.read(ours, "SELECT pg_backend_pid() AS pid", {})
    cluster.psql("postgres", "-c", f"SELECT pg_terminate_backend({row.pid}, 5000)")
    with pytest.raises(psycopg2.Error):
        follow_organisation(listener, ours, 0)
    assert listener.wait(60) == set(), "it returns at once: something may have been missed"
    happens(fresh_world, ours)
    assert listener.wait(60) == {str(ours)}
    assert len(follow_organisation(listener, ours, 0).rows) == 1
