"""`python -m jobs.drop_partitions --before 2025-01`: drop the months of the journal before that one.

The chains begin at signed checkpoints afterwards. It is done whole or not at all; exits with 1 and says why where
something of it is still needed. `--vouch-for-gaps` instead makes checkpoints where months were dropped by hand before.
"""

import argparse
import os
import sys
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from base.database import Database, make_engine
from base.settings import load_settings
from journal.checkpoints import Seal
from journal.partitions import StillNeeded, cuts, drop, vouch_for_gaps
from push.plans.unplanned import waiting_before


def main() -> None:
    """One line a dropped month, or an organisation that was vouched for."""
    parser = argparse.ArgumentParser(prog="jobs.drop_partitions")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--before", metavar="YYYY-MM", type=_month)
    what.add_argument("--vouch-for-gaps", action="store_true")
    before: datetime | None = parser.parse_args().before
    settings = load_settings(os.environ)
    seal = Seal(settings.secret_key, settings.former_secret_key)
    try:
        with Database(make_engine(settings.owner_database_url, 1)).transaction() as session:
            done = _vouched(session, seal) if before is None else _dropped(session, before, seal)
    except StillNeeded as reason:
        sys.exit(str(reason))
    print("\n".join(done) or "nothing to do")


def drop_before(session: Session, before: datetime, seal: Seal) -> list[str]:
    """Drop the months before one; returns the names of their partitions. Raises `StillNeeded`."""
    found = cuts(session, before)
    waiting = sum(waiting_before(session, cut.organisation_id, cut.position) for cut in found)
    if waiting:
        raise StillNeeded(f"{waiting} events could not be planned by push yet, and are tried again.")
    return list(drop(session, before, found, seal))


def _dropped(session: Session, before: datetime, seal: Seal) -> list[str]:
    return [f"dropped {month}" for month in drop_before(session, before, seal)]


def _vouched(session: Session, seal: Seal) -> list[str]:
    return [f"{cut.organisation_id} begins after {cut.position}" for cut in vouch_for_gaps(session, seal)]


def _month(said: str) -> datetime:
    return datetime.strptime(said, "%Y-%m").replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
