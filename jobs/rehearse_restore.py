"""`python -m jobs.rehearse_restore FOLDER`: restore the latest backup beside the database, judge it, and drop it again.

For every night: a backup that nobody has restored is a hope. Exits with 1 when there is no backup, when the latest is
older than it should be, cannot be restored, or is not sound. One rehearsal runs at a time, in one database of its own
(`…_rehearsal`), which is dropped at the end; what a killed one left, the next one drops. Nothing of the product runs on
it, so nobody is pushed.
"""

import argparse
import sys
from pathlib import Path

from base.settings import Settings
from jobs.backups import Backup, NoBackup
from jobs.restore import FAILURES, as_administrator
from jobs.restoring import build
from jobs.server import NotPossible, Server

_HOUR_S = 3_600


def main() -> None:
    """Rehearse, and say so."""
    parser = argparse.ArgumentParser(prog="jobs.rehearse_restore")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=48, help="how old the latest backup may be (48)")
    options = parser.parse_args()
    settings, server = as_administrator()
    try:
        backup = Backup.at(options.folder)
        if backup.age_s() > options.hours * _HOUR_S:
            raise NoBackup(f"The latest backup is of {backup.contents.made_at}.")
        rehearse(server, settings, backup)
    except FAILURES as failure:
        raise SystemExit(f"The rehearsal failed. {failure}") from None
    print(f"{backup.dump} can be restored: {sum(backup.contents.rows.values())} rows, sound.")


def rehearse(server: Server, settings: Settings, backup: Backup) -> None:
    """Raises one of `FAILURES` where the backup could not be put into a database's place."""
    backup.check()
    scratch = server.beside("rehearsal")
    with server.held() as held:
        try:
            wrong = build(server, held, backup, scratch, settings)
        finally:
            server.drop(held, scratch)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    if wrong:
        raise NotPossible("The backup is not sound.")


if __name__ == "__main__":
    main()
