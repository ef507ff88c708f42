"""Who may read the log, what they find in it, how long it is kept, and what nobody can do to it."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from jobs.audit_days import keep_for
from people.audit.entries import NOBODYS, Entry, record
from people.audit.retention import DAYS, forget_old_entries
from tests.stories.audit import acts, ages, kept, log_of
from tests.stories.guessing import tries_from
from tests.stories.scopes import manager
from tests.world import Organisation, World


def test_each_filter_finds_what_is_so(org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    alice_id, ada = alice.id, org.admin.id
    site = org.site()
    bob.get("/v1/admin/people", 403)
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{alice_id}", {"role": "manager"})
    assert acts(log_of(org, person_id=alice_id, actor_id=ada, action="assign_person")) == [
        ("assign_person", None)
    ]
    assert acts(log_of(org, subject_id=site)) == [("assign_person", None), ("create_site", None)]
    assert acts(log_of(org, result="refused")) == [("list_people", "forbidden")]
    assert log_of(org, action="no_such_action") == []
    assigned = log_of(org, action="assign_person")[0]["at"]
    assert log_of(org, action="assign_person", until=assigned) == []
    assert acts(log_of(org, action="assign_person", **{"from": assigned})) == [("assign_person", None)]
    assert org.admin.get("/v1/admin/audit?result=perhaps", 422)["code"] == "invalid"
    assert org.admin.get("/v1/admin/audit?cursor=nonsense", 422)["code"] == "cursor_invalid"


def test_pages_have_every_entry_once_also_where_all_are_of_one_moment(org: Organisation) -> None:
    with org.world.worker.transaction() as session:
        for number in range(25):
            record(session, Entry(org.id, "of_one_moment", after={"number": number}))
    with org.world.owner() as connection:
        at_once = text(
            "UPDATE audit_entries SET at = now() WHERE organisation_id = :id AND action = 'of_one_moment'"
        )
        connection.execute(at_once, {"id": org.id})
    found = log_of(org, action="of_one_moment", limit="10")
    assert sorted(entry["after"]["number"] for entry in found) == list(range(25))


def test_reading_the_log_is_an_entry_once_for_each_thing_that_is_looked_for(org: Organisation) -> None:
    for _ in range(3):
        log_of(org)
    log_of(org, result="refused")
    looks = [entry.after for entry in kept(org.world, org.id) if entry.action == "search_audit"]
    assert looks == [{}, {"result": "refused"}]


def test_nobody_but_an_administrator_reads_it_and_nobody_anothers(world: World, org: Organisation) -> None:
    site = org.site()
    org.person("Bob").get("/v1/admin/audit", 403)
    manager(org, "Mia", site).get("/v1/admin/audit", 403)
    theirs = world.organisation()
    assert {entry["actor_name"] for entry in log_of(theirs)} == {"Ada"}
    assert log_of(theirs, subject_id=site) == []
    assert log_of(theirs, actor_id=org.admin.id) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET result = 'done'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "INSERT INTO audit_entries (id, organisation_id, at, action, result)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), now(), 'x', 'done')",
    ],
)
def test_the_webs_role_takes_nothing_back(org: Organisation, statement: str) -> None:
    with pytest.raises(ProgrammingError), org.world.web.transaction(org.id) as session:
        session.execute(text(statement))


def test_the_workers_role_changes_nothing(org: Organisation) -> None:
    with pytest.raises(ProgrammingError), org.world.worker.transaction() as session:
        session.execute(text("UPDATE audit_entries SET result = 'done'"))


def test_rows_of_others_are_out_of_sight_whatever_is_asked(world: World, org: Organisation) -> None:
    theirs = world.organisation()
    tries_from(Organisation(world, NOBODYS, "no-such-organisation"), "203.0.113.1", "who@example.com")
    with world.web.transaction(org.id) as session:
        seen = set(session.scalars(text("SELECT organisation_id FROM audit_entries")))
    assert seen == {org.id}
    assert kept(world, theirs.id)
    assert kept(world, NOBODYS)


def test_what_is_old_goes_and_nobody_in_the_organisation_decides_when(fresh_world: World) -> None:
    short, long = fresh_world.organisation(), fresh_world.organisation()
    tries_from(Organisation(fresh_world, NOBODYS, "no-such-organisation"), "203.0.113.1", "who@example.com")
    with fresh_world.worker.transaction() as session:
        assert keep_for(session, short.slug, 90) == DAYS
    for of in (short.id, long.id, NOBODYS):
        ages(fresh_world, of, 100)
    forgets(fresh_world)
    assert [len(kept(fresh_world, of)) for of in (short.id, long.id, NOBODYS)] == [0, 1, 1]
    for of in (long.id, NOBODYS):
        ages(fresh_world, of, DAYS - 99)
    forgets(fresh_world)
    assert [len(kept(fresh_world, of)) for of in (long.id, NOBODYS)] == [0, 0]


def test_that_an_operator_keeps_it_for_less_is_in_the_log(org: Organisation) -> None:
    with org.world.worker.transaction() as session:
        keep_for(session, org.slug, 365)
    (told,) = log_of(org, action="set_audit_days")
    assert (told["actor_id"], told["before"], told["after"]) == (None, {"days": DAYS}, {"days": 365})
    with pytest.raises(SystemExit), org.world.worker.transaction() as session:
        keep_for(session, "no-such-organisation", 365)


def forgets(world: World) -> None:
    """The worker's job runs until there is nothing to do for it."""
    with world.worker.transaction() as session:
        while forget_old_entries(session):
            pass


def test_a_search_by_person_and_time_asks_the_index(org: Organisation) -> None:
    many = text(
        "INSERT INTO audit_entries (id, organisation_id, at, action, result, actor_id, person_id)"
        " SELECT gen_random_uuid(), :org, now() - n * interval '1 minute', 'end_person', 'done', gen_random_uuid(),"
        " gen_random_uuid() FROM generate_series(1, 20000) n"
    )
    someone = UUID(org.admin.id)
    with org.world.owner() as connection:
        connection.execute(many, {"org": org.id})
        connection.execute(text("ANALYZE audit_entries"))
    with org.world.web.transaction(org.id) as session:
        plan = "\n".join(
            session.scalars(
                text(
                    "EXPLAIN SELECT * FROM audit_entries WHERE organisation_id = :org AND person_id = :person"
                    " AND at < now() ORDER BY at DESC, id DESC LIMIT 50"
                ),
                {"org": org.id, "person": someone},
            )
        )
    assert "ix_audit_entries_person" in plan
    assert "Sort" not in plan
