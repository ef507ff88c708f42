"""What is written into logs when a statement fails: what is wrong, and not whom it was about."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from structlog.processors import format_exc_info

from base import ids
from base.guards import faults
from base.logs import without_details
from deploy.local.cluster import Cluster
from people.models import Device, Identifier, Person
from tests.world import Organisation, World


def same_address_twice(session: Session, org: Organisation, marker: str) -> None:
    """The unique index's error has a detail that quotes the address."""
    person = Person(id=ids.new_id(), organisation_id=org.id, name=marker)
    session.add(person)
    session.flush()
    for _ in range(2):
        form = {"kind": "email", "value": f"{marker}@example.com", "written": marker}
        session.add(Identifier(id=ids.new_id(), organisation_id=org.id, person_id=person.id, **form))
        session.flush()


def no_such_platform(session: Session, org: Organisation, marker: str) -> None:
    """A failing row is quoted whole."""
    device = Device(id=ids.new_id(), organisation_id=org.id, installation_id=marker, platform="android")
    device.push_address, device.push_address_kind = marker, "pigeon"
    session.add(device)
    session.flush()


def divides(session: Session, org: Organisation, marker: str) -> None:
    """The statement itself has the values in it."""
    session.execute(text("SELECT 1 / (length(:said) - length(:said))"), {"said": marker})


@pytest.mark.parametrize("fails", [same_address_twice, no_such_platform, divides])
@pytest.mark.parametrize("role", ["web", "worker"])
def test_a_failing_statement_is_logged_without_what_it_said(
    world: World,
    org: Organisation,
    cluster: Cluster,
    role: str,
    fails: Callable[[Session, Organisation, str], None],
) -> None:
    marker, before = f"marker-{uuid4()}", len(cluster.log.read_text(errors="replace"))
    with pytest.raises(DBAPIError), getattr(world, role).transaction(org.id) as session:
        fails(session, org, marker)
    written = cluster.log.read_text(errors="replace")[before:]
    assert "ERROR" in written
    assert marker not in written


@pytest.mark.parametrize("fails", [same_address_twice, no_such_platform, divides])
def test_nor_does_the_products_own_log_quote_it(
    world: World, org: Organisation, fails: Callable[[Session, Organisation, str], None]
) -> None:
    marker = f"marker-{uuid4()}"
    with pytest.raises(DBAPIError) as fault, world.web.transaction(org.id) as session:
        fails(session, org, marker)
    told = without_details(None, "error", format_exc_info(None, "error", {"exc_info": fault.value}))
    assert type(fault.value).__name__ in told["exception"]
    assert marker not in told["exception"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("log_min_error_statement", "error"),
        ("log_error_verbosity", "default"),
        ("log_statement", "all"),
        ("log_min_duration_statement", "100"),
    ],
)
def test_a_role_whose_log_would_tell_is_told_of(
    world: World, cluster: Cluster, world_database: str, setting: str, value: str
) -> None:
    def told() -> list[str]:
        world.web.engine.dispose()  # settings of a role hold from its next connection on
        with world.web.transaction() as session:
            return [fault for fault in faults(session) if "log" in fault]

    changed = f'ALTER ROLE hereabouts_web IN DATABASE "{world_database}"'
    assert told() == []
    try:
        cluster.psql("postgres", "-c", f"{changed} SET {setting} = '{value}'")
        assert told() == [f"PostgreSQL's log tells what people say: {setting} (run deploy/database.sql)"]
    finally:
        cluster.psql("postgres", "-c", f"{changed} RESET {setting}")
    assert told() == []
