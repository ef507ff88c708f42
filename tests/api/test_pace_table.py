"""The table of paces: every route is in it, what has to fit in does, and what is told of it is so."""

import re

import pytest

from api.app import create_app
from api.document import openapi
from api.pace import By, Pace, table
from api.pacing import paces_of
from api.resources import DECLARATIONS
from api.route import Declaration
from base.settings import Settings, load_settings
from tests.api.operations import APP
from tests.product import ROOT
from tests.stories.pace import Hours, hours_of
from tests.world import World

ALL: dict[str, Declaration] = APP.extensions[DECLARATIONS]
TABLE = table()


@pytest.fixture
def hours(world: World, monkeypatch: pytest.MonkeyPatch) -> Hours:
    """Time that passes only where the story says so."""
    return hours_of(world, monkeypatch)


@pytest.mark.parametrize("name", ALL)
def test_every_route_is_held_to_a_pace(name: str) -> None:
    declared = ALL[name]
    limits = TABLE[declared.paced]
    assert set(limits) == {By.ADDRESS} if declared.public else By.PERSON in limits


def test_a_device_is_held_before_its_person_and_one_person_does_not_hold_an_organisation() -> None:
    for limits in TABLE.values():
        rates = [limit.most / limit.window_s for limit in limits.values()]
        assert rates == sorted(rates)


@pytest.mark.parametrize("pace", [pace for pace, limits in TABLE.items() if By.ORGANISATION in limits])
def test_one_person_in_a_hurry_leaves_something_to_everybody(world: World, hours: Hours, pace: Pace) -> None:
    """All that a person may do at once, with two phones, in an organisation of four."""
    paces, devices = paces_of(world.app), 5
    limits, organisation = paces.limits[pace], f"four at {pace}"
    for _ in range(limits[By.PERSON].most):
        paces.buckets.take(limits[By.ORGANISATION], organisation, members=devices)
    others = 10
    for _ in range(others):
        assert paces.buckets.take(limits[By.ORGANISATION], organisation, members=devices) >= 0


def test_a_day_of_fixes_fits_in(world: World, hours: Hours) -> None:
    paces, batches = paces_of(world.app), 24 * 3_600 // 5 // 100 + 1
    for by in (By.DEVICE, By.PERSON, By.ORGANISATION):
        limit = paces.limits[Pace.BATCH][by]
        assert all(paces.buckets.take(limit, 1) >= 0 for _ in range(batches))


def test_an_alert_to_forty_five_thousand_fits_in(world: World, hours: Hours) -> None:
    """Within two minutes each phone refreshes, syncs, reads on, answers and says where it is."""
    paces, phones = paces_of(world.app), 45_000
    does = [Pace.READ] * 6 + [Pace.WRITE] * 3 + [Pace.BATCH] * 2
    for phone in range(phones):
        hours.at = 1_000 + 120 * phone / phones
        hospital = phone % 5
        assert paces.buckets.take(paces.limits[Pace.REFRESH][By.ADDRESS], f"hospital {hospital}") >= 0
        for pace in does:
            assert paces.buckets.take(paces.limits[pace][By.DEVICE], phone) >= 0
            devices = paces.devices.saw(1, phone)
            assert paces.buckets.take(paces.limits[pace][By.ORGANISATION], 1, members=devices) >= 0


def test_fifty_phones_do_not_get_what_thousands_need(world: World, hours: Hours) -> None:
    paces = paces_of(world.app)
    limit, answered = paces.limits[Pace.READ][By.ORGANISATION], 0
    for request in range(60_000):  # a thousand a second
        hours.at = 1_000 + request / 1_000
        devices = paces.devices.saw(2, request % 50)
        answered += paces.buckets.take(limit, 2, members=devices) >= 0
    assert 8_500 < answered < 9_000


def test_an_operator_may_widen_the_table_or_do_without(world: World) -> None:
    for times, most in ((3, 1_800), (1, 600)):
        assert table(times)[Pace.READ][By.DEVICE].most == most
    free = create_app(load(world, PACE="0"), world.web)
    client = free.test_client()
    answers = [client.get("/v1/me", headers={"Authorization": "Bearer x.y.z"}) for _ in range(1_500)]
    assert {answer.status_code for answer in answers} == {401}
    assert "RateLimit" not in answers[-1].headers


def test_what_is_no_address_is_counted_as_one_and_kept_nowhere(world: World, hours: Hours) -> None:
    """A proxy that passes on what callers say of themselves lends nobody a bucket for each request."""
    client, buckets = world.app.test_client(), paces_of(world.app).buckets
    before = buckets.held()
    for number in range(20):
        said = {"REMOTE_ADDR": f"{number}-{'x' * 4_000}"}
        assert (
            client.get("/v1/me", headers={"Authorization": "Bearer x"}, environ_base=said).status_code == 401
        )
    assert buckets.held() - before <= 1


def test_the_document_tells_the_pace_of_every_route() -> None:
    document = openapi(APP)
    told = {
        operation["operationId"]: operation["x-pace"]
        for operations in document["paths"].values()
        for operation in operations.values()
        if "x-pace" in operation
    }
    assert told == {name.rsplit(".")[-1]: str(declared.paced) for name, declared in ALL.items()}
    for operations in document["paths"].values():
        for operation in operations.values():
            if "x-pace" in operation:
                assert {"Retry-After", "RateLimit", "RateLimit-Policy"} == set(
                    operation["responses"]["429"]["headers"]
                )


def test_the_page_tells_the_table() -> None:
    page = (ROOT / "docs" / "limits.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|.*?\| (.*) \|$", page, re.MULTILINE))
    units = {
        10.0: "10 seconds",
        20.0: "20 seconds",
        60.0: "a minute",
        600.0: "10 minutes",
        3_600.0: "an hour",
    }
    assert rows == {
        pace: "; ".join(
            f"{by} {limit.most:,}{f' and {limit.for_each} a device' * bool(limit.for_each)} in {units[limit.window_s]}"
            for by, limit in limits.items()
        )
        for pace, limits in TABLE.items()
    }


def load(world: World, **changed: str) -> Settings:
    """A world's settings, with changes."""
    return load_settings({**world.environment, **changed})
