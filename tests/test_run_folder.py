"""Where a run of the tests keeps its databases."""

import tempfile
from pathlib import Path

import pytest

from tests import databases


@pytest.mark.parametrize(("room", "chosen"), [(0, True), (2**62, False)], ids=["roomy", "small"])
def test_it_is_in_memory_where_that_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, chosen: bool
) -> None:
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    memory.mkdir()
    disk.mkdir()
    monkeypatch.setattr(databases, "_ROOM", room)
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    folder = databases.make_run_folder(memory)
    assert folder.parent == (memory if chosen else disk)
    assert folder.stat().st_mode & 0o777 == 0o711


def test_a_machine_without_such_memory_has_it_on_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert databases.make_run_folder(tmp_path / "none").parent == tmp_path
