"""A private PostgreSQL cluster on a Unix socket, for `make run` and for the tests.

PostgreSQL refuses to run as root, so root runs it as the user `postgres`; anyone else as oneself. Nothing listens on
the network. Uses the standard library only: it runs before anything is installed.
"""

import contextlib
import glob
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOCKET_PATH_LIMIT = 107 - len("/.s.PGSQL.5432")
MINIMUM_VERSION = 15
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "60s",
}
_ORPHANS_S = 15.0
_FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ClusterError(Exception):
    """The cluster cannot be used; the text says why, in a sentence."""


class Cluster:
    """One cluster in `directory`. Without `durable` it may lose data when the machine fails: for tests."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.directory = _reachable(directory.absolute())
        self.data = self.directory / "data"
        self.log = self.directory / "postgresql.log"
        self.socket = _socket_directory(self.directory)
        self._durable = durable

    def url(self, role: str, database: str = "hereabouts") -> str:
        """How SQLAlchemy connects as a role."""
        return f"postgresql+psycopg2://{role}@/{database}?host={self.socket}"

    @property
    def superuser(self) -> str:
        """The role that may do everything: it is named as whoever made the cluster."""
        return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def start(self) -> None:
        """Make the cluster if it is not there, and start it if it does not run; raises `ClusterError`."""
        for folder in (self.directory, self.socket):
            folder.mkdir(parents=True, exist_ok=True)
            _give_to_postgres(folder)
            folder.chmod(0o700)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        if self.running():
            return
        (self.socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        deadline = time.monotonic() + _ORPHANS_S
        self._forget_zombie()
        while not self._launch():
            # After a kill -9 the old server's orphans hold its memory for a moment longer.
            held = "still in use" in self._tail() or "already exists" in self._tail()
            if not held or time.monotonic() > deadline:
                raise ClusterError(_sentence(self._tail(), f"PostgreSQL does not start; {self.log} says why"))
            time.sleep(0.2)
            self._forget_zombie()

    def running(self) -> bool:
        """Whether the cluster answers."""
        status = self._run("pg_ctl", "-D", self.data, "status")
        return status.returncode == 0 and self._run("pg_isready", "-q", "-h", self.socket).returncode == 0

    def stop(self) -> None:
        """Stop it, if it runs; connections are closed."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def psql(self, database: str, *arguments: str) -> str:
        """Run psql as the superuser; raises `ClusterError` with its message."""
        command = ("psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-d", database)
        done = self._run(*command, *arguments)
        if done.returncode:
            raise ClusterError(f"The database refuses: {done.stderr.strip()}")
        return done.stdout.strip()

    def has_database(self, name: str) -> bool:
        """Whether there is such a database."""
        names = self.psql("postgres", "-c", "SELECT datname FROM pg_database")
        return name in names.splitlines()

    def prepare_database(self, name: str = "hereabouts") -> None:
        """Make the database if it is not there, with its extensions and roles."""
        script = Path(__file__).resolve().parent.parent / "database.sql"
        if not self.has_database(name):
            self.psql("postgres", "-c", f'CREATE DATABASE "{name}"')
        # Given as text: the user postgres may not be allowed to read the project's folder.
        self.psql(name, "-c", "SET client_min_messages = warning", "-c", script.read_text())
        self.psql(name, "-c", f'ALTER DATABASE "{name}" OWNER TO hereabouts_owner')

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        made = self._run("initdb", "-D", self.data, "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "-N")
        if made.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise ClusterError(_sentence(made.stderr, "The database cluster cannot be made"))

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        present = self._run("postgres", "--version").stdout.split()[2].split(".")[0]
        if made_by != present:
            raise ClusterError(
                f"The cluster in {self.data} was made by PostgreSQL {made_by}, installed is {present}: "
                f"install {made_by}, or move the folder away to start anew."
            )

    def _forget_zombie(self) -> None:
        """A killed server that nobody has reaped looks alive to PostgreSQL; its pid file is stale all the same."""
        pid_file = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().splitlines()[0])
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            if state == "Z":
                pid_file.unlink()

    def _launch(self) -> bool:
        self.log.unlink(missing_ok=True)
        settings = _SETTINGS | ({} if self._durable else _FAST_AND_FORGETFUL)
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        options = f"-k {self.socket} {options}"
        waiting = ("-w", "-t", "60", "-l", self.log)
        return self._run("pg_ctl", "-D", self.data, *waiting, "-o", options, "start").returncode == 0

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [str(binaries() / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        # A file, not a pipe: the server would inherit the pipe and keep its reader waiting.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=environment,
                cwd="/",
                check=False,
            ).returncode
            out.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), errors.read())


def binaries() -> Path:
    """The folder of PostgreSQL's programs, the newest version that is there; raises `ClusterError`."""
    candidates = glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/opt/homebrew/opt/postgresql@*/bin")
    for folder in sorted(map(Path, candidates), key=_version, reverse=True):
        if (folder / "initdb").exists() and _version(folder) >= MINIMUM_VERSION:
            return folder
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    raise ClusterError(
        "PostgreSQL 15 or newer is not installed: install the packages postgresql and postgis."
    )


def _version(folder: Path) -> int:
    digits = "".join(character for character in folder.parent.name if character.isdigit())
    return int(digits or 0)


def _reachable(directory: Path) -> Path:
    """Root's own folders are closed to the user postgres; then the cluster lives under /var/lib."""
    if os.geteuid() != 0:
        return directory
    parent = next(folder for folder in directory.parents if folder.exists())
    test = subprocess.run(
        ["runuser", "-u", "postgres", "--", "test", "-x", str(parent)], check=False, capture_output=True
    )
    if test.returncode == 0:
        return directory
    return Path("/var/lib/hereabouts") / hashlib.sha256(str(directory).encode()).hexdigest()[:12]


def _socket_directory(directory: Path) -> Path:
    """Beside the data, or, where that path is too long for a Unix socket, in a short one made from it."""
    beside = directory / "socket"
    if len(str(beside)) <= SOCKET_PATH_LIMIT:
        return beside
    return Path("/tmp") / f"hereabouts-{hashlib.sha256(str(directory).encode()).hexdigest()[:16]}"  # noqa: S108


def _give_to_postgres(folder: Path) -> None:
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)


def _sentence(output: str, otherwise: str) -> str:
    if "No space left on device" in output:
        return "The disk is full: make room and start again."
    lines = [line for line in output.splitlines() if "FATAL" in line or "PANIC" in line or "error:" in line]
    return f"{otherwise}: {lines[-1].strip()}" if lines else f"{otherwise}."


def main() -> None:
    """`cluster.py start|stop|status DIRECTORY`."""
    action, directory = sys.argv[1], Path(sys.argv[2])
    cluster = Cluster(directory)
    started = time.monotonic()
    if action == "start":
        cluster.start()
    elif action == "stop":
        cluster.stop()
    print("running" if cluster.running() else "stopped", f"({time.monotonic() - started:.1f} s)")


if __name__ == "__main__":
    main()
