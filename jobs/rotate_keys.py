"""`python -m jobs.rotate_keys`: another key signs access tokens from now on, and nobody is signed out.

Every process learns of the new key first; then it signs, and what the former keys signed is read as long as it lasts.
`--at-once` is for a key that got into wrong hands: the former keys end now, and every app refreshes its token. Where
the installation's secret got there, change that (docs/operations.md).
"""

import argparse
import sys

from base import clock
from jobs.process import database_of_command
from people.sign_in.keys import RotationUnderWay, rotate


def main() -> None:
    """Make the key, and print its name and from when it signs."""
    parser = argparse.ArgumentParser(prog="jobs.rotate_keys")
    parser.add_argument("--at-once", action="store_true", help="let the former keys end now")
    options = parser.parse_args()
    try:
        with database_of_command().transaction() as session:
            made = rotate(session, at_once=options.at_once)
    except RotationUnderWay:
        sys.exit("A key that was made lately does not sign yet; wait two minutes, or say --at-once.")
    print(made.kid, clock.wire(made.signs_from))


if __name__ == "__main__":
    main()
