"""`python -m jobs.verify`: check the hash chain of every organisation's journal; exits with 1 when one is broken."""

import os
import sys

from base.settings import settings_or_exit
from jobs.process import database_of_command
from journal.chain import organisations, verify
from journal.checkpoints import Seal


def main() -> None:
    """One line an organisation."""
    database = database_of_command()
    settings = settings_or_exit(os.environ)
    seal = Seal(settings.secret_key, settings.former_secret_key)
    with database.transaction() as session:
        verdicts = [verify(session, organisation_id, seal=seal) for organisation_id in organisations(session)]
    for verdict in verdicts:
        print(verdict.organisation_id, verdict.positions, verdict.fault or "sound")
    sys.exit(any(verdict.fault for verdict in verdicts))


if __name__ == "__main__":
    main()
