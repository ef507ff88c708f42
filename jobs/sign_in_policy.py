"""`python -m jobs.sign_in_policy --organisation SLUG`: ask for nothing any more of those who sign in.

For an organisation that has shut out its administrators. They sign in with what they have, and write another policy.
"""

import argparse
import sys

from base.errors import Problem
from jobs.process import database_of_command
from people.accounts.sign_in_policy import reset_policy


def main() -> None:
    """Reset it."""
    parser = argparse.ArgumentParser(prog="jobs.sign_in_policy")
    parser.add_argument("--organisation", metavar="SLUG", required=True)
    options = parser.parse_args()
    try:
        with database_of_command().transaction() as session:
            reset_policy(session, options.organisation)
    except Problem as problem:
        sys.exit(f"{options.organisation}: {problem.detail}.")


if __name__ == "__main__":
    main()
