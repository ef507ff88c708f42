"""Another key takes over: nobody is signed out, no process is started again, and the former one ends."""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import jwt
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from api.app import create_app
from base import clock
from people.sign_in.keys import ACCESS, FIRST, LEARNED_WITHIN, LONGEST, Keys, Known, RotationUnderWay, rotate
from tests.product import ROOT
from tests.world import Organisation, Phone, World


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return fresh_world.organisation()


def rotates(world: World, *, at_once: bool = False) -> Known:
    with world.worker.transaction() as session:
        return rotate(session, at_once=at_once)


def goes_by(world: World, time: timedelta) -> None:
    """Everything about keys was so long ago."""
    with world.worker.transaction() as session:
        earlier = "UPDATE signing_keys SET signs_from = signs_from - :time, ends_at = ends_at - :time"
        session.execute(text(earlier), {"time": time})


def key_of(phone: Phone) -> str:
    return jwt.get_unverified_header(phone.tokens["access_token"])["kid"]


def refreshes(phone: Phone) -> None:
    phone.keeps(phone.post("/v1/sessions/refresh", {"refresh_token": phone.tokens["refresh_token"]}))


def test_a_new_key_takes_over_and_nobody_is_signed_out(fresh_world: World, org: Organisation) -> None:
    alice, bob = org.person("Alice"), org.person("Bob")
    former = key_of(alice)
    rotates(fresh_world)
    fresh_world.keys.look()
    refreshes(alice)
    assert key_of(alice) == former, "not before everybody knows of it"
    goes_by(fresh_world, LEARNED_WITHIN)
    fresh_world.keys.look()
    refreshes(alice)
    assert key_of(alice) != former
    assert key_of(bob) == former
    for phone in (alice, bob, org.admin):
        phone.get("/v1/me")
    goes_by(fresh_world, LONGEST)
    fresh_world.keys.look()
    assert bob.get("/v1/me", 401)["code"] == "token_expired"
    refreshes(bob)
    for phone in (alice, bob):
        phone.get("/v1/me")


def test_a_process_that_does_not_know_the_key_yet_looks(fresh_world: World, org: Organisation) -> None:
    alice, elsewhere = org.person("Alice"), create_app(fresh_world.settings, fresh_world.web).test_client()
    headers = {"Authorization": f"Bearer {alice.tokens['access_token']}"}
    assert elsewhere.get("/v1/me", headers=headers).status_code == 200
    rotates(fresh_world)
    goes_by(fresh_world, LEARNED_WITHIN)
    fresh_world.keys.look()
    refreshes(alice)
    other = elsewhere.application.extensions["hereabouts"].tokens.keys
    other._looked_s -= 2
    headers = {"Authorization": f"Bearer {alice.tokens['access_token']}"}
    assert elsewhere.get("/v1/me", headers=headers).status_code == 200


def test_who_makes_names_up_makes_no_work() -> None:
    looks: list[Sequence[Known]] = []

    def look() -> Sequence[Known]:
        looks.append((FIRST,))
        return looks[-1]

    keys = Keys("k" * 32, look=look)
    assert [keys.named(ACCESS, f"made-up-{n}") for n in range(1_000)] == [None] * 1_000
    assert len(looks) == 1


def test_where_the_table_cannot_be_had_what_is_known_goes_on() -> None:
    answers: list[Sequence[Known]] = [(FIRST,)]

    def look() -> Sequence[Known]:
        if not answers:
            raise OperationalError("", {}, Exception("away"))
        return answers.pop()

    keys = Keys("k" * 32, look=look)
    name, key = keys.signing(ACCESS)
    keys.follow(lambda _: True)
    assert keys.named(ACCESS, name) == key
    assert keys.signing(ACCESS) == (name, key)
    with pytest.raises(OperationalError):
        Keys("k" * 32, look=look).signing(ACCESS)


def test_a_key_in_wrong_hands_ends_at_once_and_every_app_refreshes(
    fresh_world: World, org: Organisation
) -> None:
    alice = org.person("Alice")
    rotates(fresh_world)
    rotates(fresh_world, at_once=True)
    fresh_world.keys.look()
    assert alice.get("/v1/me", 401)["code"] == "token_expired"
    refreshes(alice)
    alice.get("/v1/me")
    with fresh_world.worker.transaction() as session:
        going_on = session.execute(
            text("SELECT count(*) FROM signing_keys WHERE ends_at IS NULL")
        ).scalar_one()
    assert going_on == 1


def test_two_operators_at_once_make_one_key(fresh_world: World) -> None:
    def tries(_: int) -> bool:
        try:
            rotates(fresh_world)
        except RotationUnderWay:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(tries, range(4))) == [False, False, False, True]


def test_a_key_is_over_on_time_whenever_one_looked() -> None:
    going = Known("old", FIRST.signs_from, None)
    name, _ = Keys("k" * 32, look=lambda: (going,)).signing(ACCESS)
    for seconds, good in ((-1, False), (60, True)):
        ending = going._replace(ends_at=clock.now() + timedelta(seconds=seconds))
        keys = Keys("k" * 32, look=lambda ending=ending: (ending, FIRST))
        assert (keys.named(ACCESS, name) is not None) is good


def test_keys_are_told_apart_by_secret_purpose_and_name() -> None:
    rows = (FIRST, Known("second", FIRST.signs_from, None))
    made = [Keys(secret * 32, look=lambda: rows) for secret in "ab"]
    for keys in made:
        keys.look()
    purposes = (ACCESS, b"other")
    secrets = [key.secret for keys in made for purpose in purposes for key in keys._of(purpose).values()]
    assert len(set(secrets)) == len(secrets) == 8


def test_a_clock_that_is_behind_signs_with_the_first_key_to_come() -> None:
    coming = [Known(name, clock.now() + timedelta(seconds=n + 1), None) for n, name in enumerate("ab")]
    keys = Keys("k" * 32, look=lambda: coming)
    assert keys.signing(ACCESS) == Keys("k" * 32, look=lambda: coming[:1]).signing(ACCESS)


def test_the_former_secret_is_read_and_signs_nothing() -> None:
    before, both = Keys("a" * 32), Keys("b" * 32, "a" * 32)
    name, key = before.signing(ACCESS)
    both.look()
    assert both.named(ACCESS, name) == key
    assert both.signing(ACCESS) == Keys("b" * 32).signing(ACCESS)
    assert Keys("a" * 32, "a" * 32).signing(ACCESS) == (name, key)


def test_the_command_tells_what_it_made(fresh_world: World, org: Organisation) -> None:
    environment = {**os.environ, **fresh_world.environment}

    def command(*options: str) -> "subprocess.CompletedProcess[str]":
        run = [sys.executable, "-m", "jobs.rotate_keys", *options]
        return subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True)

    kid, signs_from = command().stdout.split()
    assert datetime.fromisoformat(signs_from) > clock.now()
    again = command()
    assert (again.returncode, again.stdout) == (1, "")
    assert "--at-once" in again.stderr
    other = command("--at-once").stdout.split()[0]
    logged = org.admin.get("/v1/admin/audit?action=rotate_keys")["items"]
    assert [(each["after"]["kid"], each["after"]["at_once"]) for each in logged] == [
        (other, True),
        (kid, False),
    ]
