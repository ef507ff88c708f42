"""`python -m bench.push_plan`: an announcement to 45,000 phones worked out and queued, while others go on posting.

The posts are measured beside it and without it; what they wait for is the machine, and no lock.
"""

import threading
import time
from uuid import UUID

from sqlalchemy import text

from bench.report import percentile, report
from bench.stage import DATABASE, UNHURRIED, migrated_cluster
from push.plans.planner import plan
from tests.world import Organisation, World

PHONES = 45_000
_POSTS = 200
_PEOPLE = """
INSERT INTO persons (id, organisation_id, email, name)
SELECT gen_random_uuid(), :org, 'person-' || n || '@example.com', 'Person ' || n FROM generate_series(1, :n) n;
INSERT INTO devices (id, organisation_id, person_id, installation_id, platform, push_address, push_address_kind,
    last_seen_at)
SELECT gen_random_uuid(), :org, id, id::text, 'android', 'address-' || id, 'token',
    now() - interval '1 hour' FROM persons
WHERE organisation_id = :org AND email LIKE 'person-%';
INSERT INTO sessions (id, organisation_id, person_id, device_id, expires_at)
SELECT gen_random_uuid(), :org, person_id, id, now() + interval '30 days' FROM devices
WHERE organisation_id = :org AND push_address LIKE 'address-%';
"""


def main() -> None:
    """Make the organisation and measure."""
    with migrated_cluster() as (cluster, _):
        world = World(cluster, DATABASE, **UNHURRIED)
        org = crowd(world, PHONES)
        report("push_audience_queued_45000", queue_audience(org), "ms", 2_000.0)
        report("the account of an alert to 45,000", _account(org, "/summary"), "ms", 500.0)
        report("a page of those who are silent on it", _account(org, "?status=silent"), "ms", 200.0)
        others = world.organisation()
        calm = _posts(org, others, threading.Event())
        queueing = _beside(org, others)
        report("a post's p99 while 45,000 are queued", percentile(queueing, 0.99), "ms", 200.0)
        report("a post's longest while 45,000 are queued", max(queueing), "ms", 500.0)
        report("a post's p99 on its own", percentile(calm, 0.99), "ms", 200.0)
        world.close()


def crowd(world: World, phones: int) -> Organisation:
    """An organisation of so many people with a phone each."""
    org = world.organisation()
    with world.owner() as connection:
        for statement in _PEOPLE.strip().split(";\n"):
            connection.execute(text(statement.rstrip(";")), {"org": org.id, "n": phones})
    with world.owner() as connection:
        connection.execute(text("ANALYZE"))
    _plan_all(world)
    return org


def queue_audience(org: Organisation, phones: int = PHONES) -> float:
    """Milliseconds from the event in the journal to all of its deliveries queued."""
    post = org.admin.posts(str(org.id), "The gates close at six today.")
    org.world.relays()
    began = time.perf_counter()
    _plan_all(org.world)
    took = (time.perf_counter() - began) * 1000
    queued = _queued(org.world, UUID(post["id"]))
    if queued != phones:
        raise AssertionError(f"{queued} of {phones} were queued")
    return took


def _account(org: Organisation, tail: str) -> float:
    """How long a manager waits (ms) to see who has acknowledged an alert to everyone."""
    alert = org.admin.post(f"/v1/admin/scopes/{org.id}/alerts", {"text": "Gas leak"}, 201)
    began = time.perf_counter()
    org.admin.get(f"/v1/admin/posts/{alert['id']}/acknowledgements{tail}")
    took = (time.perf_counter() - began) * 1000
    _plan_all(org.world)
    return took


def _beside(org: Organisation, others: Organisation) -> list[float]:
    """How long posts take (ms), in this organisation and in another one, while an audience is queued."""
    done = threading.Event()

    def queue() -> None:
        queue_audience(org)
        done.set()

    queueing = threading.Thread(target=queue)
    queueing.start()
    times = _posts(org, others, done)
    queueing.join()
    return times


def _posts(org: Organisation, others: Organisation, done: threading.Event) -> list[float]:
    times: list[float] = []
    site = org.site(f"Site {time.monotonic_ns()}", admission="assigned")
    while not done.is_set() and len(times) < _POSTS:
        for phone, scope in ((org.admin, site), (others.admin, str(others.id))):
            began = time.perf_counter()
            phone.posts(scope, "The crane is free.")
            times.append((time.perf_counter() - began) * 1000)
    return times


def _plan_all(world: World) -> None:
    while True:
        world.relays()
        with world.worker.transaction() as session:
            if plan(session).read == 0:
                return


def _queued(world: World, post_id: UUID) -> int:
    counted = text(
        "SELECT count(*) FROM deliveries d JOIN notifications n ON n.id = d.notification_id WHERE n.subject_id = :post"
    )
    with world.worker.transaction() as session:
        return session.scalar(counted, {"post": post_id}) or 0


if __name__ == "__main__":
    main()
