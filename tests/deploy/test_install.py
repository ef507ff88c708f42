"""The scripts that install what the system has not: stand-ins for its programs say what they were asked, and fail."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.product import ROOT

_APT = """#!/bin/sh
echo "$(basename "$0") $*" >>"$HERE/asked"
case "$*" in
    *update*) [ -e "$HERE/offline" ] && exit 100; touch "$HERE/lists"; exit 0 ;;
    *install*) [ -e "$HERE/lists" ] || exit 100 ;;
    *) [ -e "$HERE/lists" ] && echo "postgresql-15-postgis-3 - Geographic objects support"; exit 0 ;;
esac
for package; do :; done
touch "$HERE/has-${package%%-*}"
"""
# Says what the real ones would of a machine: whether the program is there.
_PYTHON = """#!/bin/sh
case "$*" in
    *redis*) [ -e "$HERE/has-redis" ] ;;
    *nginx*) [ -e "$HERE/has-nginx" ] ;;
    *postgis*) [ -e "$HERE/has-postgresql" ] ;;
esac
"""
_NPM = """#!/bin/sh
echo "npm $*" >>"$HERE/asked"
[ -e "$HERE/offline" ] && exit 1
rm -rf node_modules && mkdir -p node_modules && touch node_modules/.package-lock.json
"""


class Machine:
    """A bare one: the scripts, a shell, and stand-ins for what they ask of the system."""

    def __init__(self, folder: Path) -> None:
        self.root, self._bin = folder / "root", folder / "bin"
        scripts = self.root / "deploy" / "local"
        scripts.mkdir(parents=True)
        for script in (ROOT / "deploy" / "local").glob("*.sh"):
            shutil.copy(script, scripts)
        self._program(self.root / ".venv" / "bin" / "python", _PYTHON)
        for name in ("apt-get", "apt-cache"):
            self._program(self._bin / name, _APT)
        self._program(self._bin / "id", "#!/bin/sh\necho 0\n")
        self._program(self.root / ".venv" / "bin" / "npm", _NPM)

    def _program(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def has(self, what: str) -> bool:
        return (self.root / what).exists()

    def gets(self, what: str) -> None:
        (self.root / what).touch()

    def runs(self, script: str, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run a script; nothing of the real machine but the shell's own programs is found."""
        path = f"{self._bin}:/usr/bin:/bin"
        environment = {"PATH": path, "HERE": str(self.root), **settings}
        command = ["sh", f"deploy/local/{script}.sh", *arguments]
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )

    def asked(self) -> list[str]:
        """What the system was asked, in order."""
        path = self.root / "asked"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    assert os.path.exists("/bin/sh")
    return Machine(tmp_path)


@pytest.mark.parametrize("what", ["redis", "nginx"])
def test_empty_lists_are_fetched_and_then_it_is_there(machine: Machine, what: str) -> None:
    done = machine.runs(what)
    assert done.returncode == 0, done.stderr
    assert machine.has(f"has-{what}")
    assert [line.split()[1] for line in machine.asked()] == ["install", "update", "install"]


@pytest.mark.parametrize("what", ["redis", "nginx"])
def test_what_is_there_is_not_asked_for(machine: Machine, what: str) -> None:
    machine.gets(f"has-{what}")
    assert machine.runs(what).returncode == 0
    assert machine.asked() == []


@pytest.mark.parametrize("what", ["redis", "nginx"])
def test_fresh_lists_are_not_fetched_again(machine: Machine, what: str) -> None:
    machine.gets("lists")
    assert machine.runs(what).returncode == 0
    assert not [line for line in machine.asked() if "update" in line]


@pytest.mark.parametrize("what", ["redis", "nginx", "packages"])
def test_without_a_network_it_fails_and_says_what_to_install(machine: Machine, what: str) -> None:
    machine.gets("offline")
    done = machine.runs(what)
    assert done.returncode == 1 or (what == "packages" and done.returncode == 100)
    assert what == "packages" or "install it and try again" in done.stderr


def test_several_web_processes_on_a_bare_machine_get_all_they_need(machine: Machine) -> None:
    done = machine.runs("packages", WEB_PROCESSES="2")
    assert done.returncode == 0, done.stderr
    assert all(machine.has(f"has-{what}") for what in ("nginx", "redis", "postgresql"))


def test_several_web_processes_go_on_without_redis_and_not_without_nginx(machine: Machine) -> None:
    machine.gets("has-postgresql")
    machine.gets("offline")
    assert machine.runs("packages", WEB_PROCESSES="2").returncode == 1
    machine.gets("has-nginx")
    done = machine.runs("packages", WEB_PROCESSES="2")
    assert done.returncode == 0
    assert "goes on without Redis" in done.stderr


def test_a_lock_that_changed_is_installed_anew_and_another_is_not(machine: Machine) -> None:
    folder = machine.root / "tools"
    folder.mkdir()
    lock = folder / "package-lock.json"
    lock.write_text("one")
    assert machine.runs("node", "tools").returncode == 0
    assert machine.runs("node", "tools").returncode == 0
    assert len(machine.asked()) == 1
    lock.write_text("two")
    os.utime(lock, (0, 0))  # older than what is installed, as after a checkout that keeps times
    machine.runs("node", "tools")
    machine.runs("node", "tools")
    assert len(machine.asked()) == 2


def test_an_installation_that_failed_is_begun_again(machine: Machine) -> None:
    folder = machine.root / "tools"
    folder.mkdir()
    (folder / "package-lock.json").write_text("one")
    machine.gets("offline")
    assert machine.runs("node", "tools").returncode != 0
    (machine.root / "offline").unlink()
    assert machine.runs("node", "tools").returncode == 0
    assert machine.runs("node", "tools").returncode == 0
    assert len(machine.asked()) == 2
