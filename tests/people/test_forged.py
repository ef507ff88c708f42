"""Tokens that nobody made, or that were made for something else: each kind is good for one thing."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest

from base import clock, ids
from base.errors import Unauthenticated
from people.sign_in.keys import ACCESS, CONTENT, Keys
from people.sign_in.statements import TokenExpired
from people.sign_in.tokens import TokenMaker
from push.credentials import CredentialOver, read_credential
from tests.stories.services import service
from tests.world import Organisation, Phone

KEYS = Keys("k" * 32)
MAKER = TokenMaker("k" * 32, 900, keys=KEYS)
NAME, KEY = KEYS.signing(ACCESS)


def head(**changed: Any) -> dict[str, Any]:
    return {"alg": "HS256", "typ": "at+jwt", "kid": NAME} | changed


def claims(**changed: Any) -> dict[str, Any]:
    said = {
        "iss": "hereabouts",
        "aud": "hereabouts/api",
        "iat": clock.seconds(),
        "exp": clock.seconds() + 900,
    }
    said |= {"sid": str(ids.new_id()), "org": str(ids.new_id())} | changed
    return {name: value for name, value in said.items() if value is not ...}


def made(its_head: dict[str, Any], its_claims: dict[str, Any], key: bytes = KEY) -> str:
    """A token whose signature is right, whatever it says."""
    signing_input = b".".join(map(coded, (its_head, its_claims)))
    signature = jwt.get_algorithm_by_name(
        its_head["alg"] if its_head["alg"].startswith("HS") else "HS256"
    ).sign(signing_input, key)
    return b".".join((signing_input, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


def coded(value: Any) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def test_what_is_as_it_should_be_is_read() -> None:
    said = claims()
    read = MAKER.read_access_token(made(head(), said))
    assert (str(read.session_id), str(read.organisation_id)) == (said["sid"], said["org"])
    assert jwt.get_unverified_header(MAKER.access_token(ids.new_id(), ids.new_id(), clock.now())) == head()


@pytest.mark.parametrize(
    "changed",
    [
        {"alg": "HS512"},
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "RS256"},
        {"alg": "ES256"},
        {"typ": "JWT"},
        {"typ": "at+JWT"},
        {"typ": "application/at+jwt"},
        {"typ": "notification+jwt"},
        {"typ": None},
        {"typ": ["at+jwt"]},
        {"b64": False, "crit": ["b64"]},
        {"alg": "HS256", "kid": 1},
        {"kid": [NAME]},
        {"kid": {"name": NAME}},
    ],
    ids=str,
)
def test_another_head_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        MAKER.read_access_token(made(head(**changed), claims()))
    assert not isinstance(refused.value, TokenExpired)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "somebody"},
        {"iss": ...},
        {"aud": "hereabouts"},
        {"aud": "hereabouts/notification"},
        {"aud": ["hereabouts/api"]},
        {"aud": ...},
        {"exp": ...},
        {"exp": "soon"},
        {"exp": None},
        {"iat": ...},
        {"sid": ...},
        {"sid": "x"},
        {"sid": 7},
        {"org": ...},
        {"org": {}},
    ],
    ids=str,
)
def test_other_claims_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        MAKER.read_access_token(made(head(), claims(**changed)))
    assert not isinstance(refused.value, TokenExpired)


@pytest.mark.parametrize("name", ["", "first", "nobody's", "x" * 10_000, "0" * 8, "\0"])
def test_a_key_that_is_not_known_is_a_token_that_is_over(name: str) -> None:
    with pytest.raises(TokenExpired):
        MAKER.read_access_token(made(head(kid=name), claims()))


@pytest.mark.parametrize("exp", [0, -1, float("-inf"), float("nan")])
def test_a_time_that_is_over_or_none_is_refused(exp: float) -> None:
    with pytest.raises(Unauthenticated):
        MAKER.read_access_token(made(head(), claims(exp=exp)))


def credential(keys: Keys, **changed: Any) -> str:
    name, key = keys.signing(CONTENT)
    said = claims(
        aud="hereabouts/notification", sid=..., delivery=str(ids.new_id()), notification=str(ids.new_id())
    )
    return made(head(typ="notification+jwt", kid=name), said | changed, key)


def test_a_credential_of_a_push_opens_nothing_else(org: Organisation) -> None:
    bob = org.person("Bob")
    bob.tokens = {"access_token": credential(org.world.keys, sid=bob.session_id, org=str(org.id))}
    assert bob.get("/v1/me", 401)["code"] == "unauthenticated"
    bob.post("/v1/sessions/refresh", {"refresh_token": bob.tokens["access_token"]}, 422)


def test_an_access_token_is_no_credential_of_a_push() -> None:
    both = {"delivery": str(ids.new_id()), "notification": str(ids.new_id())}
    for forged in (made(head(), claims(**both)), made(head(typ="notification+jwt"), claims(**both))):
        with pytest.raises(Unauthenticated):
            read_credential(KEYS, forged)


def test_a_credential_is_over_after_its_minutes() -> None:
    read_credential(KEYS, credential(KEYS))
    with pytest.raises(CredentialOver):
        read_credential(KEYS, credential(KEYS, exp=clock.seconds()))


Swap = Callable[[Organisation, Phone], str]


@pytest.mark.parametrize(
    "swap",
    [
        lambda org, bob: bob.tokens["refresh_token"],
        lambda org, bob: "hst_" + bob.tokens["refresh_token"],
        lambda org, bob: bob.session_id,
        lambda org, bob: bob.app["installation_id"],
        lambda org, bob: service(org, "scope:posts:read").made["token"].removeprefix("hst_"),
        lambda org, bob: bob.tokens["access_token"].rpartition(".")[0] + ".",
        lambda org, bob: bob.tokens["access_token"] * 2,
    ],
    ids=["refresh", "refresh-as-service", "session", "installation", "half-a-service", "unsigned", "twice"],
)
def test_nothing_else_that_one_has_is_an_access_token(org: Organisation, swap: Swap) -> None:
    bob = org.person("Bob")
    thief = Phone(org, "Thief")
    thief.tokens = {"access_token": swap(org, bob)}
    assert thief.get("/v1/me", 401)["code"] == "unauthenticated"


def test_a_token_lasts_a_quarter_of_an_hour_at_most(org: Organisation) -> None:
    bob = org.person("Bob")
    said = jwt.decode(bob.tokens["access_token"], options={"verify_signature": False})
    assert said["exp"] - said["iat"] == bob.tokens["expires_in"] == timedelta(minutes=15).total_seconds()
