"""The relay process: the one writer of the journal, with the interpreter to itself.

`python -m jobs.relay` runs until SIGTERM. Any number of them may run: one leads, the others stand by, and where it is
killed, one of them goes on. It shares its process with nobody, because everybody waits for it: beside the worker's
planner and senders an event would take three times as long into the journal.
"""

from base.database import make_engine
from base.logs import logger
from jobs.process import begin, keep_going
from journal.relay import Relay

log = logger(__name__)


def main() -> None:
    """Run the relay until a signal."""
    settings, stopping = begin()
    relay = Relay(make_engine(settings.worker_database_url, 1))
    log.info("relay_runs")
    keep_going("relay", lambda: relay.run(stopping.is_set), stopping)


if __name__ == "__main__":
    main()
