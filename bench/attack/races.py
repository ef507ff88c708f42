"""Twenty at once for what is good once: an invitation, a refresh token, the last administrator's account."""

import secrets
from functools import partial
from typing import Any

from bench.attack.case import Case
from bench.attack.client import Answer, at_once
from bench.attack.stage import Kind, Stage
from tests.world import PASSWORD, Organisation

AT_ONCE, TIMES = 20, 5


def one_invitation(stage: Stage) -> list[str]:
    """An invitation for one, redeemed by twenty."""
    found = []
    for _ in range(TIMES):
        org = stage.new_organisation()
        code = org.admin.post("/v1/admin/invitations", {"role": "member", "uses": 1}, 201)["code"]
        acts = [
            partial(stage.client(source=_source(n)).ask, "POST", "/v1/invitations/accept", _account(code))
            for n in range(AT_ONCE)
        ]
        opened = _opened(at_once(acts, AT_ONCE))
        people = len(org.admin.get("/v1/admin/people?limit=100")["items"])
        if opened != 1 or people != 2:
            found.append(f"{opened} were let in, {people} accounts are there")
    return found


def one_refresh_token(stage: Stage) -> list[str]:
    """A refresh token, stolen from twenty phones: whoever of them gets in, the session is over for all."""
    found = []
    for _ in range(TIMES):
        org = stage.new_organisation()
        body = {"refresh_token": org.admin.tokens["refresh_token"]}
        acts = [
            partial(stage.client(source=_source(n)).ask, "POST", "/v1/sessions/refresh", body)
            for n in range(AT_ONCE)
        ]
        answers = at_once(acts, AT_ONCE)
        tokens = [answer.json["access_token"] for answer in answers if answer.status == 200]
        alive = [token for token in tokens if stage.client(token).ask("GET", "/v1/me").status != 401]
        if len(tokens) > 1 or alive:
            found.append(f"{len(tokens)} were given tokens, {len(alive)} of them are good")
    return found


def last_administrators(stage: Stage) -> list[str]:
    """Two administrators end each other's account at once, again and again: one is left each time."""
    found = []
    for _ in range(TIMES):
        org = stage.new_organisation()
        pair = [org.admin, org.person("Bora", role="organisation_administrator")]
        whom = [pair[1].id, pair[0].id]
        acts = [
            partial(stage.client(each.tokens["access_token"]).ask, "DELETE", f"/v1/admin/people/{other}")
            for each, other in zip(pair, whom, strict=True)
            for _ in range(AT_ONCE // 2)
        ]
        at_once(acts, AT_ONCE)
        if not _somebody_administers(stage, org, [each.tokens["access_token"] for each in pair]):
            found.append("nobody administers the organisation any more")
    return found


def _somebody_administers(stage: Stage, org: Organisation, tokens: list[str]) -> bool:
    return any(stage.client(token).ask("GET", "/v1/admin/people").status == 200 for token in tokens)


def _account(code: str) -> dict[str, Any]:
    device = {"installation_id": secrets.token_hex(8), "platform": "android"}
    email = f"{secrets.token_hex(6)}@example.com"
    return {"code": code, "email": email, "name": "One of twenty", "password": PASSWORD, "device": device}


def _opened(answers: list[Answer]) -> int:
    return sum(answer.status == 201 for answer in answers)


def _source(number: int) -> str:
    return f"127.0.4.{number + 1}"


CASES = (
    Case("races.one_invitation", one_invitation, on=Kind.UNPACED),
    Case("races.one_refresh_token", one_refresh_token, on=Kind.UNPACED),
    Case("races.last_administrators", last_administrators, on=Kind.UNPACED),
)
