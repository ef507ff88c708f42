"""Guessing: at passwords, at tokens, at codes; and what guessing does to those who know."""

import secrets
from functools import partial
from typing import Any

from bench.attack.case import Case
from bench.attack.client import at_once
from bench.attack.stage import Stage
from tests.world import PASSWORD

ALLOWED = 10


def made_up(stage: Stage) -> list[str]:
    """Sign-ins of people who do not exist, 40 at the same time."""
    acts = [
        partial(
            stage.client(source=f"127.0.3.{n % 200 + 1}").ask,
            "POST",
            "/v1/sessions",
            _sign_in(stage.org.slug, f"{secrets.token_hex(4)}@example.com", "wrong password"),
        )
        for n in range(400)
    ]
    at_once(acts, 40)
    return []


def at_once_on_one(stage: Stage) -> list[str]:
    """60 guesses at one password at the same time, by several spellings of the address: ten are looked at."""
    stage.org.person("Gulda")
    spelt = ("gulda@example.com", "GULDA@example.com", " gulda@Example.com ", "ｇulda@example.com")
    acts = [
        partial(
            stage.client(source="127.0.0.4").ask,
            "POST",
            "/v1/sessions",
            _sign_in(stage.org.slug, spelt[n % len(spelt)], f"a guess {n}"),
        )
        for n in range(60)
    ]
    checked = sum(answer.code == "sign_in_refused" for answer in at_once(acts, 60))
    # What is spelt with other letters is another account to the database, which is not there: it counts by itself.
    return [f"{checked} of 60 guesses were looked at"] if checked > 2 * ALLOWED else []


def the_dotted_i(stage: Stage) -> list[str]:
    """The administrator's address in the spellings that small letters have elsewhere: all of them are one account."""
    spelt = ("admin@example.com", "ADMIN@example.com", "admİn@example.com", "admın@example.com")
    guesses = [
        stage.client(source="127.0.0.5").ask(
            "POST", "/v1/sessions", _sign_in(stage.org.slug, spelt[n % 2], f"a guess {n}")
        )
        for n in range(2 * ALLOWED)
    ]
    checked = sum(answer.code == "sign_in_refused" for answer in guesses)
    return [f"{checked} guesses by two spellings were looked at"] if checked > ALLOWED else []


def owner_gets_in(stage: Stage) -> list[str]:
    """Behind all that guessing, whoever knows the password gets in from another address."""
    stage.org.person("Olga")
    for n in range(3 * ALLOWED):
        wrong = _sign_in(stage.org.slug, "olga@example.com", f"a guess {n}")
        stage.client(source="127.0.0.6").ask("POST", "/v1/sessions", wrong)
    right = _sign_in(stage.org.slug, "olga@example.com", PASSWORD)
    answer = stage.client(source="127.0.7.7").ask("POST", "/v1/sessions", right)
    return [] if answer.status == 201 else [f"the owner was refused: {answer.status} {answer.code}"]


def tokens(stage: Stage) -> list[str]:
    """2,000 tokens that are none."""
    acts = [
        partial(stage.client(secrets.token_urlsafe(60), "127.0.0.8").ask, "GET", "/v1/me")
        for _ in range(2_000)
    ]
    statuses = {answer.status for answer in at_once(acts, 16)}
    return [f"statuses {statuses}"] if statuses - {401, 429} else []


def codes(stage: Stage) -> list[str]:
    """Codes of invitations, of the gate and for new passwords, at random."""
    app = {"installation_id": secrets.token_hex(8), "platform": "android"}
    account = {"name": "X", "email": "x@example.com", "password": PASSWORD, "device": app}
    reset = {"organisation": stage.org.slug, "email": "admin@example.com", "password": PASSWORD}
    acts = []
    for _ in range(200):
        code = secrets.token_urlsafe(16)
        for path, body in (
            ("/v1/invitations/accept", {"code": code, **account}),
            ("/v1/visitors", {"code": code, "name": "X", "device": app}),
            ("/v1/password-resets", {"code": code, **reset}),
        ):
            acts.append(partial(stage.client(source="127.0.0.9").ask, "POST", path, body))
    statuses = {answer.status for answer in at_once(acts, 16)}
    return [f"statuses {statuses}"] if statuses - {400, 401, 403, 404, 422, 429, 503} else []


def _sign_in(organisation: str, email: str, password: str) -> dict[str, Any]:
    device = {"installation_id": secrets.token_hex(8), "platform": "android"}
    return {"organisation": organisation, "email": email, "password": password, "device": device}


CASES = (
    Case("guesses.made_up", made_up, 256),  # as many hashes at a time as there are cores, of 64 MB each
    Case("guesses.at_once_on_one", at_once_on_one, 256),
    Case("guesses.the_dotted_i", the_dotted_i, 256),
    Case("guesses.owner_gets_in", owner_gets_in, 256),
    Case("guesses.tokens", tokens),
    Case("guesses.codes", codes, 256),
)
