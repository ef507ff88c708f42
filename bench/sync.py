"""`make bench-sync`: a page of sync for a quiet and a busy phone, unread counts, and how small a page gets.

The quiet phone follows 50 scopes in which nothing was said while the organisation went on for 200,000 events. It is
measured against the plain query: walk the journal from the position on, and filter.
"""

import gzip
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import brotli
import orjson
from sqlalchemy import text

from bench.report import report
from bench.stage import DATABASE, UNHURRIED, migrated_cluster
from people.actor import Actor
from people.sync import sync
from social.unread import COUNTED, unread
from tests.world import Organisation, World

ROOT = Path(__file__).resolve().parent.parent
SCOPES, EVENTS, ROUNDS, PAGE = 50, 200_000, 15, 100
_PLAIN = text(
    "SELECT * FROM journal WHERE organisation_id = :org AND position > :after AND (person_id = :me OR scope_id IN"
    " (SELECT scope_id FROM memberships WHERE person_id = :me AND ended_at IS NULL)) ORDER BY position LIMIT :limit"
)
_TALK = """
INSERT INTO posts (id, organisation_id, scope_id, author_id, text, version)
SELECT (substr(:from, 1, 24) || lpad(to_hex(n), 12, '0'))::uuid, :org, (CAST(:scopes AS uuid[]))[1 + n % :count],
        :author, 'The crane at the west gate is free again, take it before the shift ends. ' || n, 1
FROM generate_series(1, :n) n;
INSERT INTO journal (organisation_id, position, recorded_at, seq, event_id, type, scope_id, subject_id, payload,
    occurred_at, salt, digest, hash)
SELECT organisation_id, :base + row_number() OVER (ORDER BY id), now(), :base + row_number() OVER (ORDER BY id), id,
    'post.created', scope_id, id, jsonb_build_object('id', id, 'scope_id', scope_id, 'text', text, 'version', 1),
    now(), '', '', ''
FROM posts WHERE scope_id = ANY(CAST(:scopes AS uuid[]));
INSERT INTO subject_positions (subject_id, organisation_id, scope_id, position)
SELECT subject_id, organisation_id, scope_id, position FROM journal
WHERE scope_id = ANY(CAST(:scopes AS uuid[])) AND type = 'post.created' ON CONFLICT DO NOTHING;
UPDATE journal_heads SET position = :base + :n, placed = :base + :n WHERE organisation_id = :org
"""


def main() -> None:
    """Make the organisation and measure."""
    with migrated_cluster() as (cluster, _):
        measure(World(cluster, DATABASE, **UNHURRIED))


def measure(world: World) -> None:
    """The quiet phone first, then its scopes begin to talk."""
    org = world.organisation()
    mine = [org.site(f"Site {n}", admission="assigned") for n in range(SCOPES)]
    others = [org.site(f"Elsewhere {n}", admission="assigned") for n in range(SCOPES)]
    bob = org.person("Bob", scopes=mine)
    me = bob.get("/v1/me")
    world.relays()
    start = bob.get("/v1/me")["position"]
    talk(org, others, start, EVENTS)
    actor = Actor(UUID(bob.id), org.id, UUID(me["session_id"]), UUID(me["device"]["id"]), "member", "en")

    def ours(after: int) -> Callable[[], Any]:
        return in_transaction(world, org, lambda session: sync(session, actor, after, PAGE))

    values = {"org": org.id, "after": start, "me": actor.person_id, "limit": PAGE}
    plain = in_transaction(world, org, lambda session: session.execute(_PLAIN, values).all())
    quiet, scanned = medians(ours(start), plain)
    report("sync, quiet phone behind 200,000 events", quiet, "ms", 0.5, against=scanned)
    talk(org, mine, start + EVENTS, 20_000)
    busy, _ = medians(ours(start + EVENTS), ours(start + EVENTS))
    report("sync, a page of 100 out of 50 busy scopes", busy, "ms", 50.0)
    counted = in_transaction(world, org, lambda session: unread(session, actor))
    assert all(item["unread"] == COUNTED for item in counted()["items"] if item["scope_id"] in mine)
    counts, _ = medians(counted, counted)
    report("unread counts of 50 scopes, all 99+", counts, "ms", 50.0)
    page = orjson.dumps(ours(start + EVENTS)().wire())
    report("a page of 100 as brotli", len(brotli.compress(page, quality=4)), "bytes", 0.25, against=len(page))
    report("a page of 100 as gzip", len(gzip.compress(page, 6)), "bytes", 0.25, against=len(page))


def talk(org: Organisation, scopes: list[str], base: int, count: int) -> None:
    """Posts and their events, straight into the tables."""
    first = org.admin.posts(scopes[0], "first")["id"]
    values = {"from": first, "org": org.id, "scopes": scopes, "count": len(scopes), "n": count, "base": base}
    with org.world.worker.transaction() as session:
        session.execute(text("DELETE FROM outbox"))
        session.execute(text("DELETE FROM posts WHERE id = CAST(:id AS uuid)"), {"id": first})
        for statement in _TALK.split(";\n"):
            session.execute(text(statement), {**values, "author": org.admin.id})
    with org.world.owner() as connection:
        connection.execute(text("ANALYZE posts, journal, memberships"))


def in_transaction(world: World, org: Organisation, act: Callable[[Any], Any]) -> Callable[[], Any]:
    """As a request does it: the web's role, held by row-level security."""

    def run() -> Any:
        with world.web.transaction(org.id) as session:
            return act(session)

    return run


def medians(one: Callable[[], Any], other: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """Milliseconds of both, taken in turns."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for times, act in zip(taken, (one, other), strict=True):
            began = time.perf_counter()
            act()
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken[0]), statistics.median(taken[1])


if __name__ == "__main__":
    main()
