"""From a backup to a database that may be served: built beside the others, and judged before anybody uses it.

    a new database ─▶ roles, extensions, marks (deploy/database.sql) ─▶ pg_restore ─▶ all rows there?
        ─▶ this release's migrations ─▶ partitions of now, another epoch, statistics ─▶ chains and guards sound?

Roles belong to the server and not to the file: the three that the product has are made where they are missing, without
passwords. Others that the file's grants name have to be there, or pg_restore says which one is not.
"""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Connection, text

from base.database import Database
from base.guards import faults
from base.settings import Settings
from jobs.backup import counted
from jobs.backups import Backup
from jobs.postgres import ProgramFailed, run
from jobs.server import Server
from journal.chain import organisations, verify
from journal.checkpoints import Seal
from journal.epoch import begin_epoch

_ROOT = Path(__file__).resolve().parent.parent
_PREPARES = _ROOT / "deploy" / "database.sql"


def build(server: Server, held: Connection, backup: Backup, database: str, settings: Settings) -> list[str]:
    """Make a database of a backup; returns what is wrong with it, each in a sentence. Raises `ProgramFailed`."""
    server.make(held, database)
    engine = server.engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql(_PREPARES.read_text())
    server.hand_over(held, database)
    run("pg_restore", server.url_of(database), "--exit-on-error", backup.dump)
    with engine.connect() as connection:
        wrong = _missing(backup.contents.rows, counted(connection))
    _migrate(server.url_of(database, settings.owner_database_url).render_as_string(hide_password=False))
    with engine.begin() as connection:
        connection.execute(text("SELECT ensure_journal_partitions()"))
        begin_epoch(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return wrong + judged(Database(engine), Seal(settings.secret_key, settings.former_secret_key))


def judged(database: Database, seal: Seal) -> list[str]:
    """What is wrong with a database: its journal's chains, from their checkpoints on, and what guards it."""
    with database.transaction() as session:
        verdicts = [verify(session, organisation_id, seal=seal) for organisation_id in organisations(session)]
        broken = [f"The journal of {v.organisation_id}: {v.fault}." for v in verdicts if v.fault]
        return broken + [f"{fault[0].upper()}{fault[1:]}." for fault in faults(session)]


def _missing(expected: dict[str, int], found: dict[str, int]) -> list[str]:
    tables = sorted(expected.keys() | found.keys())
    return [
        f"The table {name} has {found.get(name, 0)} rows, and had {expected.get(name, 0)}."
        for name in tables
        if found.get(name) != expected.get(name)
    ]


def _migrate(owner_url: str) -> None:
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environment = {**os.environ, "OWNER_DATABASE_URL": owner_url}
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProgramFailed(f"alembic: {(done.stderr.strip() or done.stdout.strip())[-500:]}")
