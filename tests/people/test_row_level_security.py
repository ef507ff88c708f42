"""Row-level security: a query that forgets its filter gets nothing of others."""

from uuid import UUID

import pytest
from sqlalchemy import Select, Uuid, column, select, table, text, update
from sqlalchemy.exc import ProgrammingError

from people.models import Organisation as Tenant
from people.models import Person, Scope
from tests.stories.passwords import reset_code
from tests.stories.reads import reads_up_to
from tests.stories.visits import is_seen
from tests.world import Organisation, World


def test_a_forgotten_filter_shows_one_organisation_only(world: World) -> None:
    ours, theirs = world.organisation(), world.organisation()
    with world.web.transaction(ours.id) as session:
        seen = {person.organisation_id for person in session.scalars(select(Person))}
        assert seen == {ours.id}
        assert session.get(Tenant, theirs.id) is None


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
        "INSERT INTO subject_positions VALUES (gen_random_uuid(), gen_random_uuid(), NULL, 1)",
        "UPDATE subject_positions SET position = 0",
        "DELETE FROM naming_positions",
        "UPDATE reads SET position = 0",
        "DELETE FROM reads",
        "SELECT * FROM journal_checkpoints",
        "UPDATE journal_epoch SET id = gen_random_uuid()",
        "SELECT ensure_journal_partitions()",
        "SELECT number_event_at_commit()",
        "ALTER TABLE outbox DISABLE TRIGGER number_at_commit",
        "SELECT payload FROM outbox",
        "INSERT INTO signing_keys (kid, signs_from) VALUES ('mine', now())",
        "UPDATE signing_keys SET ends_at = now()",
        "DELETE FROM services",
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


OWN = (
    "subject_positions",
    "naming_positions",
    "reads",
    "read_positions",
    "departures",
    "reset_codes",
    "outbox",
)


def test_what_stands_where_and_who_read_or_left_is_seen_of_one_organisation_only(world: World) -> None:
    ours, theirs = lived_in(world), lived_in(world)
    with world.worker.transaction() as session:
        for name in OWN:
            there = set(session.scalars(organisations_in(name)))
            assert theirs.id in there, f"{name} has rows of theirs"
    with world.web.transaction(ours.id) as session:
        for name in OWN[:-1]:
            seen = set(session.scalars(organisations_in(name)))
            assert seen == {ours.id}, name
        of_ours = session.scalar(text("SELECT count(scope_id) FROM outbox"))
    with world.worker.transaction() as session:
        mine = {"id": ours.id}
        waiting = text("SELECT count(scope_id) FROM outbox WHERE organisation_id = :id")
        assert session.scalar(waiting, mine) == of_ours


@pytest.mark.parametrize("name", ["departures", "reset_codes", "read_positions", "outbox"])
def test_no_row_is_moved_to_another_organisation(world: World, name: str) -> None:
    ours, theirs = lived_in(world), world.organisation()
    with pytest.raises(ProgrammingError), world.web.transaction(ours.id) as session:
        session.execute(update(table(name, column("organisation_id"))).values(organisation_id=theirs.id))


def organisations_in(name: str) -> Select[UUID]:
    return select(column("organisation_id", Uuid)).select_from(table(name))


def lived_in(world: World) -> Organisation:
    """An organisation with a row of each kind; some of its events wait for the relay."""
    org = world.organisation()
    site = org.site(admission="assigned")
    bob = org.person("Bob", scopes=[site])
    post = org.admin.posts(site, "Bob", mentions=[bob.id])
    world.relays()
    reads_up_to(bob, post)
    is_seen(org, bob, site)
    org.admin.delete(f"/v1/admin/places/{site}/visits/{bob.id}")
    reset_code(org.admin, bob.id)
    bob.posts(site, "not told of yet")
    return org
