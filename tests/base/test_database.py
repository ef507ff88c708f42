"""Transactions: dead connections are found out before anything was done; what has to give way is done again."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from base.database import again_if_it_gave_way
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


@pytest.mark.parametrize(("sqlstate", "attempts"), [("40001", 3), ("40P01", 3), ("23505", 3), ("23503", 1)])
def test_what_gives_way_is_done_three_times_at_most(world: World, sqlstate: str, attempts: int) -> None:
    done: list[str] = []

    def act() -> None:
        with world.worker.transaction() as session:
            done.append(sqlstate)
            session.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$"))

    with pytest.raises(DBAPIError):
        again_if_it_gave_way(act)
    assert len(done) == attempts


def test_no_statement_is_compiled_however_dear_postgresql_thinks_it(world: World) -> None:
    for database in (world.web, world.worker):
        with database.transaction() as session:
            assert session.scalar(text("SHOW jit")) == "off"
