"""A batch of fixes that decides nothing is cheap: three statements of its own, and nothing for the journal."""

import time
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from geo.lookup.indexes import PlaceIndexes
from geo.lookup.nearby import fences_near
from geo.models.stays import DevicePosition
from tests.stories.fixes import FAR, GATE, stands
from tests.stories.indexes import ready
from tests.stories.statements import statements
from tests.world import Phone, World


def test_a_still_batch_reads_its_row_checks_the_index_and_moves(world: World, indexes: PlaceIndexes) -> None:
    org = world.organisation()
    org.site(at=GATE)
    alice = org.person("Alice")
    stands(alice, GATE, time.time() - 120)
    ready(indexes, org)
    with statements(world.web.engine) as asked:
        assert stands(alice, GATE, time.time()) == []
    words = [statement.split()[0] for statement, _ in asked]
    # Who it is comes first, and what may be taken: the organisation, the session's person, the rules.
    assert words == [*["SELECT"] * 5, "UPDATE"]
    assert world.relays() == 0


def test_only_a_batch_that_decides_waits_for_the_disk(world: World) -> None:
    org = world.organisation()
    org.site(at=GATE)
    alice = org.person("Alice")
    durable = []
    for where, ago in ((GATE, 240), (GATE, 120), (FAR, 0)):
        with statements(world.web.engine) as asked:
            stands(alice, where, time.time() - ago)
        durable += [given["durable"] for said, given in asked if said.startswith("UPDATE device_positions")]
    assert durable == [True, False, True]


def test_a_device_that_changes_hands_keeps_nothing_of_the_former_position(world: World) -> None:
    org = world.organisation()
    alice, bob = org.person("Alice"), Phone(org, "Bob")
    stands(alice, GATE, time.time() - 60)
    org.person("Bob")
    bob.app = alice.app
    bob.keeps(signs_in(bob))
    stands(bob, GATE, time.time(), accuracy=5_000)  # says nothing, so that there is no new position
    with world.worker.transaction() as session:
        mine = select(DevicePosition).where(DevicePosition.organisation_id == org.id)
        row = session.scalars(mine).one()
    assert (str(row.person_id), row.point, row.fixed_at) == (bob.id, None, None)


def signs_in(phone: Phone) -> dict[str, Any]:
    account = {"email": f"{phone.name.lower()}@example.com", "password": "correct horse battery"}
    return phone.post(
        "/v1/sessions", {"organisation": phone.organisation.slug, "device": phone.app, **account}, 201
    )


def test_postgis_uses_its_index_under_row_level_security(world: World) -> None:
    org = world.organisation()
    site = UUID(org.site(at=GATE))
    with world.web.transaction(org.id) as session:
        with statements(world.web.engine) as asked:
            assert list(fences_near(session, [GATE], 150, [])) == [site]
        session.execute(text("SET LOCAL enable_seqscan = off"))
        statement, parameters = asked[0]
        plan = session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
    assert any("Index Cond: (boundary && " in line for line in plan), plan
