"""`python -m jobs.reset_password --organisation SLUG --address ADDRESS`: a code for a new password, on standard output.

For an administrator whom no other one can help; the address may be anything that they sign in with. The code is given
to `POST /v1/password-resets`.
"""

import argparse
import os
import sys

from base import clock
from base.database import Database, make_engine
from base.errors import Problem
from base.logs import configure_logs
from base.settings import load_settings
from people.accounts.resets import issue_code_as_operator


def main() -> None:
    """Make the code, which takes the place of an earlier one, and print it and until when it is good."""
    parser = argparse.ArgumentParser(prog="jobs.reset_password")
    parser.add_argument("--organisation", metavar="SLUG", required=True)
    parser.add_argument("--address", metavar="ADDRESS", required=True)
    options = parser.parse_args()
    settings = load_settings(os.environ)
    configure_logs(settings.log_level, settings.log_format)
    database = Database(make_engine(settings.worker_database_url, 2))
    try:
        with database.transaction() as session:
            code, expires_at = issue_code_as_operator(session, options.organisation, options.address)
    except Problem as problem:
        sys.exit(f"{options.address} in {options.organisation}: {problem.detail}.")
    print(code, clock.wire(expires_at))


if __name__ == "__main__":
    main()
