"""One clock for the installation: the database's, whatever a machine's own clock says and whenever it is set."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from base import clock, ids
from tests.world import World

SKEWS = [-90.0, -2.0, 2.0, 3_600.0, 70 * 86_400.0]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    reading = clock._reading
    clock._reading = None
    yield
    clock._reading = reading


def machine(monkeypatch: pytest.MonkeyPatch, ahead_s: float) -> None:
    """Set the machine's clock."""
    true = time.time
    monkeypatch.setattr(clock.time, "time", lambda: true() + ahead_s)


def asks(world: World) -> datetime:
    """What the database says."""
    with world.web.transaction() as session:
        return session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()


@pytest.mark.parametrize("ahead_s", SKEWS)
def test_a_process_whose_machine_is_wrong_says_what_the_database_says(
    world: World, monkeypatch: pytest.MonkeyPatch, ahead_s: float
) -> None:
    machine(monkeypatch, ahead_s)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds() - ahead_s) < 1, "before it has asked"
    assert abs((asks(world) - clock.now()).total_seconds()) < 0.5
    assert clock.machine_is_ahead_s() == pytest.approx(ahead_s, abs=0.5)
    assert clock.difference() is not None
    with world.app.test_client() as client:
        assert "clock" in client.get("/health/ready").get_data(as_text=True)


@pytest.mark.parametrize("ahead_s", SKEWS)
def test_the_first_request_of_a_process_is_judged_by_the_databases_clock(
    world: World, monkeypatch: pytest.MonkeyPatch, ahead_s: float
) -> None:
    org = world.organisation()
    machine(monkeypatch, ahead_s)
    clock._reading = None
    org.admin.get("/v1/me")


def test_setting_the_machine_right_or_wrong_moves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks(world)
    before = clock.now()
    machine(monkeypatch, 86_400)
    assert clock.now() - before < timedelta(seconds=5)
    assert b"clock" in world.app.test_client().get("/health/ready").get_data()
    machine(monkeypatch, 0)


def test_a_slow_answer_is_believed_less_than_a_quick_one() -> None:
    true = datetime(2026, 3, 1, tzinfo=UTC)
    clock.hold_to(true, 0.0, 0.002)
    clock.hold_to(true + timedelta(seconds=10.4), 10.0, 11.0)
    assert clock._reading is not None
    assert clock._reading.at(10.5) == pytest.approx(true.timestamp() + 10.499, abs=0.001)
    clock.hold_to(true + timedelta(seconds=15), 10.0, 11.0)
    assert clock._reading.at(10.5) == pytest.approx(true.timestamp() + 15, abs=0.001), "it contradicts"


def test_after_a_while_any_answer_counts() -> None:
    true = datetime(2026, 3, 1, tzinfo=UTC)
    clock.hold_to(true, 0.0, 0.002)
    clock.hold_to(true + timedelta(seconds=100.02), 100.0, 100.01)
    assert clock._reading is not None
    assert clock._reading.at(100.005) == pytest.approx(true.timestamp() + 100.02, abs=0.001)


@pytest.mark.parametrize("ahead_s", SKEWS)
def test_ids_are_made_in_the_order_of_the_installations_time(
    world: World, monkeypatch: pytest.MonkeyPatch, ahead_s: float
) -> None:
    asks(world)
    before = ids.new_id()
    machine(monkeypatch, ahead_s)
    clock._reading = None  # another process, which asks first of all
    asks(world)
    made = ids.new_id()
    assert abs((made.int >> 80) - (before.int >> 80)) < 5_000


@pytest.mark.parametrize("ahead_s", SKEWS)
def test_the_relay_records_by_the_databases_clock(
    world: World, monkeypatch: pytest.MonkeyPatch, ahead_s: float
) -> None:
    org = world.organisation()
    world.relays()
    org.admin.posts(str(org.id), "when was this?")
    machine(monkeypatch, ahead_s)
    clock._reading = None  # the relay is a process of its own, which has asked nobody yet
    world.relays()
    recorded = "SELECT max(recorded_at) - clock_timestamp() FROM journal WHERE organisation_id = %(org)s"
    with world.owner() as connection:
        late = connection.exec_driver_sql(recorded, {"org": org.id}).scalar_one()
    assert abs(late.total_seconds()) < 5
