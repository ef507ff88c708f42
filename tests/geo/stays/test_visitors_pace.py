"""A flood at the gate: one phone is one visitor, one address opens so many, and a real visitor always gets in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from base import clock
from geo.models.stays import GateAccount
from geo.stays.gate import close_accounts
from geo.stays.gate_pace import BURST, CROWDED, DRIP, MOST_BY_ADDRESS, MOST_BY_INSTALLATION, MOST_BY_TURN
from people.models import Person
from tests.stories.checkins import code, marker
from tests.stories.visitors import ghosts, stranger
from tests.stories.visits import places
from tests.world import Organisation, Phone, World

OFFICE, CARRIER = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def site(org: Organisation) -> str:
    return org.site("Depot")


@pytest.fixture
def poster(org: Organisation, site: str) -> str:
    return marker(org, site, admits_visitors_hours=8)


def living(org: Organisation) -> list[str]:
    """The names of the visitors whose accounts are open."""
    with org.world.worker.transaction() as session:
        visitors = select(Person.name).where(
            Person.organisation_id == org.id, Person.role == "visitor", Person.ended_at.is_(None)
        )
        return sorted(session.scalars(visitors))


def present(org: Organisation, site: str) -> list[str]:
    found = org.admin.get(f"/v1/admin/sites/{site}/present?reason=test")["items"]
    return sorted(sighting["person"]["name"] for sighting in found)


def in_burst(org: Organisation) -> int:
    with org.world.worker.transaction() as session:
        marked = select(GateAccount).where(GateAccount.organisation_id == org.id, GateAccount.in_burst)
        return len(session.scalars(marked).all())


def test_one_phone_is_one_visitor_however_often_it_scans(org: Organisation, site: str, poster: str) -> None:
    shown = code(org, poster)
    first = stranger(org, shown, name="Vera 1")
    others = [stranger(org, shown, phone=first, name=f"Vera {number}") for number in range(2, 6)]
    assert living(org) == ["Vera 5"]
    assert present(org, site) == ["Vera 5"]
    for former in (first, *others[:-1]):
        former.get("/v1/me", 401)
    assert site in places(others[-1])
    others[-1].posts(site, "I am here for the lift.")


def test_two_scans_of_one_phone_at_once_leave_one_account(org: Organisation, site: str, poster: str) -> None:
    gates = [poster, marker(org, org.zone(site), admits_visitors_hours=8)]
    shown, phone = [code(org, gate) for gate in gates], Phone(org, "Vera")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: stranger(org, shown[number % 2], phone=phone), range(4)))
    assert living(org) == ["Vera"]
    assert present(org, site) == ["Vera"]


def test_a_code_that_is_not_good_closes_nothing(org: Organisation, poster: str) -> None:
    shown = code(org, poster)
    vera = stranger(org, shown)
    org.admin.post(f"/v1/admin/markers/{poster}/turn")
    stranger(org, shown, phone=vera, status=422)
    stranger(org, f"{shown[:-1]}{'A' if shown[-1] != 'A' else 'B'}", phone=vera, status=422)
    vera.get("/v1/me")


def test_another_organisations_gate_closes_nothing(org: Organisation, poster: str, world: World) -> None:
    theirs = world.organisation("Theirs")
    vera = stranger(org, code(org, poster))
    stranger(theirs, code(theirs, marker(theirs, theirs.site(), admits_visitors_hours=8)), phone=vera)
    vera.get("/v1/me")
    assert (living(org), living(theirs)) == (["Vera"], ["Vera"])


def test_who_works_here_and_scans_as_a_stranger_keeps_their_account(org: Organisation, poster: str) -> None:
    bob = org.person("Bob")
    stranger(org, code(org, poster), phone=bob)
    org.signs_in("bob@example.com", "Bob").get("/v1/me")


def test_an_account_whose_time_is_over_is_followed_by_the_next(
    org: Organisation, poster: str, world: World
) -> None:
    vera = stranger(org, code(org, poster))
    with world.worker.transaction() as session:
        over = update(Person).where(Person.id == UUID(vera.id))
        session.execute(over.values(ends_at=clock.now() - timedelta(minutes=1)))
    again = stranger(org, code(org, poster), phone=vera)
    with world.worker.transaction() as session:
        close_accounts(session)
    again.get("/v1/me")
    assert living(org) == ["Vera"]


def test_a_phone_that_scans_without_end_is_refused_for_a_while(
    org: Organisation, site: str, poster: str
) -> None:
    vera = stranger(org, code(org, poster))
    ghosts(org, poster, MOST_BY_INSTALLATION - 1, installation=vera.app["installation_id"])
    door = marker(org, site, admits_visitors_hours=8)
    stranger(org, code(org, door), phone=vera, status=429)
    vera.get("/v1/me")
    stranger(org, code(org, door))


def test_a_bus_of_forty_behind_one_address_gets_in_and_is_marked(org: Organisation, poster: str) -> None:
    shown = code(org, poster)
    for number in range(40):
        stranger(org, shown, address=CARRIER, name=f"P{number:02}")
        assert in_burst(org) == (0 if number < BURST else number + 1)
    assert len(living(org)) == 40


def test_who_came_long_before_the_crowd_is_none_of_it(org: Organisation, poster: str) -> None:
    ghosts(org, poster, 5, ago=660)
    ghosts(org, poster, BURST - 1)
    stranger(org, code(org, poster))
    assert in_burst(org) == 0
    stranger(org, code(org, poster))
    assert in_burst(org) == BURST + 1


def test_one_address_is_a_burst_at_however_many_gates(org: Organisation, site: str, poster: str) -> None:
    for _ in range(4):
        ghosts(org, marker(org, site, admits_visitors_hours=8), BURST // 4, address=CARRIER)
    stranger(org, code(org, poster), address=OFFICE)
    assert in_burst(org) == 0
    stranger(org, code(org, poster), address=CARRIER)
    assert in_burst(org) == BURST + 1


def test_one_address_is_a_burst_however_slowly_it_goes_on(org: Organisation, poster: str) -> None:
    ghosts(org, poster, 5, address=CARRIER, ago=3_700)
    for minutes in (55, 42, 29, 16):
        ghosts(org, poster, DRIP // 4, address=CARRIER, ago=minutes * 60)
    stranger(org, code(org, poster), address=OFFICE)
    assert in_burst(org) == 0
    stranger(org, code(org, poster), address=CARRIER)
    assert in_burst(org) == DRIP + 1


@pytest.mark.parametrize(
    ("flood", "alike", "other"),
    [
        (CARRIER, CARRIER, OFFICE),
        (CARRIER, f"::ffff:{CARRIER}", OFFICE),
        ("2001:db8:1:2::/64", "2001:db8:1:2:dead:beef::1", "2001:db8:1:3::1"),
    ],
)
def test_an_address_opens_so_many_and_others_still_get_in(
    org: Organisation, poster: str, flood: str, alike: str, other: str
) -> None:
    shown = code(org, poster)
    ghosts(org, poster, MOST_BY_ADDRESS - 1, address=flood)
    vera = stranger(org, shown, address=alike)
    stranger(org, shown, address=alike, status=429)
    stranger(org, shown, address=other)
    with org.world.worker.transaction() as session:
        an_hour_ago = clock.now() - timedelta(hours=1)
        session.execute(
            update(GateAccount).where(GateAccount.organisation_id == org.id).values(opened_at=an_hour_ago)
        )
    stranger(org, shown, address=alike)
    vera.get("/v1/me")


def test_a_screen_lets_a_few_in_beyond_the_bound_of_their_address(org: Organisation, site: str) -> None:
    screen = marker(org, site, "rotating", admits_visitors_hours=8)
    shown = code(org, screen)
    ghosts(org, screen, MOST_BY_ADDRESS, address=CARRIER)
    statuses = [
        stranger_status(org, shown, CARRIER) for _ in range(3)
    ]  # the code may turn meanwhile: then it is not good any more, and never too many
    assert statuses in ([201, 201, 429], [201, 201, 422], [201, 422, 422], [422] * 3)


def stranger_status(org: Organisation, shown: str, address: str) -> int:
    client = org.world.app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    body = {"code": shown, "name": "Vera", "device": Phone(org, "Vera").app}
    return client.post("/v1/visitors", json=body).status_code


def test_in_a_crowd_each_address_gets_a_few(org: Organisation, poster: str) -> None:
    shown = code(org, poster)
    ghosts(org, poster, CROWDED - 4, address="192.0.2.1")
    ghosts(org, poster, 4, address=CARRIER)
    stranger(org, shown, address=CARRIER)
    stranger(org, shown, address=CARRIER, status=429)
    stranger(org, shown, address=OFFICE)


def test_a_code_that_was_carried_off_is_turned_and_strangers_get_in_again(
    org: Organisation, poster: str, site: str
) -> None:
    shown = code(org, poster)
    ghosts(org, poster, MOST_BY_TURN["printed"], address="192.0.2.1")
    stranger(org, shown, address=OFFICE, status=429)
    org.admin.post(f"/v1/admin/markers/{poster}/turn")
    stranger(org, shown, address=OFFICE, status=422)
    stranger(org, code(org, poster), address=OFFICE)
    screen = marker(org, site, "rotating", admits_visitors_hours=8)
    stranger(org, code(org, screen), address=OFFICE)


def test_addresses_are_kept_for_an_hour(org: Organisation, poster: str, world: World) -> None:
    ghosts(org, poster, 1, address=CARRIER, ago=3_601)
    ghosts(org, poster, 1, address=OFFICE, ago=3_500)
    with world.worker.transaction() as session:
        close_accounts(session)
        kept = select(GateAccount.address).where(GateAccount.organisation_id == org.id)
        assert sorted(map(str, session.scalars(kept))) == [OFFICE, "None"]
