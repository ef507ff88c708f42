"""`python -m jobs.organisation SLUG NAME EMAIL ADMINISTRATOR`: a new organisation with its first administrator.

The password is read from standard input, so that it is in no shell history.
"""

import argparse
import getpass
import sys

from base.errors import Problem
from jobs.process import database_of_command
from people.accounts.organisations import create_organisation
from people.audit.entries import Entry, record
from people.sign_in.passwords import hash_password
from people.sign_in.strength import check_password


def main() -> None:
    """Make it, and print its id."""
    parser = argparse.ArgumentParser(prog="jobs.organisation")
    for argument in ("slug", "name", "email", "administrator"):
        parser.add_argument(argument)
    options = parser.parse_args()
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    database = database_of_command()
    try:
        check_password(password, own=vars(options).values())
        hashed = hash_password(password)
        with database.transaction() as session:
            made, person_id = create_organisation(session, password_hash=hashed, **vars(options))
            record(session, Entry(made, "create_organisation", person_id=person_id))
    except Problem as problem:
        sys.exit(problem.detail)
    print(made)


if __name__ == "__main__":
    main()
