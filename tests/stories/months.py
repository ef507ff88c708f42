"""Months of the journal that lie in the past, and what drops them."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text

from base.database import Database, make_engine
from jobs.drop_partitions import drop_before
from journal.chain import verify
from journal.checkpoints import Seal
from tests.product import ROOT
from tests.world import World

NEW_SECRET = "another secret for tests, thirty-two characters long"


def month(year: int, number: int) -> datetime:
    """When a month begins."""
    return datetime(year, number, 1, tzinfo=UTC)


def seal(world: World, **keys: str) -> Seal:
    """As the processes of a world have it, or with other keys."""
    return Seal(keys.get("secret", world.settings.secret_key), keys.get("former"))


def lies_in(world: World, begins: datetime, organisation: UUID, until: int, after: int = 0) -> None:
    """Let an organisation's events between two positions have been recorded in a month of the past."""
    ends = month(begins.year + begins.month // 12, begins.month % 12 + 1)
    made = f"CREATE TABLE IF NOT EXISTS journal_{begins:%Y_%m} PARTITION OF journal"
    with world.owner() as connection:
        connection.execute(text(f"{made} FOR VALUES FROM ('{begins}') TO ('{ends}')"))
        connection.execute(text(f"GRANT ALL ON journal_{begins:%Y_%m} TO hereabouts_worker"))
    moved = "UPDATE journal SET recorded_at = :at WHERE organisation_id = :mine AND position > :after"
    with world.worker.transaction() as session:
        values = {"at": begins.replace(day=15), "mine": organisation, "after": after, "until": until}
        session.execute(text(f"{moved} AND position <= :until"), values)


def drops(world: World, before: datetime, of: Seal | None = None) -> list[str]:
    """Drop the months before one, as the command does."""
    database = Database(make_engine(world.settings.owner_database_url, 1))
    try:
        with database.transaction() as session:
            return drop_before(session, before, of or seal(world))
    finally:
        database.engine.dispose()


def verdict(world: World, organisation: UUID, of: Seal | None = None) -> str | None:
    """What checking an organisation's chain finds."""
    with world.worker.transaction() as session:
        return verify(session, organisation, batch=2, seal=of or seal(world)).fault


def command(world: World, module: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run a command; its exit code and what it says."""
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **world.environment, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr
