"""Removes what a run of the tests left behind that was killed: `python -m tests.left_behind FOLDER`.

The run holds the other end of the standard input; however it ends, this end hears of it. The database runs as another
user and would go on for ever.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.cluster import Cluster


def watch(folder: Path) -> "subprocess.Popen[bytes]":
    """Begin to watch over a run's folder, for this process; close the standard input when it may end."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.left_behind", str(folder)],
        cwd=Path(__file__).resolve().parent.parent,
        stdin=subprocess.PIPE,
        start_new_session=True,  # a signal to all of the run is not meant for this one
    )


def remove(folder: Path) -> None:
    """Stop the run's cluster, and leave nothing of it."""
    cluster_in(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)


def cluster_in(folder: Path) -> Cluster:
    """The run's cluster."""
    return Cluster(folder / "pg", durable=False)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    run = Path(sys.argv[1])
    if run.exists():
        remove(run)
