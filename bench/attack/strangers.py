"""Another organisation: every route with our ids, every kind of token that is none, every path after leaving."""

import base64
import json
import time

import jwt

from bench.attack.case import Case
from bench.attack.client import Client
from bench.attack.stage import Kind, Stage
from tests.api.operations import OPERATIONS, json_body, least_query
from tests.stories.things import filled, things

_WORDS = "attacked-words-that-nobody-else-may-read"


def other_organisation(stage: Stage) -> list[str]:
    """An administrator and a member of another organisation ask every route for what is ours."""
    known = things(stage.org, stage.org.person("Thea"), stage.site, stage.org.zone(stage.site))
    stage.org.admin.posts(stage.site, _WORDS)
    other = stage.new_organisation()
    found = []
    for token in (other.admin.tokens["access_token"], other.person("Mallory").tokens["access_token"]):
        found += _asks_everything(stage.client(token), known)
    return found


def forged_tokens(stage: Stage) -> list[str]:
    """Tokens without a signature, with another key, another algorithm, another time, and of another's session."""
    token = stage.org.admin.tokens["access_token"]
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged: list[str] = [
        f"{_coded({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        f"{_coded({'alg': 'None'})}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature[:-2]}AA",
        f"{head}.{_coded(claims | {'exp': int(time.time()) + 10**9})}.{signature}",
        f"{head}.{_coded(claims | {'sub': stage.site})}.{signature}",
        *(jwt.encode(claims, key * 32, "HS256") for key in "ks-"),
        jwt.encode(claims | {"exp": 10**12}, "k" * 64, "HS512"),
        *(f" {token} x", token + ".", token * 2, "", "null", "undefined", "." * 3),
    ]
    found = []
    for one in forged:
        answer = stage.client(one).ask("GET", "/v1/me")
        if answer.status != 401:
            found.append(f"{one[:30]}…: {answer.status}")
    return found


def after_leaving(stage: Stage) -> list[str]:
    """Somebody's membership ends: no path gives them anything of the site any more."""
    org = stage.new_organisation()
    site = org.site(admission="assigned")
    leaver = org.person("Lea", scopes=[site])
    known = things(org, leaver, site, org.zone(site))
    org.admin.posts(site, _WORDS)
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{leaver.id}")
    stage.world.relays()
    client = stage.client(leaver.tokens["access_token"])
    found = _asks_everything(client, known, may_answer=True)
    for path in ("/v1/sync?after=0", "/v1/feed", "/v1/me/unread", "/v1/me/notifications"):
        if _WORDS.encode() in client.ask("GET", path).body:
            found.append(f"{path} tells")
    return found


def _asks_everything(client: Client, known: dict[str, str], *, may_answer: bool = False) -> list[str]:
    found = []
    for method, path, operation in OPERATIONS:
        if "{" not in path:
            continue
        content = json_body(operation)
        body = content["example"] if content else {} if method in ("POST", "PUT", "PATCH") else None
        answer = client.ask(method, filled(path, known) + least_query(operation), body, If_Match="*")
        if _WORDS.encode() in answer.body or (answer.status < 300 and not may_answer):
            found.append(f"{method} {path}: {answer.status}")
    return found


def _coded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


CASES = (
    Case("strangers.other_organisation", other_organisation, on=Kind.UNPACED),
    Case("strangers.forged_tokens", forged_tokens, on=Kind.UNPACED),
    Case("strangers.after_leaving", after_leaving, on=Kind.UNPACED),
)
