"""Each reader acts on the types that are declared for it, and nobody names a type but by its declaration."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from geo.lookup.indexes import ACTS_ON as PLACES
from journal.catalogue import CATALOGUE, read_by
from journal.event_types import Reader
from live.hub import ACTS_ON as ROOMS
from live.server import ACTS_ON as SOCKETS
from live.watching import ACTS_ON as ONLINE
from push.plans.planner import PLANS as PUSH
from tests.product import ROOT

ACTS_ON: dict[Reader, Collection[str]] = {
    Reader.ROOMS: ROOMS,
    Reader.SOCKETS: SOCKETS,
    Reader.ONLINE: ONLINE,
    Reader.PLACES: PLACES,
    Reader.PUSH: PUSH,
}
PACKAGES = ("api", "base", "geo", "jobs", "journal", "live", "people", "push", "schemas", "social")


@pytest.mark.parametrize("reader", Reader)
def test_a_reader_acts_on_what_is_declared_for_it_and_on_nothing_else(reader: Reader) -> None:
    assert (ROOT / reader.value).exists()
    assert set(ACTS_ON[reader]) == read_by(reader), f"{reader.value} and journal/catalogue.py differ"


def test_the_catalogue_spells_each_type_once() -> None:
    assert literals(ROOT / "journal/catalogue.py") == sorted(CATALOGUE)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_type_is_named_by_its_declaration(package: str) -> None:
    found = {
        str(path.relative_to(ROOT)): named
        for path in sorted((ROOT / package).rglob("*.py"))
        if path != ROOT / "journal/catalogue.py" and (named := literals(path))
    }
    assert found == {}, "say POST_CREATED.name, from journal/catalogue.py"


def literals(path: Path) -> list[str]:
    """The names of types that a file spells out."""
    return sorted(value for value in _strings(ast.parse(path.read_text())) if value in CATALOGUE)


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
