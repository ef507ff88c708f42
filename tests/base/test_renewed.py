"""A database that is emptied for a test is as one that the migrations have just built."""

from deploy.local.cluster import Cluster
from tests.databases import TEMPLATE, Renewed
from tests.world import World

_ROWS = """
    SELECT tablename, query_to_xml(format('SELECT count(*) FROM %I', tablename), false, true, '')::text
    FROM pg_tables WHERE schemaname = 'public' ORDER BY 1
"""
_STATE = ("-c", _ROWS, "-c", "SELECT * FROM pg_sequences", "-c", "SELECT reader, seq FROM journal_cursors")


def test_what_a_test_wrote_is_gone(cluster: Cluster, renewed: Renewed, fresh_world: World) -> None:
    org = fresh_world.organisation()
    org.admin.posts(org.site(), "word")
    fresh_world.relays()
    assert cluster.psql(renewed.name, *_STATE) != cluster.psql(TEMPLATE, *_STATE)
    fresh_world.close()
    renewed.renew()
    assert cluster.psql(renewed.name, *_STATE) == cluster.psql(TEMPLATE, *_STATE)


def test_what_a_test_dropped_is_back(cluster: Cluster, renewed: Renewed, fresh_world: World) -> None:
    fresh_world.close()
    cluster.psql(renewed.name, "-c", "DROP TABLE posts CASCADE", "-c", "CREATE TABLE more (n int)")
    renewed.renew()
    assert cluster.psql(renewed.name, *_STATE) == cluster.psql(TEMPLATE, *_STATE)


def test_what_would_tell_in_plans_is_gone_with_its_space(
    cluster: Cluster, renewed: Renewed, fresh_world: World
) -> None:
    fresh_world.close()
    many = (
        "INSERT INTO journal_cursors (reader, seq) SELECT 'reader ' || n, n FROM generate_series(1, 20000) n"
    )
    cluster.psql(renewed.name, "-c", many)
    renewed.renew()
    size = cluster.psql(renewed.name, "-c", "SELECT pg_relation_size('journal_cursors')")
    assert int(size) < 100_000
