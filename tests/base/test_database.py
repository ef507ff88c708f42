"""Transactions that have to give way to others are done again, a few times."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from base.database import again_if_it_gave_way
from tests.world import World


@pytest.mark.parametrize(("sqlstate", "attempts"), [("40001", 3), ("40P01", 3), ("23505", 1)])
def test_what_gives_way_is_done_three_times_at_most(world: World, sqlstate: str, attempts: int) -> None:
    done: list[str] = []

    def act() -> None:
        with world.worker.transaction() as session:
            done.append(sqlstate)
            session.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$"))

    with pytest.raises(DBAPIError):
        again_if_it_gave_way(act)
    assert len(done) == attempts
