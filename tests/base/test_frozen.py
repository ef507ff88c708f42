"""A process that freezes in the middle of a transaction holds nobody up for ever: PostgreSQL ends that transaction."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from base import database
from base.database import Database, make_engine
from deploy.local.cluster import Cluster

_SILENCE_S = 2
_HOLDER = """
import sys
from sqlalchemy import text
from base import database
from base.database import Database, make_engine
database.SILENCE_S = int(sys.argv[2])
with Database(make_engine(sys.argv[1], 1)).transaction() as session:
    session.execute(text("SELECT pg_advisory_xact_lock(42)"))
    print("holds", flush=True)
    sys.stdin.readline()
    session.execute(text("SELECT 1"))
"""


@pytest.fixture
def url(cluster: Cluster, world_database: str) -> str:
    return cluster.url("hereabouts_web", world_database)


@pytest.fixture
def waiting(url: str) -> Iterator[Database]:
    database = Database(make_engine(url, 1))
    yield database
    database.engine.dispose()


@pytest.fixture
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _HOLDER, url, str(_SILENCE_S)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        yield process
        process.kill()


def test_others_wait_for_a_frozen_one_as_long_as_it_is_allowed_to_be_silent(
    holder: subprocess.Popen[str], waiting: Database
) -> None:
    os.kill(holder.pid, signal.SIGSTOP)
    began = time.monotonic()
    with waiting.transaction() as session:
        session.execute(text("SET LOCAL lock_timeout = '120s'"))
        session.execute(text("SELECT pg_advisory_xact_lock(42)"))
    assert time.monotonic() - began < 60


def test_one_that_thaws_too_late_finds_its_transaction_gone(
    holder: subprocess.Popen[str], waiting: Database
) -> None:
    os.kill(holder.pid, signal.SIGSTOP)
    with waiting.transaction() as session:
        session.execute(text("SET LOCAL lock_timeout = '120s'"))
        session.execute(text("SELECT pg_advisory_xact_lock(42)"))
    os.kill(holder.pid, signal.SIGCONT)
    holder.communicate("go on\n", timeout=120)
    assert holder.returncode == 1


def test_what_works_is_let_work(holder: subprocess.Popen[str], waiting: Database) -> None:
    """The bound is on silence and no reason to take locks from somebody who is only slow to the eye of others."""
    with waiting.transaction() as session, pytest.raises(OperationalError, match="lock timeout"):
        session.execute(text("SET LOCAL lock_timeout = '500ms'"))
        session.execute(text("SELECT pg_advisory_xact_lock(42)"))
    holder.communicate("go on\n", timeout=120)
    assert holder.returncode == 0


def test_the_product_allows_what_the_operations_page_says() -> None:
    assert database.SILENCE_S == 30
