"""`python -m jobs.restore FILE_OR_FOLDER [--replace]`: make the database anew from a backup, from a folder's latest.

It is built under another name, judged, and only then given the name of the database in ADMIN_DATABASE_URL: whatever
goes wrong before, nothing has changed. A database that has content is replaced only with `--replace`; processes that
are connected to it are cut off and find the new one by themselves, whose epoch lets every phone start over.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from base.settings import Settings, load_settings
from jobs.backups import Backup, NoBackup
from jobs.postgres import ProgramFailed
from jobs.restoring import build
from jobs.server import NotPossible, Server

FAILURES = (NoBackup, NotPossible, ProgramFailed, SQLAlchemyError, OSError)


def main() -> None:
    """Restore, and say what was found; exits with 1 and a sentence when it is not done."""
    parser = argparse.ArgumentParser(prog="jobs.restore")
    parser.add_argument("backup", type=Path)
    parser.add_argument("--replace", action="store_true", help="drop what is in the database now")
    parser.add_argument("--despite-faults", action="store_true", help="also where something is wrong with it")
    options = parser.parse_args()
    settings, server = as_administrator()
    try:
        backup = Backup.at(options.backup)
        restore(server, settings, backup, options.replace, options.despite_faults)
    except FAILURES as failure:
        raise SystemExit(f"Nothing was restored. {failure}") from None
    print(
        f"{server.target} is as it was at {backup.contents.made_at}: {sum(backup.contents.rows.values())} rows."
    )


def as_administrator() -> tuple[Settings, Server]:
    """The settings and the server. A signal from now on ends the program as its own end does, clearing up behind it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    settings = load_settings(os.environ)
    if settings.admin_database_url is None:
        raise SystemExit("ADMIN_DATABASE_URL is missing: a superuser's, naming the database.")
    return settings, Server(settings.admin_database_url)


def restore(server: Server, settings: Settings, backup: Backup, replace: bool, despite_faults: bool) -> None:
    """Put a backup into the target's place; raises one of `FAILURES`, and then leaves everything as it was."""
    backup.check()
    scratch = server.beside("restoring")
    with server.held() as held:
        _check_free(server, held, replace)
        try:
            wrong = build(server, held, backup, scratch, settings)
            for sentence in wrong:
                print(sentence, file=sys.stderr)
            if wrong and not despite_faults:
                raise NotPossible("The backup is not sound; --despite-faults restores it all the same.")
            _check_free(server, held, replace)
            server.put_in_place(held, scratch)
        finally:
            server.drop(held, scratch)


def _check_free(server: Server, held: Connection, replace: bool) -> None:
    if not replace and server.has_content(held, server.target):
        raise NotPossible(f"{server.target} has content; --replace drops it.")


if __name__ == "__main__":
    main()
