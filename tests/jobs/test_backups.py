"""A folder of backups, where more than one database has its own."""

from pathlib import Path

import pytest

from jobs import backups
from jobs.backups import Backup, Contents, NoBackup

DAYS = [f"2026110{day}T000000.000000Z" for day in range(1, 5)]


def backed_up(folder: Path, database: str, time: str) -> Path:
    partial = folder / f"{database}-{time}.partial"
    partial.write_text(database)
    return backups.complete(partial, Contents(time, "0019", "", {}, backups.digest(partial)))


def test_which_database_to_restore_is_not_guessed(tmp_path: Path) -> None:
    ours = backed_up(tmp_path, "here-abouts", DAYS[0])
    assert Backup.at(tmp_path).dump == ours
    theirs = backed_up(tmp_path, "staging", DAYS[1])
    with pytest.raises(NoBackup, match="here-abouts and staging"):
        Backup.at(tmp_path)
    assert [Backup.at(dump).dump for dump in (ours, theirs)] == [ours, theirs]


def test_the_backups_of_another_database_are_not_removed(tmp_path: Path) -> None:
    ours = backed_up(tmp_path, "hereabouts", DAYS[0])
    theirs = [backed_up(tmp_path, "staging", day) for day in DAYS[1:]]
    backups.keep(tmp_path, "staging", 1)
    assert backups.whole(tmp_path) == [ours, theirs[-1]]
