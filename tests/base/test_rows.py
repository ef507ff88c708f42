"""Rows that go into a statement as arrays and come out of one with their names."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from base.rows import GivenRows, typed
from tests.world import World


class Thing(NamedTuple):
    id: UUID
    name: str | None
    size: int
    sound: bool
    at: datetime
    facts: dict[str, Any]


class Other(NamedTuple):
    name: str
    id: UUID


THINGS = GivenRows("things", Thing)


def test_what_goes_in_comes_out(world: World) -> None:
    at = datetime(2026, 11, 28, tzinfo=UTC)
    things = [Thing(uuid4(), None, 2**40, True, at, {"a": [1]}), Thing(uuid4(), "한", 0, False, at, {})]
    with world.worker.transaction() as session:
        rows = session.execute(select(THINGS.table), THINGS.values(things))
        assert typed(rows, Thing) == things


def test_no_rows_are_an_empty_table(world: World) -> None:
    with world.worker.transaction() as session:
        assert session.execute(select(THINGS.table), THINGS.values([])).all() == []


def test_a_row_that_does_not_fit_the_statement_is_refused(world: World) -> None:
    with world.worker.transaction() as session:
        rows = session.execute(select(THINGS.c.id, THINGS.c.name), THINGS.values([]))
        with pytest.raises(TypeError, match="Other"):
            typed(rows, Other)
