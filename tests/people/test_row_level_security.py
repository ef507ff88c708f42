"""Row-level security: a query that forgets its filter gets nothing of others."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from people.models import Organisation, Person, Scope
from tests.world import World


def test_a_forgotten_filter_shows_one_organisation_only(world: World) -> None:
    ours, theirs = world.organisation(), world.organisation()
    with world.web.transaction(ours.id) as session:
        seen = {person.organisation_id for person in session.scalars(select(Person))}
        assert seen == {ours.id}
        assert session.get(Organisation, theirs.id) is None


def test_without_an_organisation_nothing_is_there(world: World) -> None:
    world.organisation()
    with world.web.transaction() as session:
        assert session.scalars(select(Person)).all() == []
        assert session.scalars(select(Scope)).all() == []


def test_the_setting_does_not_outlive_its_transaction(world: World) -> None:
    ours = world.organisation()
    with world.web.transaction(ours.id) as session:
        assert session.scalars(select(Person)).all() != []
    with world.web.transaction() as session:
        assert session.scalars(select(Person)).all() == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM outbox",
        "INSERT INTO journal_heads VALUES (gen_random_uuid(), 0, '')",
        "UPDATE journal SET payload = NULL",
        "SET ROLE hereabouts_worker",
        "ALTER TABLE persons DISABLE ROW LEVEL SECURITY",
        "INSERT INTO organisations (id, slug, name) VALUES (gen_random_uuid(), 'x', 'x')",
    ],
)
def test_the_webs_role_cannot_get_around_it(world: World, statement: str) -> None:
    ours = world.organisation()
    with pytest.raises(ProgrammingError), world.web.transaction(ours.id) as session:
        session.execute(text(statement))


def test_a_row_cannot_be_written_for_another_organisation(world: World) -> None:
    ours, theirs = world.organisation(), world.organisation()
    with pytest.raises(ProgrammingError), world.web.transaction(ours.id) as session:
        session.execute(text("UPDATE persons SET organisation_id = :id"), {"id": theirs.id})
