"""A folder of backups: each a file of pg_dump's, and beside it what has to be in it.

The file beside it is written first, and the dump gets its name last: what has the name of a backup is whole.
"""

import fcntl
import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

_DUMP, _BESIDE, _UNDER_WAY = ".dump", ".json", ".partial"
_NAMED = "%Y%m%dT%H%M%S.%fZ"


class NoBackup(Exception):
    """There is none, or not a whole one; the text says why, in a sentence."""


@dataclass(frozen=True)
class Contents:
    """What a backup holds: rows by table, as of the one snapshot that it was made of."""

    made_at: str
    migration: str
    epoch: str
    rows: dict[str, int]
    sha256: str


@dataclass(frozen=True)
class Backup:
    """A whole backup."""

    dump: Path
    contents: Contents

    @classmethod
    def at(cls, path: Path) -> "Backup":
        """The backup in a file, or the latest in a folder; raises `NoBackup`."""
        if path.is_dir():
            return cls.at(latest(path))
        try:
            return cls(path, Contents(**orjson.loads(path.with_suffix(_BESIDE).read_bytes())))
        except (OSError, ValueError, TypeError) as error:
            raise NoBackup(f"{path} is no backup: {error}.") from None

    def check(self) -> None:
        """Raise `NoBackup` where the file is not the one that was written."""
        if not self.dump.is_file() or digest(self.dump) != self.contents.sha256:
            raise NoBackup(f"{self.dump} is damaged: its digest is another one.")

    def age_s(self) -> float:
        """How old it is by this machine's clock."""
        return (datetime.now(UTC) - datetime.fromisoformat(self.contents.made_at)).total_seconds()


def whole(folder: Path) -> list[Path]:
    """The dumps of a folder, the oldest first."""
    found = (dump for dump in folder.glob(f"*{_DUMP}") if dump.with_suffix(_BESIDE).is_file())
    return sorted(found, key=lambda dump: dump.name.rpartition("-")[2])


def latest(folder: Path) -> Path:
    """The newest one; raises `NoBackup`, also where there are some of several databases: none of them is guessed."""
    if not (found := whole(folder)):
        raise NoBackup(f"There is no backup in {folder}.")
    if len(databases := sorted({database_of(dump) for dump in found})) > 1:
        raise NoBackup(f"{folder} has backups of {' and '.join(databases)}: name the file.")
    return found[-1]


@contextmanager
def one_at_a_time(folder: Path) -> Generator[None]:
    """Hold the folder, and clear away what a killed backup left; raises `NoBackup` where somebody else holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NoBackup(f"Another backup into {folder} is running.") from None
        for left in folder.glob(f"*{_UNDER_WAY}"):
            left.unlink()
        yield


def under_way(folder: Path, database: str, at: datetime) -> Path:
    """Where a backup is written until it is whole."""
    return folder / f"{database}-{at.strftime(_NAMED)}{_UNDER_WAY}"


def complete(partial: Path, contents: Contents) -> Path:
    """Give a finished dump its name, with what it holds beside it."""
    dump = partial.with_suffix(_DUMP)
    dump.with_suffix(_BESIDE).write_bytes(orjson.dumps(asdict(contents), option=orjson.OPT_INDENT_2))
    return partial.rename(dump)


def database_of(dump: Path) -> str:
    """The name of the database that a backup is of."""
    return dump.name.rpartition("-")[0]


def keep(folder: Path, database: str, count: int) -> None:
    """Remove a database's oldest ones beyond so many."""
    for dump in [dump for dump in whole(folder) if database_of(dump) == database][:-count]:
        dump.unlink()
        dump.with_suffix(_BESIDE).unlink()


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
