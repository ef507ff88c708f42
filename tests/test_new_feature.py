"""The page on new features tells the truth: two features have their files where it says, and one has no others."""

import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "new-feature.md").read_text()
ITSELF = ("docs/new-feature.md", "tests/test_new_feature.py")


@dataclass(frozen=True)
class Feature:
    """A noun, the word by which its files are found, and where that word means something else."""

    things: str
    word: str
    elsewhere: tuple[str, ...]

    def files(self) -> set[str]:
        """All files of the product that mention it."""
        command = ["git", "grep", "-liE", self.word, "--", ".", *(f":!{path}" for path in self.elsewhere)]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return set(found.stdout.split()) - set(ITSELF)


ACKNOWLEDGEMENTS = Feature(
    "acknowledgements",
    "acknowledg",
    # Socket.IO and HTTP/2 acknowledge messages.
    (
        "live",
        "tests/live",
        "tests/conformance_app.py",
        "tests/stories/clients.py",
        "push/standin",
        "docs/decisions",
    ),
)
# pytest has markers, and so have the lines of a lock
MARKERS = Feature("markers", "marker", ("pyproject.toml", "deploy/audit/looks.py"))
FEATURES = pytest.mark.parametrize("feature", [ACKNOWLEDGEMENTS, MARKERS], ids=lambda feature: feature.things)


@dataclass(frozen=True)
class Row:
    """One line of the page's tables."""

    patterns: tuple[str, ...]
    when: str

    def holds(self, file: str, things: str) -> bool:
        """Whether it tells of a file of a feature."""
        return any(fnmatchcase(file, pattern.replace("{things}", things)) for pattern in self.patterns)


ROWS = [
    Row(tuple(re.findall(r"`([^`]+)`", file)), when)
    for file, when in re.findall(r"^\| (`.+?`) \| .+ \| (.+) \|$", PAGE, re.MULTILINE)
]


def test_the_worked_example_lists_every_file_of_acknowledgements_and_no_other() -> None:
    (block,) = re.findall(r"^```\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    listed = [line.split()[0] for line in block.splitlines()]
    assert len(listed) == len(set(listed))
    assert set(listed) == ACKNOWLEDGEMENTS.files()


@FEATURES
def test_every_file_of_a_feature_is_one_that_the_page_tells_of(feature: Feature) -> None:
    untold = {file for file in feature.files() if not any(row.holds(file, feature.things) for row in ROWS)}
    assert untold == set(), "what else does a feature touch? Tell it in docs/new-feature.md"


@FEATURES
def test_what_every_feature_has_is_there(feature: Feature) -> None:
    files = feature.files()
    always = [row for row in ROWS if row.when == "always"]
    assert len(always) > 5
    assert [row for row in always if not any(row.holds(file, feature.things) for file in files)] == []


def test_the_page_names_no_file_that_is_not_there() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = tracked.stdout.split()
    patterns = [pattern.replace("{things}", "*") for row in ROWS for pattern in row.patterns]
    assert [pattern for pattern in patterns if not any(fnmatchcase(file, pattern) for file in files)] == []
