"""The pages on security are true: what they name is there, and nothing that has to stand there is missing."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.api.operations import OPERATIONS

ROOT = Path(__file__).resolve().parent.parent
PAGE, LINES = ROOT / "docs" / "security.md", ROOT / "docs" / "security-asvs.md"
PAGES = [PAGE, LINES]
NAMED = re.compile(r"\b((?:tests|bench|deploy)/[\w./-]*\w)(?:::(\w+))?")
NUMBER = re.compile(r"\d+\.\d+\.\d+")
ANSWERS = re.compile(r"(yes|no|not here)\b")
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; those of level 3 stand behind them.
SECTIONS = {
    **{"1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2},
    **{"2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1},
    **{"3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2},
    **{"4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4},
    **{"5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3},
    **{"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4},
    **{"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2},
    **{"8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1},
    **{"9.1": 3, "9.2": 4},
    **{"10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3},
    **{"11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1},
    **{"12.1": 3, "12.2": 2, "12.3": 4},
    **{"13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5},
    **{"14.1": 2, "14.2": 4, "14.3": 3},
    **{"15.1": 3, "15.2": 3, "15.3": 7},
    **{"16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3},
    **{"17.1": 1, "17.2": 4, "17.3": 2},
}
ALL = {f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)}


@cache
def functions_of(file: Path) -> frozenset[str]:
    """The names of the functions of a file."""
    tree = ast.parse(file.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def rows(text: str) -> list[list[str]]:
    """The cells of the lines of all tables but their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def requirements() -> list[tuple[list[str], list[str]]]:
    """The lines of the list: their numbers, and all cells."""
    cells = [row for row in rows(LINES.read_text()) if NUMBER.match(row[0])]
    return [(row[0].split(", "), row) for row in cells]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_named_is_there(page: Path) -> None:
    named = NAMED.findall(page.read_text())
    assert named
    assert [path for path, _ in named if not (ROOT / path).exists()] == []
    lacking = [f"{path}::{name}" for path, name in named if name and name not in functions_of(ROOT / path)]
    assert lacking == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_pages_and_headings(page: Path) -> None:
    for file, heading in re.findall(r"\]\((?!https?:)([\w./-]*)(?:#([\w-]+))?\)", page.read_text()):
        linked = page.parent / file if file else page
        assert linked.exists(), file
        if heading:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            known = [re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings]
            assert heading in known, f"{file}#{heading}"


def test_every_public_route_is_among_the_doors() -> None:
    public = {
        f"{method} {path}" for method, path, operation in OPERATIONS if operation["x-permission"] == "public"
    }
    doors = re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) /v1/\S+)` \|", PAGE.read_text(), re.MULTILINE)
    assert Counter(doors) == Counter(public)


def test_every_requirement_stands_in_one_line() -> None:
    listed = Counter(number for numbers, _ in requirements() for number in numbers)
    assert len(ALL) == 253
    assert [number for number, times in listed.items() if times > 1] == []
    assert set(listed) == ALL


def test_every_line_answers_and_says_what_tries_it() -> None:
    for _, cells in requirements():
        assert len(cells) == 4, cells
        assert ANSWERS.match(cells[2]), cells
        assert cells[3] == "–" or NAMED.search(cells[3]), cells


def test_what_is_so_and_tried_by_nothing_is_on_a_page_or_is_named_here() -> None:
    """A `yes` without a test is one of documentation, or one of these few."""
    bare = [
        number
        for numbers, cells in requirements()
        if cells[2].startswith("yes") and cells[3] == "–" and "](" not in cells[2]
        for number in numbers
    ]
    assert bare == ["4.1.2", "5.4.1", "5.4.2", "6.2.10", "6.3.2", "6.4.2", "11.2.1", "13.4.2", "16.2.3"]
