"""Folders in which a cluster may lie, which runs as another user where the tests run as root."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.run import Product


@pytest.fixture
def folder(run_folder: Path) -> Path:
    """A folder of the test's own, which PostgreSQL's user may enter."""
    made = Path(tempfile.mkdtemp(dir=run_folder))
    made.chmod(0o711)
    return made


@pytest.fixture
def local(folder: Path) -> Iterator[Path]:
    """The folder of a `make run` of one's own; its cluster is stopped at the end."""
    yield folder
    Product(folder, "127.0.0.1", 0).cluster.stop()
