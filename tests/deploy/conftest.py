"""Folders in which a cluster may lie, which runs as another user where the tests run as root."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.run import Product


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that PostgreSQL's user may enter."""
    for part in (tmp_path, *tmp_path.parents):
        if part.stat().st_uid == os.geteuid() and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o011)
    return tmp_path


@pytest.fixture
def local(folder: Path) -> Iterator[Path]:
    """The folder of a `make run` of one's own; its cluster is stopped at the end."""
    yield folder
    Product(folder, "127.0.0.1", 0).cluster.stop()
