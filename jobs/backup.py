"""`python -m jobs.backup FOLDER [--keep 14]`: write a backup of the database into a folder, while everything runs.

    one snapshot ──▶ the rows are counted ──▶ FOLDER/NAME-TIME.json
                 └─▶ pg_dump, custom format ─▶ FOLDER/NAME-TIME.dump

Both see the same moment, so a restore can tell whether all is there. Runs as the role that owns the tables, which
row-level security does not hold back. The file names roles in its grants and holds no password of theirs; what it holds
of people is as secret as the database, and only its owner may read it.
"""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from base.settings import load_settings
from jobs import backups
from jobs.backups import Backup, Contents, NoBackup
from jobs.postgres import ProgramFailed, run

_TABLES = text(
    """
    SELECT CAST(pg_class.oid AS regclass) AS name FROM pg_class
    WHERE relnamespace = CAST('public' AS regnamespace) AND relkind IN ('r', 'p') AND NOT relispartition
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    ORDER BY relname
    """
)
_FACTS = text(
    """
    SELECT pg_export_snapshot() AS snapshot, (SELECT version_num FROM alembic_version) AS migration,
        (SELECT CAST(id AS text) FROM journal_epoch) AS epoch,
        set_config('idle_in_transaction_session_timeout', '0', true) -- it idles as long as pg_dump runs
    """
)


def main() -> None:
    """Write it, and print where it is; exits with 1 and a sentence when it cannot be written."""
    parser = argparse.ArgumentParser(prog="jobs.backup")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=int, metavar="N", help="how many to keep; all, unless said otherwise")
    options = parser.parse_args()
    if options.keep is not None and options.keep < 1:
        parser.error("--keep has to leave one at least")
    os.umask(0o077)
    try:
        print(back_up(load_settings(os.environ).owner_database_url, options.folder, options.keep).dump)
    except (NoBackup, ProgramFailed, SQLAlchemyError, OSError) as failure:
        raise SystemExit(f"No backup was written. {failure}") from None


def back_up(url: str, folder: Path, keep: int | None = None) -> Backup:
    """Write a backup of the database at `url`; raises `NoBackup` or `ProgramFailed`, and then leaves nothing."""
    at, target = datetime.now(UTC), make_url(url)
    with backups.one_at_a_time(folder):
        partial = backups.under_way(folder, str(target.database), at)
        try:
            contents = _write(target, partial, at)
            dump = backups.complete(partial, contents)
        finally:
            partial.unlink(missing_ok=True)
        if keep is not None:
            backups.keep(folder, str(target.database), keep)
    return Backup(dump, contents)


def counted(connection: Connection) -> dict[str, int]:
    """How many rows each table has, the journal as a whole."""
    counts = dict[str, int]()
    for name in connection.scalars(_TABLES).all():  # PostgreSQL has quoted them where they need it
        counts[name] = connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()  # noqa: S608
    return counts


def _write(target: URL, partial: Path, at: datetime) -> Contents:
    engine = create_engine(target, isolation_level="REPEATABLE READ", poolclass=NullPool)
    with engine.connect() as connection:
        facts = connection.execute(_FACTS).one()
        rows = counted(connection)
        run("pg_dump", target, "--format=custom", f"--snapshot={facts.snapshot}", f"--file={partial}")
    return Contents(at.isoformat(), facts.migration, facts.epoch, rows, backups.digest(partial))


if __name__ == "__main__":
    main()
