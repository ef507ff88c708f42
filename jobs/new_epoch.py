"""`python -m jobs.new_epoch`: begin another epoch of the journal, so that every phone starts over.

For a database that came back without its last transactions by other means than `jobs.restore`: a replica that lagged
and took over, a point-in-time recovery, a snapshot of the disk. Runs as the role that owns the tables.
"""

import os

from base.database import make_engine
from base.settings import load_settings
from journal.epoch import begin_epoch


def main() -> None:
    """Begin it, and print it."""
    engine = make_engine(load_settings(os.environ).owner_database_url, 1)
    with engine.begin() as connection:
        print(begin_epoch(connection))
    engine.dispose()


if __name__ == "__main__":
    main()
