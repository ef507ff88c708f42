"""One person, device or address that asks as often as it can."""

from functools import partial

from bench.attack.case import Case
from bench.attack.client import Answer, at_once
from bench.attack.stage import Stage

_TRIES, _THREADS = 2_000, 8


def reads(stage: Stage) -> list[str]:
    """One person reads all day long."""
    token = stage.tokens(1)[0]
    paths = ("/v1/feed", f"/v1/scopes/{stage.site}/posts?limit=100", "/v1/sync?after=0", "/v1/me/unread")
    acts = [partial(stage.client(token).ask, "GET", paths[n % len(paths)]) for n in range(_TRIES)]
    return _slowed(at_once(acts, _THREADS))


def writes(stage: Stage) -> list[str]:
    """One person writes as fast as the network carries it."""
    token = stage.tokens(1)[0]
    path = f"/v1/scopes/{stage.site}/posts"
    acts = [partial(stage.client(token).ask, "POST", path, {"text": f"spam {n}"}) for n in range(_TRIES)]
    return _slowed(at_once(acts, _THREADS))


def fixes(stage: Stage) -> list[str]:
    """A phone that sends its positions without a pause."""
    token = stage.tokens(1)[0]
    body = {"fixes": [{"lon": 127.0, "lat": 37.5, "accuracy_m": 10, "at": "2026-01-01T00:00:00Z"}] * 100}
    acts = [partial(stage.client(token).ask, "POST", "/v1/me/fixes", body) for _ in range(_TRIES)]
    return _slowed(at_once(acts, _THREADS))


def invitations(stage: Stage) -> list[str]:
    """An administrator's stolen token invites."""
    body = {"role": "member", "scope_ids": []}
    acts = [
        partial(stage.administrator().ask, "POST", "/v1/admin/invitations", body) for _ in range(_TRIES // 2)
    ]
    return _slowed(at_once(acts, _THREADS))


def _slowed(answers: list[Answer]) -> list[str]:
    """They were told to slow down, by which limit and until when."""
    refused = [answer for answer in answers if answer.status == 429]
    found = [] if refused else ["nobody was told to slow down"]
    for answer in refused[:1]:
        if not answer.headers.get("retry-after", "").isdigit():
            found.append("429 without Retry-After")
        if "ratelimit-policy" not in answer.headers:
            found.append("429 without RateLimit-Policy")
    return found


CASES = (
    Case("pace.reads", reads),
    Case("pace.writes", writes),
    Case("pace.fixes", fixes),
    Case("pace.invitations", invitations),
)
