"""`python -m jobs.rotate_keys`: another key signs access tokens from now on, and nobody is signed out.

Every process learns of the new key first; then it signs, and what the former keys signed is read as long as it lasts.
`--at-once` is for a key that got into wrong hands: the former keys end now, and every app refreshes its token. Where
the installation's secret got there, change that (docs/operations.md).
"""

import argparse
import sys

from sqlalchemy import select
from sqlalchemy.orm import Session

from base import clock
from jobs.process import database_of_command
from people.audit.entries import Entry, record
from people.models import Organisation
from people.sign_in.keys import Known, RotationUnderWay, rotate


def main() -> None:
    """Make the key, and print its name and from when it signs."""
    parser = argparse.ArgumentParser(prog="jobs.rotate_keys")
    parser.add_argument("--at-once", action="store_true", help="let the former keys end now")
    options = parser.parse_args()
    try:
        with database_of_command().transaction() as session:
            made = rotate(session, at_once=options.at_once)
            _write_down(session, made, at_once=options.at_once)
    except RotationUnderWay:
        sys.exit("A key that was made lately does not sign yet; wait two minutes, or say --at-once.")
    print(made.kid, clock.wire(made.signs_from))


def _write_down(session: Session, made: Known, *, at_once: bool) -> None:
    """The key is everybody's: each organisation's audit log has it."""
    after = {"kid": made.kid, "signs_from": clock.wire(made.signs_from), "at_once": at_once}
    for organisation_id in session.scalars(select(Organisation.id).order_by(Organisation.id)):
        record(session, Entry(organisation_id, "rotate_keys", subject_kind="signing_key", after=after))


if __name__ == "__main__":
    main()
