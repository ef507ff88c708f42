"""Which test process gets which tests: a file stays together, and so do the files that need the same servers.

To start a server is the dearest thing that a test may ask for; of two test processes only one has to. Those files
come first, so that none of them is left for the end.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

# Fixtures that start servers, and how the files are told from others that ask for one.
_SERVERS = {"product": "product", "brisk": "conformance", "calm": "conformance"}
_ASKS = re.compile(rf"\b({'|'.join(_SERVERS)}): (?:Product|str)\b")


class Scheduling(LoadScopeScheduling):
    """Gives away files, or all files of a server at once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return server_of(self.config.rootpath / file) or file


@cache
def server_of(file: Path) -> str:
    """What the tests of a file share with those of others; nothing for most."""
    asks = _ASKS.search(file.read_text())
    return _SERVERS[asks[1]] if asks else ""


def servers_first(items: list[pytest.Item]) -> None:
    """Put those that need servers before the others; within them nothing changes."""
    items.sort(key=lambda item: server_of(item.path) or "~")
