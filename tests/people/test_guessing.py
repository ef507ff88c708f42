"""Guessing at passwords: how many guesses are looked at, and who is not held up by them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import delete, func, select

from jobs.schedules import jobs
from people.sign_in.models import SignInFailure
from people.sign_in.throttle import ALLOWED, WINDOW
from tests.stories.guessing import WRONG, asks_to_enter, guesses_from, tries_from
from tests.stories.passwords import NEW, changes_address, changes_password, joins, redeems, reset_code
from tests.stories.statements import statements
from tests.world import PASSWORD, Organisation, Phone, World

ALICE, MINA = "alice@example.com", "mina@example.com"
HOME, STRANGER = "198.51.100.7", "203.0.113.66"


@pytest.fixture(autouse=True)
def nobody_has_guessed(world: World) -> Iterator[None]:
    """What other tests guessed from these addresses is no matter here, and the other way around."""
    with world.worker.transaction() as session:
        session.execute(delete(SignInFailure))
    yield
    with world.worker.transaction() as session:
        session.execute(delete(SignInFailure))


def test_of_sixty_guesses_at_once_ten_are_looked_at(org: Organisation) -> None:
    with ThreadPoolExecutor(60) as crowd:
        statuses = list(crowd.map(lambda _: tries_from(org, STRANGER, "admin@example.com"), range(60)))
    assert sorted(statuses) == [401] * ALLOWED + [429] * 50


def test_so_are_sixty_with_a_stolen_token(org: Organisation) -> None:
    alice = org.person("Alice")
    body = {"current_password": WRONG, "new_password": NEW}
    with ThreadPoolExecutor(60) as crowd:
        answers = list(crowd.map(lambda _: alice.request("PUT", "/v1/me/password", body), range(60)))
    assert sorted(answer.status_code for answer in answers) == [403] * ALLOWED + [429] * 50


def test_the_right_password_among_guesses_at_once_may_not_be_heard(org: Organisation) -> None:
    assert guesses_from(org, STRANGER, "admin@example.com", ALLOWED) == [401] * ALLOWED
    refusal = asks_to_enter(org, STRANGER, "admin@example.com")
    assert refusal.get_json()["code"] == "too_many_sign_ins"
    assert 0 < int(refusal.headers["Retry-After"]) <= WINDOW.total_seconds()


def test_a_stranger_holds_nobody_up_who_comes_from_elsewhere(org: Organisation) -> None:
    org.person("Alice")
    guesses_from(org, STRANGER, ALICE, ALLOWED + 1)
    assert tries_from(org, STRANGER, ALICE, PASSWORD) == 429
    assert tries_from(org, HOME, ALICE, PASSWORD) == 201


def test_nor_a_phone_that_is_known_behind_the_same_address(org: Organisation) -> None:
    alice = org.person("Alice")
    guesses_from(org, STRANGER, ALICE, ALLOWED + 1)
    assert tries_from(org, STRANGER, ALICE, PASSWORD, alice) == 201


def test_nor_a_known_phone_though_the_whole_world_guesses(org: Organisation) -> None:
    alice = org.person("Alice")
    person_id = alice.id
    wide_world = (f"{n}.1.1.1" for n in count(1))
    while guesses_from(org, next(wide_world), ALICE, ALLOWED) == [401] * ALLOWED:
        pass
    assert tries_from(org, HOME, ALICE, PASSWORD) == 429
    assert tries_from(org, HOME, ALICE, PASSWORD, alice) == 201
    assert tries_from(org, HOME, "admin@example.com", PASSWORD) == 201
    redeems(org, ALICE, reset_code(org.admin, person_id))
    assert tries_from(org, HOME, ALICE, NEW) == 201, "an administrator lets her in on a new phone, too"


def test_who_is_signed_in_may_change_the_password_meanwhile(org: Organisation) -> None:
    alice = org.person("Alice")
    guesses_from(org, "127.0.0.1", ALICE, ALLOWED + 1)
    changes_password(alice, PASSWORD, NEW)


def test_another_persons_phone_is_not_known(org: Organisation) -> None:
    org.person("Alice")
    bob = org.person("Bob")
    guesses_from(org, STRANGER, ALICE, ALLOWED)
    assert tries_from(org, STRANGER, ALICE, PASSWORD, bob) == 429


def test_a_known_phone_buys_ten_more_guesses_and_no_others(org: Organisation) -> None:
    alice = org.person("Alice")
    statuses = [tries_from(org, STRANGER, ALICE, WRONG, alice) for _ in range(2 * ALLOWED + 2)]
    assert statuses == [401] * 2 * ALLOWED + [429] * 2
    assert tries_from(org, HOME, ALICE, PASSWORD) == 201


@pytest.mark.parametrize(
    "addresses",
    [
        ["203.0.113.66", "::ffff:203.0.113.66"],
        ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:DB8:1:2::3%eth0"],
    ],
)
def test_addresses_of_one_household_are_one(org: Organisation, addresses: list[str]) -> None:
    tries = [tries_from(org, addresses[n % len(addresses)], ALICE) for n in range(ALLOWED + 1)]
    assert tries == [401] * ALLOWED + [429]


@pytest.mark.parametrize("block", ["203.0.113.{}", "2001:db8:1:{:x}::1"])
def test_whoever_has_a_block_of_addresses_gets_thirty_guesses(org: Organisation, block: str) -> None:
    tries = [tries_from(org, block.format(n), ALICE) for n in range(1, 41)]
    assert tries == [401] * 30 + [429] * 10
    assert tries_from(org, HOME, ALICE) == 401


def test_whether_there_is_an_account_takes_no_time_to_find_out(world: World, org: Organisation) -> None:
    def asked(slug: str, email: str) -> list[str]:
        with statements(world.web.engine) as heard:
            other = Organisation(world, org.id, slug)
            assert tries_from(other, STRANGER, email) == 401
        return [statement for statement, _ in heard]

    there = asked(org.slug, "admin@example.com")
    assert asked(org.slug, "nobody@example.com") == there
    assert asked("no-such-organisation", "admin@example.com") == there


@pytest.mark.parametrize("email", ["nobody@example.com", "admin@example.com"])
def test_names_without_an_account_are_slowed_alike(org: Organisation, email: str) -> None:
    assert guesses_from(org, STRANGER, email, ALLOWED + 1) == [401] * ALLOWED + [429]


def test_guesses_count_for_the_account_whatever_its_address_is(org: Organisation) -> None:
    alice = org.person("Alice")
    assert guesses_from(org, STRANGER, ALICE, ALLOWED - 1) == [401] * (ALLOWED - 1)
    changes_address(alice, MINA)
    assert guesses_from(org, STRANGER, MINA, 2) == [401, 429]
    joins(org, "Alicia", ALICE)
    assert tries_from(org, STRANGER, ALICE, PASSWORD) == 201, "another account, nobody has guessed at it"


def test_one_password_is_not_tried_at_all_names(org: Organisation) -> None:
    statuses = [tries_from(org, STRANGER, f"nobody-{n}@example.com") for n in range(301)]
    assert statuses == [401] * 300 + [429]
    assert tries_from(org, HOME, "admin@example.com", PASSWORD) == 201
    assert tries_from(org, STRANGER, "admin@example.com", PASSWORD, org.admin) == 201


def test_many_who_share_an_address_and_know_their_passwords_are_let_in(org: Organisation) -> None:
    org.person("Alice")
    for _ in range(3):
        guesses_from(org, HOME, ALICE, ALLOWED - 1)
        assert tries_from(org, HOME, ALICE, PASSWORD) == 201


def test_what_is_not_heard_leaves_no_rows_and_what_is_over_goes(
    world: World, org: Organisation, later: Callable[[timedelta], None]
) -> None:
    def rows() -> int:
        with world.worker.transaction() as session:
            return session.scalar(select(func.count()).select_from(SignInFailure)) or 0

    [tries_from(org, STRANGER, f"nobody-{n}@example.com") for n in range(300)]
    before = rows()
    assert tries_from(org, STRANGER, "one-more@example.com") == 429
    assert rows() == before
    later(WINDOW + timedelta(seconds=1))
    (forgetting,) = [job for job in jobs() if job.name == "forget_old_failures"]
    with world.worker.transaction() as session:
        forgetting.run(session)
    assert rows() == 0


def test_wrong_invitation_codes_are_counted_by_address(org: Organisation) -> None:
    client = org.world.app.test_client()
    phone = Phone(org, "Eve")
    body = {"email": "eve@example.com", "name": "Eve", "password": PASSWORD, "device": phone.app}

    def guesses(code: str, address: str) -> str:
        asked = body | {"code": code}
        answer = client.post("/v1/invitations/accept", json=asked, environ_base={"REMOTE_ADDR": address})
        return answer.get_json().get("code", "in")

    said = [guesses(f"ABCD-EFGH-{n:04}", STRANGER) for n in range(301)]
    assert said == ["invitation_refused"] * 300 + ["too_many_codes"]
    code = org.admin.post("/v1/admin/invitations", {"role": "member"}, 201)["code"]
    assert guesses(code, STRANGER) == "too_many_codes"
    assert guesses(code, HOME) == "in"
