"""The installation's key is changed, clocks of processes differ: nobody has to sign in again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from api.app import create_app
from base import clock
from base.errors import Unauthenticated
from jobs.sign_out import sign_out
from people.sign_in.statements import LEEWAY_S, TokenExpired
from people.sign_in.tokens import TokenMaker
from tests.world import Organisation, Phone, World, feature, square

NEW = "another secret for tests, thirty-two characters long"
CLOCKS = [-90, -LEEWAY_S, -2, 0, 2, LEEWAY_S - 1]


@contextmanager
def asks(phone: Phone, world: World, **changed: str | None) -> Iterator[Phone]:
    """The phone talks to a process with other settings."""
    before = phone._client
    phone._client = create_app(replace(world.settings, **changed), world.web).test_client()  # type: ignore[arg-type]
    yield phone
    phone._client = before


def made_by_a_clock(phone: Phone, world: World, ahead_s: float) -> None:
    maker = world.app.extensions["hereabouts"].tokens
    claims = maker.read_access_token(phone.tokens["access_token"])
    at = clock.now() + timedelta(seconds=ahead_s)
    phone.tokens["access_token"] = maker.access_token(claims.session_id, claims.organisation_id, at)


@pytest.mark.parametrize("ahead_s", CLOCKS)
def test_a_token_of_a_clock_that_differs_a_little_is_good(world: World, ahead_s: int) -> None:
    admin = world.organisation().admin
    made_by_a_clock(admin, world, ahead_s)
    admin.get("/v1/me")


@pytest.mark.parametrize("ahead_s", [LEEWAY_S + 5, 3_600, 70 * 86_400, -86_400, -365 * 86_400])
def test_one_that_is_early_or_late_is_refreshed_and_nobody_signs_in_again(world: World, ahead_s: int) -> None:
    admin = world.organisation().admin
    made_by_a_clock(admin, world, ahead_s)
    assert admin.get("/v1/me", 401)["code"] == "token_expired"
    admin.keeps(admin.post("/v1/sessions/refresh", {"refresh_token": admin.tokens["refresh_token"]}))
    admin.get("/v1/me")


def test_with_the_former_key_beside_the_new_one_all_goes_on(world: World) -> None:
    org = world.organisation()
    alice = org.person("Alice")
    invited = org.admin.post("/v1/admin/invitations", {"role": "member", "scope_ids": []}, 201)["code"]
    site = org.admin.post("/v1/admin/sites", feature(square(127, 37.5, 0.001), name="Depot"), 201)["id"]
    marker = org.admin.post(f"/v1/admin/places/{site}/markers", {"kind": "printed", "name": "Door"}, 201)
    shown = org.admin.get(f"/v1/admin/markers/{marker['id']}/code")["code"]
    used = {"refresh_token": alice.tokens["refresh_token"]}
    before = alice.post("/v1/sessions/refresh", used, Idempotency_Key="lost in a lift")
    with asks(alice, world, secret_key=NEW, former_secret_key=world.settings.secret_key):
        alice.get("/v1/me")
        alice.post("/v1/me/check-ins", {"kind": "code", "code": shown}, 201)
        again = alice.post("/v1/sessions/refresh", used, Idempotency_Key="lost in a lift")
        assert again["refresh_token"] == before["refresh_token"]
        alice.keeps(again)
        alice.get("/v1/me")
    newcomer = Phone(org, "Bob")
    with asks(newcomer, world, secret_key=NEW):
        account = {"email": "bob@example.com", "name": "Bob", "password": "correct horse battery"}
        body = {"code": invited, "device": newcomer.app, **account}
        newcomer.keeps(newcomer.post("/v1/invitations/accept", body, 201))
        newcomer.get("/v1/me")


def test_without_the_former_key_apps_refresh_once(world: World) -> None:
    alice = world.organisation().person("Alice")
    with asks(alice, world, secret_key=NEW):
        assert alice.get("/v1/me", 401)["code"] == "token_expired"
        alice.keeps(alice.post("/v1/sessions/refresh", {"refresh_token": alice.tokens["refresh_token"]}))
        alice.get("/v1/me")
    assert alice.get("/v1/me", 401)["code"] == "token_expired", "a process that knows the old key alone"


def test_what_is_no_token_of_ours_is_refused(world: World) -> None:
    maker = TokenMaker(NEW, 900)
    good = maker.access_token(*_ids(world), clock.now())
    head, body, signature = good.split(".")
    for forged in ("", "nonsense", f"{head}.{body}.", f"{head}.{body[:-2]}AA.{signature}", f"{head}.{body}"):
        with pytest.raises(Unauthenticated):
            maker.read_access_token(forged)
    with pytest.raises(TokenExpired):
        TokenMaker("x" * 32, 900).read_access_token(good)
    assert maker.read_access_token(good).expires_at > time.time()


def test_an_operator_signs_everybody_out(world: World) -> None:
    org, other = world.organisation(), world.organisation()
    alice = org.person("Alice")
    assert sign_out(world.worker, org.slug) == 2
    assert alice.get("/v1/me", 401)["code"] == "session_ended"
    alice.post("/v1/sessions/refresh", {"refresh_token": alice.tokens["refresh_token"]}, 401)
    other.admin.get("/v1/me")


def _ids(world: World) -> tuple[UUID, UUID]:
    org: Organisation = world.organisation()
    claims = world.app.extensions["hereabouts"].tokens.read_access_token(org.admin.tokens["access_token"])
    return claims.session_id, claims.organisation_id
