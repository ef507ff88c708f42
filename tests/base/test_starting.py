"""Every program says in a sentence what keeps it from starting, and ends with code 1."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.product import ROOT

_SECRET = "s" * 32
_PROGRAMS = {
    "web": ["wsgi.py"],
    "relay": ["-m", "jobs.relay"],
    "worker": ["-m", "jobs.worker"],
    "organisation": ["-m", "jobs.organisation", "acme", "Acme", "a@example.com", "Ada"],
    "sign_out": ["-m", "jobs.sign_out", "--everybody"],
    "verify": ["-m", "jobs.verify"],
    "demonstration": ["-m", "jobs.demonstration"],
    "migrations": ["-m", "alembic", "upgrade", "head"],
}
_COMMANDS = ("organisation", "sign_out", "verify", "demonstration", "migrations")


def refusal(name: str, **settings: str) -> str:
    """What a program says that does not start."""
    ended = subprocess.run(
        [sys.executable, *_PROGRAMS[name]],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        input="a long enough password\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr.strip()


@pytest.mark.parametrize("name", _PROGRAMS)
def test_a_url_without_a_database_is_told_in_a_sentence(name: str) -> None:
    said = refusal(
        name, DATABASE_URL="postgresql:///x", OWNER_DATABASE_URL="postgresql://", SECRET_KEY=_SECRET
    )
    assert "OWNER_DATABASE_URL names no database" in said
    assert len(said.splitlines()) <= 2


@pytest.mark.parametrize("name", _PROGRAMS)
def test_what_is_missing_is_told_in_a_sentence(name: str) -> None:
    assert "DATABASE_URL is missing" in refusal(name)


@pytest.mark.parametrize("name", _COMMANDS)
def test_a_command_whose_database_does_not_answer_says_so(name: str, tmp_path: Path) -> None:
    url = f"postgresql://nobody@/none?host={tmp_path}"
    said = refusal(name, DATABASE_URL=url, SECRET_KEY=_SECRET)
    assert "The database does not answer: " in said
    assert len(said.splitlines()) == 1


def test_a_service_account_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    for number, content in enumerate(("", "{}", '{"type": "service_account"}', "\x00")):
        file = tmp_path / f"{number}.json"
        file.write_text(content)
        url = f"postgresql://nobody@/none?host={tmp_path}"
        said = refusal("worker", DATABASE_URL=url, SECRET_KEY=_SECRET, FIREBASE_CREDENTIALS=str(file))
        assert said.startswith("FIREBASE_CREDENTIALS is no service account")


def test_a_host_that_is_none_of_the_machine_is_told_in_a_sentence(tmp_path: Path) -> None:
    url = f"postgresql://nobody@/none?host={tmp_path}"
    said = refusal("web", DATABASE_URL=url, SECRET_KEY=_SECRET, HOST="192.0.2.1", PORT="0")
    assert said.splitlines()[-1].startswith("192.0.2.1:0 (HOST, PORT) cannot be used")
