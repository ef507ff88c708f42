"""`make bench-auth`: what it costs to know who asks and what they may, and what a crowd that signs in costs others.

request      of a member's request: the token read, the actor loaded, the permission and the scope judged
crowd        20 people sign in at once, with hashes as dear as they are meant to be, beside people at work
audit        a million entries, searched by person and time
ended        an account is ended: its sockets close, and nothing is pushed to its phone after that
"""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import requests

from bench import audit
from bench.attack.honest import Honest
from bench.live_world import signed_in
from bench.report import report
from bench.stage import running_product
from people.permissions import Permission
from people.scopes.scopes import scope_for
from people.services.tokens import actor_of_claims
from tests.product import Product
from tests.stories.statements import statements
from tests.world import PASSWORD, Organisation, Phone

ROUNDS, CROWD, SECONDS, ENDED = 2_000, 20, 12.0, 5
_WORKERS, _PATIENCE_S, _QUIET_S = 10, 30.0, 6.0
_DEAR = {"PASSWORD_MEMORY_KIB": "65536", "POOL_SIZE": "20"}


def main() -> None:
    """One line each."""
    with running_product() as (_, product):
        of_a_request(product)
        crowd(product)
        ended(product)
    audit.main()


def of_a_request(product: Product) -> None:
    """Milliseconds and statements between a request's token and what it may, beside those of the whole request."""
    org = product.world.organisation()
    site = org.site(admission="assigned")
    token = org.person("Mel", scopes=[site]).tokens["access_token"]
    times = [_knows(product, token, site) for _ in range(ROUNDS)]
    with statements(product.world.web.engine) as asked:
        _knows(product, token, site)
    own = [statement for statement, _ in asked if "set_config" not in statement]
    report("auth_of_a_request", statistics.median(times), "ms", 1.0)
    report("auth_of_a_request_statements", len(own), "statements", 2)


def _knows(product: Product, token: str, site: str) -> float:
    shared = product.world.app.extensions["hereabouts"]
    began = time.perf_counter()
    claims = shared.read_access_token(token)
    read = time.perf_counter() - began
    with product.world.web.transaction(claims.organisation_id) as session:
        began = time.perf_counter()
        actor = actor_of_claims(session, claims, "127.0.0.1")
        assert actor.may(Permission.ACCOUNT_USE)
        scope_for(session, actor, UUID(site), Permission.POSTS_READ)
        return (read + time.perf_counter() - began) * 1000


def crowd(product: Product) -> None:
    """What people at work wait for while twenty sign in at once, again and again."""
    org = product.world.organisation()
    site = org.site(admission="assigned")
    people = [org.person(f"Person{number}") for number in range(CROWD)]
    (address,) = product.start_other_webs("dear", **_DEAR)
    honest = Honest(int(address.rpartition(":")[2]), signed_in(org, _WORKERS, [site]), site)
    honest.so_far()
    until = time.monotonic() + SECONDS
    taken: list[float] = []
    with ThreadPoolExecutor(CROWD) as doors:
        for statuses in iter(lambda: list(doors.map(lambda each: _enters(address, org, each), people)), None):
            taken += [seconds for status, seconds in statuses if status == 201]
            if time.monotonic() > until:
                break
    waits = honest.so_far()
    honest.stop()
    report("auth_crowd_others_p99", waits.p99, "ms", 100)
    report("auth_crowd_signs_in_p50", statistics.median(taken) * 1000, "ms", 2_000)
    product.stop_part("dear")


def _enters(address: str, org: Organisation, person: Phone) -> tuple[int, float]:
    began = time.monotonic()
    body = {
        "organisation": org.slug,
        "email": f"{person.name.lower()}@example.com",
        "password": PASSWORD,
        "device": person.app,
    }
    status = requests.post(f"{address}/v1/sessions", json=body, timeout=60).status_code
    return status, time.monotonic() - began


def ended(product: Product) -> None:
    """Seconds from the answer that an account is ended to the end of its socket; pushes to it after that."""
    org = product.world.organisation()
    longest, pushed = 0.0, 0
    for number in range(ENDED):
        site = org.site(
            f"Site {number}", admission="assigned"
        )  # an alert that holds wakes whoever comes later
        leaver = org.person(f"Leaver{number}", scopes=[site])
        phone, address = product.phone(org.slug, leaver.name), f"leaver-{number}-" + "0" * 20
        phone.put("/v1/me/device/push", {"kind": "token", "address": address})
        phone.open_app()
        before = len(product.pushed(address, wait_s=_QUIET_S))  # that they signed in on another phone
        org.admin.delete(f"/v1/admin/people/{leaver.id}")
        began = time.monotonic()
        org.admin.post(f"/v1/admin/scopes/{site}/alerts", {"text": "Leave the site at once."}, 201)
        while phone.connected and time.monotonic() - began < _PATIENCE_S:
            time.sleep(0.005)
        longest = max(longest, time.monotonic() - began)
        pushed += len(product.pushed(address, before + 1, wait_s=_QUIET_S)) - before
        phone.close_app()
    report("auth_ended_sockets_close", longest, "s", 1.0)
    report("auth_ended_pushes_after", pushed, "pushes", 0)


if __name__ == "__main__":
    main()
