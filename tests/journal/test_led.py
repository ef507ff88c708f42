"""Whether a relay leads: `/health/ready` says so, and serves all the same."""

from sqlalchemy import text

from journal.relay import Relay
from tests.stories.order import machine_ahead
from tests.stories.waiting import begins, until
from tests.world import World


def ready(world: World) -> str:
    answer = world.app.test_client().get("/health/ready")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_relay_that_leads_is_known_and_one_that_is_gone_is_missed(fresh_world: World) -> None:
    assert "no relay leads" in ready(fresh_world)
    stopping: list[bool] = []
    relay = begins(Relay(fresh_world.worker.engine).run, lambda: bool(stopping))
    try:
        until(lambda: ready(fresh_world).startswith("ready\n"))
    finally:
        stopping.append(True)
        relay.join()
    until(lambda: "no relay leads" in ready(fresh_world))


def test_a_relay_that_leads_and_moves_nothing_is_told(fresh_world: World) -> None:
    org = fresh_world.organisation()
    fresh_world.relays()
    with machine_ahead(-60):
        org.admin.posts(str(org.id), "waits for a minute")
    assert "waits for the relay for 6" in ready(fresh_world)
    fresh_world.relays()
    assert "waits" not in ready(fresh_world)


def test_another_lock_is_no_relay(fresh_world: World) -> None:
    with fresh_world.owner() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(1), pg_advisory_xact_lock(18501, 1380253697)"))
        assert "no relay leads" in ready(fresh_world)
