"""`python -m jobs.audit_days --organisation SLUG --days N`: how long an organisation's audit log is kept.

Nobody in the organisation can shorten it. That it was changed is an entry of the log.
"""

import argparse

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.process import database_of_command
from people.audit.entries import Entry, record
from people.audit.retention import DAYS, FEWEST_DAYS, MOST_DAYS
from people.models import Organisation


def main() -> None:
    """Set it, and print the days of before and after."""
    parser = argparse.ArgumentParser(prog="jobs.audit_days")
    parser.add_argument("--organisation", metavar="SLUG", required=True)
    parser.add_argument("--days", metavar="N", type=_days, required=True)
    options = parser.parse_args()
    with database_of_command().transaction() as session:
        before = keep_for(session, options.organisation, options.days)
    print(before, options.days)


def keep_for(session: Session, slug: str, days: int) -> int:
    """Keep an organisation's log for so many days; returns for how many it was kept until now."""
    held = select(Organisation).where(Organisation.slug == slug).with_for_update()
    organisation = session.scalars(held).one_or_none()
    if organisation is None:
        raise SystemExit(f"There is no organisation {slug}.")
    before = organisation.settings.get("audit_days", DAYS)
    organisation.settings = organisation.settings | {"audit_days": days}
    record(session, Entry(organisation.id, "set_audit_days", before={"days": before}, after={"days": days}))
    return before


def _days(said: str) -> int:
    days = int(said)
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise ValueError
    return days


if __name__ == "__main__":
    main()
