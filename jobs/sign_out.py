"""`python -m jobs.sign_out --organisation SLUG`, or `--everybody`: end all sessions, and with them all tokens."""

import argparse
import os

from sqlalchemy import select

from base.database import Database, make_engine
from base.settings import load_settings
from people.models import Organisation, Person
from people.sign_in.sessions import end_sessions


def main() -> None:
    """End them, one organisation's in a transaction, and print for how many persons."""
    parser = argparse.ArgumentParser(prog="jobs.sign_out")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--organisation", metavar="SLUG")
    which.add_argument("--everybody", action="store_true")
    options = parser.parse_args()
    database = Database(make_engine(load_settings(os.environ).worker_database_url, 2))
    slugs = select(Organisation.slug).order_by(Organisation.slug)
    with database.transaction() as session:
        known = session.scalars(slugs).all()
    wanted = known if options.everybody else [options.organisation]
    if not set(wanted) <= set(known):
        raise SystemExit(f"There is no organisation {options.organisation}.")
    for slug in wanted:
        print(slug, sign_out(database, slug))


def sign_out(database: Database, slug: str) -> int:
    """End the sessions of an organisation's persons; returns of how many persons."""
    with database.transaction() as session:
        persons = select(Person.id).join(Organisation, Organisation.id == Person.organisation_id)
        found = session.scalars(persons.where(Organisation.slug == slug)).all()
        for person_id in found:
            end_sessions(session, person_id, reason="signed_out_by_operator", actor_id=None)
    return len(found)


if __name__ == "__main__":
    main()
