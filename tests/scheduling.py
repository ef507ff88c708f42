"""Which test process gets which tests: a file stays together, and so do the files that need the same servers.

To start a server is the dearest thing that a test may ask for; of two test processes only one has to. Those files
come first, and then those that take long, so that none of them is left for the end.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Fixtures that start servers, and how the files are told from others that ask for one.
_SERVERS = {"product": "product", "brisk": "conformance", "calm": "conformance"}
_ASKS = re.compile(rf"\b({'|'.join(_SERVERS)}): (?:Product|str)\b")
# Those that take more than some seconds.
_LONG = frozenset(
    Path(__file__).resolve().parent / f"{name}.py"
    for name in (
        "base/test_starting",
        "base/test_wall_clock",
        "deploy/test_run",
        "deploy/test_several",
        "geo/files/test_formats",
        "jobs/test_restore",
        "journal/test_partitions",
        "test_leaves_nothing",
    )
)


class Scheduling(LoadScopeScheduling):
    """Gives away files, or all files of a server at once, in the order in which they come."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return server_of(self.config.rootpath / file) or file


@cache
def server_of(file: Path) -> str:
    """What the tests of a file share with those of others; nothing for most."""
    asks = _ASKS.search(file.read_text())
    return _SERVERS[asks[1]] if asks else ""


def dearest_first(items: list[pytest.Item]) -> None:
    """Put those that need servers before the others, and long files before short ones; within them nothing changes."""
    items.sort(key=lambda item: (server_of(item.path) or "~", item.path not in _LONG))
