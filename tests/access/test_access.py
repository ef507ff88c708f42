"""Every operation answers everybody as the table says; and the table has every operation, and everybody."""

import pytest

from tests.access.cast import Cast, cast_of
from tests.access.table import found, name_of, written
from tests.api.operations import OPERATIONS
from tests.world import World

ROLES = list(next(iter(written().values())))


@pytest.fixture(scope="module")
def cast(shared_world: World) -> Cast:
    return cast_of(shared_world)


def test_the_table_has_every_operation_and_no_other() -> None:
    assert sorted(written()) == sorted(name_of(method, path) for method, path, _ in OPERATIONS)


def test_the_table_has_everybody(cast: Cast) -> None:
    assert list(cast.askers) == ROLES


@pytest.mark.parametrize("role", ROLES)
def test_everybody_is_answered_as_is_written(cast: Cast, role: str) -> None:
    wanted = {operation: cells[role] for operation, cells in written().items()}
    answers = found(cast, role)
    assert {name: cell for name, cell in answers.items() if wanted[name] != cell} == {}


PUBLIC = {name_of(method, path) for method, path, each in OPERATIONS if each["x-permission"] == "public"}


def test_public_doors_are_the_same_for_everybody_and_no_other_answers_who_is_not_signed_in() -> None:
    for name, cells in written().items():
        if name in PUBLIC:
            assert len(set(cells.values())) == 1, name
        else:
            assert cells["nobody"] == cells["ended"] == "-", name


def test_another_organisations_administrator_finds_nothing_of_ours() -> None:
    named = {name: cells["other"] for name, cells in written().items() if "{" in name and name not in PUBLIC}
    assert {name for name, cell in named.items() if cell != "."} == set()
