"""`python -m bench.audit`: the audit log of a large organisation, searched by person and time.

A million entries of two years, of a thousand people. Each search is a request's own, in a transaction: the web's role,
held by row-level security; a page of fifty entries, of somebody and a stretch of time that no other search asked for.
"""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from base import clock, ids
from bench.report import percentile, report
from bench.stage import DATABASE, UNHURRIED, migrated_cluster
from people.audit.search import Wanted, search
from tests.world import Organisation, World

ENTRIES, PERSONS, SEARCHES, PAGE, DAYS, MOST_MS = 1_000_000, 1_000, 500, 50, 730, 50.0
_FILL = text(
    """
    INSERT INTO audit_entries (id, organisation_id, at, action, result, code, actor_id, person_id, subject_kind,
        subject_id, address, device_id, session_id, agent, before, after)
    SELECT gen_random_uuid(), :org, now() - random() * make_interval(days => :days),
        (ARRAY['sign_in', 'assign_person', 'search_audit', 'edit_site', 'list_present_in_site'])[1 + n % 5],
        CASE n % 20 WHEN 0 THEN 'refused' ELSE 'done' END, CASE n % 20 WHEN 0 THEN 'forbidden' END,
        (CAST(:people AS uuid[]))[1 + (n * 7) % :persons], (CAST(:people AS uuid[]))[1 + n % :persons],
        'site', gen_random_uuid(), '203.0.113.7', gen_random_uuid(), gen_random_uuid(), 'Console 3',
        '{"role": "member"}', '{"role": "manager"}'
    FROM generate_series(1, :entries) n
    """
)


def main() -> None:
    """On a cluster of its own."""
    with migrated_cluster() as (cluster, _):
        world = World(cluster, DATABASE, **UNHURRIED)
        measure(world)
        world.close()


def measure(world: World, entries: int = ENTRIES) -> bool:
    """Fill the log, search it, report; whether the goal was met."""
    org = world.organisation()
    people = fill(world, org, entries)
    taken = sorted(_searches(world, org, people))
    name = f"audit of {entries:,} entries by person and time, p95"
    return report(name, percentile(taken, 0.95), "ms", MOST_MS)


def fill(world: World, org: Organisation, entries: int) -> list[UUID]:
    """Write so many entries; returns whom they concern."""
    people = [ids.new_id() for _ in range(PERSONS)]
    named = {"people": [str(one) for one in people], "persons": PERSONS}
    given = named | {"org": org.id, "days": DAYS, "entries": entries}
    with world.owner() as connection:
        connection.execute(_FILL, given)
    with world.owner() as connection:
        connection.execute(text("ANALYZE audit_entries"))
    return people


def _searches(world: World, org: Organisation, people: list[UUID]) -> Iterator[float]:
    """How long each took, in milliseconds; what it found has to be so."""
    chance = random.Random(14)
    for _ in range(SEARCHES):
        until = clock.now() - timedelta(days=chance.uniform(0, DAYS - 90))
        start = until - timedelta(days=chance.choice((1, 7, 30, 90)))
        wanted = Wanted(person_id=chance.choice(people), start=start, until=until)
        began = time.perf_counter()
        with world.web.transaction(org.id) as session:
            found = search(session, org.id, wanted, None, PAGE)
        yield (time.perf_counter() - began) * 1000
        assert all(row["person_id"] == wanted.person_id and start <= row["at"] < until for row in found)


if __name__ == "__main__":
    main()
