"""`python -m jobs.reset_password --organisation SLUG --address ADDRESS`: a code for a new password, on standard output.

For an administrator whom no other one can help. The code is given to `POST /v1/password-resets`.
"""

import argparse
import os
import sys

from base import clock
from base.database import Database, make_engine
from base.errors import Problem
from base.settings import load_settings
from people.accounts.resets import issue_code_as_operator


def main() -> None:
    """Make the code, which takes the place of an earlier one, and print it and until when it is good."""
    parser = argparse.ArgumentParser(prog="jobs.reset_password")
    parser.add_argument("--organisation", metavar="SLUG", required=True)
    parser.add_argument("--address", metavar="ADDRESS", required=True)
    options = parser.parse_args()
    database = Database(make_engine(load_settings(os.environ).worker_database_url, 2))
    try:
        with database.transaction() as session:
            code, expires_at = issue_code_as_operator(session, options.organisation, options.address)
    except Problem as problem:
        sys.exit(f"{options.address} in {options.organisation}: {problem.detail}.")
    print(code, clock.wire(expires_at))


if __name__ == "__main__":
    main()
