"""`python -m jobs.compliance_officer --organisation SLUG --address ADDRESS`: name a compliance officer.

The first one of an organisation: no administrator can, since an officer watches over administrators. Officers name
others (`POST /v1/admin/role-grants`), and this names one again where all of them have left.
"""

import argparse
import sys

from base.errors import Problem
from jobs.process import database_of_command
from people.roles.operators import name_officer


def main() -> None:
    """Name them, and print the id of what they were given."""
    parser = argparse.ArgumentParser(prog="jobs.compliance_officer")
    parser.add_argument("--organisation", metavar="SLUG", required=True)
    parser.add_argument("--address", metavar="ADDRESS", required=True, help="what the person signs in with")
    options = parser.parse_args()
    database = database_of_command()
    try:
        with database.transaction() as session:
            grant_id = name_officer(session, options.organisation, options.address)
    except Problem as problem:
        sys.exit(f"{options.address} in {options.organisation}: {problem.detail}.")
    print(grant_id)


if __name__ == "__main__":
    main()
