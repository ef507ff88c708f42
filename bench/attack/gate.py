"""Ghosts: one phone that opens account after account at the gate."""

import secrets
from functools import partial
from typing import Any

from bench.attack.case import Case
from bench.attack.client import at_once
from bench.attack.stage import Stage
from tests.stories.checkins import marker
from tests.stories.musters import calls

GHOSTS = 1_000
_NO_BURST = 25  # so many may come within a few minutes without being marked


def one_installation(stage: Stage) -> list[str]:
    """The same installation, a thousand times: one living account at most, and whoever is real gets in."""
    return _haunted(stage, lambda n: ("the-same-installation", "127.0.0.10"), 1)


def made_up_installations(stage: Stage) -> list[str]:
    """Another installation each time, from one address."""
    return _haunted(stage, lambda n: (secrets.token_hex(8), "127.0.0.11"), 120)


def many_addresses(stage: Stage) -> list[str]:
    """Another installation and another address each time: those who came in a burst are marked."""
    return _haunted(stage, lambda n: (secrets.token_hex(8), f"127.0.6.{n % 250 + 1}"), GHOSTS)


def _haunted(stage: Stage, who: Any, most_expected: int) -> list[str]:
    org = stage.world.organisation("Gate")
    site = org.site("Gate")
    gate = marker(org, site, admits_visitors_hours=8)
    code = org.admin.get(f"/v1/admin/markers/{gate}/code")["code"]
    answers = at_once([partial(_enters, stage, code, *who(n)) for n in range(GHOSTS)], 8)
    opened = sum(answer.status == 201 for answer in answers)
    if opened >= GHOSTS:  # so many may come by one turn of a code; then somebody turns it
        org.admin.post(f"/v1/admin/markers/{gate}/turn")
        code = org.admin.get(f"/v1/admin/markers/{gate}/code")["code"]
    real = _enters(stage, code, secrets.token_hex(8), "127.0.8.8")
    found = [] if real.status == 201 else [f"a real visitor was refused: {real.status} {real.code}"]
    stage.world.relays()
    counts = org.admin.get(f"/v1/musters/{calls(org.admin, site)}")["counts"]
    unmarked = counts["expected"] - counts["unaccounted_in_burst"]
    print(f"  {opened} of {GHOSTS} were let in; the roll call counts {counts}")
    if counts["expected"] > most_expected + 1:
        found.append(f"{counts['expected']} are expected")
    return found + ([f"{unmarked} ghosts are not marked"] if unmarked > _NO_BURST else [])


def _enters(stage: Stage, code: str, installation: str, source: str) -> Any:
    device = {"installation_id": installation, "platform": "android"}
    body = {"code": code, "name": "Ghost", "locale": "en", "device": device}
    client = stage.client(source=source)
    answer = client.ask("POST", "/v1/visitors", body)
    client.close()
    return answer


CASES = (
    Case("gate.one_installation", one_installation),
    Case("gate.made_up_installations", made_up_installations),
    Case("gate.many_addresses", many_addresses),
)
