"""A database that has gone silent is a lost database, soon, and is back as soon as it speaks again."""

import time
from collections.abc import Iterator

import pytest
from psycopg2 import extensions
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from base import waiting
from base.database import Database, make_engine
from bench.chaos.proxy import FaultProxy
from deploy.local.cluster import Cluster

_LONGEST_S = 0.5


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[FaultProxy]:
    waiting.install(_LONGEST_S)
    proxy = FaultProxy(cluster.socket / ".s.PGSQL.5432")
    yield proxy
    proxy.close()
    extensions.set_wait_callback(None)


@pytest.fixture
def database(proxy: FaultProxy, world_database: str) -> Iterator[Database]:
    url = f"postgresql+psycopg2://hereabouts_web@127.0.0.1:{proxy.port}/{world_database}"
    database = Database(make_engine(url, 2))
    yield database
    database.engine.dispose()


def asks(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("SELECT 1"))


def test_neither_an_answer_nor_a_new_connection_is_waited_for_without_end(
    proxy: FaultProxy, database: Database
) -> None:
    asks(database)
    proxy.blackhole(True)
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(OperationalError):
            asks(database)
    assert time.monotonic() - began < 100 * _LONGEST_S

    proxy.blackhole(False)
    asks(database)


def test_in_the_middle_of_a_transaction_too(proxy: FaultProxy, database: Database) -> None:
    with pytest.raises(OperationalError), database.transaction() as session:
        session.execute(text("SELECT 1"))
        proxy.blackhole(True)
        session.execute(text("SELECT 2"))
    proxy.blackhole(False)
    asks(database)
