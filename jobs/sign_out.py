"""`python -m jobs.sign_out --organisation SLUG`, or `--everybody`: end all sessions, and with them all tokens."""

import argparse

from sqlalchemy import select
from sqlalchemy.orm import Session

from base.database import Database
from jobs.process import database_of_command
from people.audit.entries import Entry, record
from people.models import Organisation, SignedInSession
from people.sign_in.sessions import end_sessions

_AT_ONCE = 200  # persons in one transaction


def main() -> None:
    """End them, and print for each organisation how many persons were signed in."""
    parser = argparse.ArgumentParser(prog="jobs.sign_out")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--organisation", metavar="SLUG")
    which.add_argument("--everybody", action="store_true")
    options = parser.parse_args()
    database = database_of_command()
    slugs = select(Organisation.slug).order_by(Organisation.slug)
    with database.transaction() as session:
        known = session.scalars(slugs).all()
    wanted = known if options.everybody else [options.organisation]
    if not set(wanted) <= set(known):
        raise SystemExit(f"There is no organisation {options.organisation}.")
    for slug in wanted:
        print(slug, sign_out(database, slug))


def sign_out(database: Database, slug: str) -> int:
    """End the sessions of an organisation's persons, some at a time; returns of how many persons."""
    signed_in = (
        select(SignedInSession.person_id)
        .join(Organisation, Organisation.id == SignedInSession.organisation_id)
        .where(Organisation.slug == slug, SignedInSession.ended_at.is_(None))
        .distinct()
        .limit(_AT_ONCE)
    )
    count = 0
    while True:
        with database.transaction() as session:
            found = session.scalars(signed_in).all()
            for person_id in found:
                end_sessions(session, person_id, reason="signed_out_by_operator", actor_id=None)
            if len(found) < _AT_ONCE:
                _write_down(session, slug, count + len(found))
        count += len(found)
        if len(found) < _AT_ONCE:
            return count


def _write_down(session: Session, slug: str, count: int) -> None:
    organisation_id = session.scalars(select(Organisation.id).where(Organisation.slug == slug)).one()
    record(session, Entry(organisation_id, "sign_out_everybody", after={"persons": count}))


if __name__ == "__main__":
    main()
