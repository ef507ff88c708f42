"""`python -m jobs.second_factor --organisation SLUG --address ADDRESS`: take somebody's authenticator app away.

For an administrator who has lost it with the recovery codes, and whom no other one can help.
"""

import argparse
import sys

from base.errors import Problem
from jobs.process import database_of_command
from people.accounts.authenticators import remove_authenticator_as_operator
from people.accounts.resets import person_of_identifier


def main() -> None:
    """Take it away."""
    parser = argparse.ArgumentParser(prog="jobs.second_factor")
    parser.add_argument("--organisation", metavar="SLUG", required=True)
    parser.add_argument("--address", metavar="ADDRESS", required=True)
    options = parser.parse_args()
    try:
        with database_of_command().transaction() as session:
            person = person_of_identifier(session, options.organisation, options.address)
            remove_authenticator_as_operator(session, person)
    except Problem as problem:
        sys.exit(f"{options.address} in {options.organisation}: {problem.detail}.")


if __name__ == "__main__":
    main()
