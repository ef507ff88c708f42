"""Transactions: a pooled connection that died meanwhile is found out before anything was done."""

from sqlalchemy import text

from deploy.local.cluster import Cluster
from tests.world import World


def test_a_connection_that_died_in_the_pool_is_replaced_at_the_first_statement(
    cluster: Cluster, world: World
) -> None:
    with world.web.transaction() as session:
        before = session.scalar(text("SELECT pg_backend_pid()"))
    cluster.psql("postgres", "-c", f"SELECT pg_terminate_backend({before}, 5000)")

    with world.web.transaction() as session:
        after = session.scalar(text("SELECT pg_backend_pid()"))

    assert after != before
