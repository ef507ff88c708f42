"""The journal is the truth: what everybody should hold, worked out again from it, beside what they do hold."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from bench.chaos.followers import OWN, Follower
from bench.chaos.loaders import PREFIX, Loader
from bench.chaos.stored import StoredApp
from bench.chaos.strangers import Stranger
from bench.chaos.writers import Writer
from journal.chain import verify
from journal.tail import EVENT_COLUMNS, journal
from tests.world import World

Held = dict[str, list[tuple[int, str]]]


def read_journal(world: World, organisation_id: uuid.UUID) -> Sequence[Any]:
    """All of it, in order."""
    with world.worker.transaction() as session:
        query = select(*EVENT_COLUMNS).where(journal.c.organisation_id == organisation_id)
        return session.execute(query.order_by(journal.c.position)).all()


def judge(
    world: World,
    organisation_id: uuid.UUID,
    writers: list[Writer | Loader],
    followers: list[Follower],
    apps: list[StoredApp],
    restored_at: int = 0,
) -> Counter[str]:
    """How many were lost, doubled, leaked and out of order; all started over at a position or after it."""
    rows = read_journal(world, organisation_id)
    counts = _posts(rows, writers)
    counts["out_of_order"] += sum(row.position != place for place, row in enumerate(rows, 1))
    with world.worker.transaction() as session:
        fault = verify(session, organisation_id).fault
    counts["out_of_order"] += fault is not None
    for follower in followers:
        counts += _told(follower.name, follower_counts(rows, follower))
    for app in apps:
        due = app_counts(rows, app.person_id, app.scopes, *app.holds(), restored_at)
        counts += _told("an app with a store", due)
    return counts


def strangers_leaked(world: World, organisation_id: uuid.UUID, strangers: list[Stranger]) -> int:
    """How much reached another organisation's people that is not of their own journal."""
    own = {str(row.event_id) for row in read_journal(world, organisation_id)}
    return sum(len(stranger.heard - own) + stranger.foreign_signals for stranger in strangers)


def _told(name: str, counts: Counter[str]) -> Counter[str]:
    if +counts:
        print(f"{name}: {dict(+counts)}", flush=True)
    return counts


def _posts(rows: Iterable[Any], writers: list[Writer | Loader]) -> Counter[str]:
    """Every accepted post once, under the id that its writer was told; nothing twice, accepted or not."""
    written: dict[str, list[str]] = defaultdict(list)
    events: Counter[uuid.UUID] = Counter()
    for row in rows:
        events[row.event_id] += 1
        if row.type == "post.created":
            written[row.payload["client_id"]].append(row.payload["id"])
    counts: Counter[str] = Counter()
    for writer in writers:
        for client_id, post_id in writer.accepted.items():
            counts["lost"] += post_id not in written[client_id]
    counts["doubled"] += sum(len(ids) - 1 for ids in written.values() if len(ids) > 1)
    counts["doubled"] += sum(number - 1 for number in events.values())
    return counts


def follower_counts(rows: Iterable[Any], follower: Follower) -> Counter[str]:
    """One app's store beside what the journal says; and all that it was ever given, beside its memberships."""
    must, allowed = _due(rows, follower)
    counts: Counter[str] = Counter(out_of_order=follower.inversions, leaked=follower.typing_leaked)
    counts["leaked"] += sum(heard not in allowed for heard in follower.heard)
    for scope_id in must.keys() | follower.held.keys():
        had, due = follower.held.get(scope_id, []), must.get(scope_id, [])
        counts["lost"] += len(set(due) - set(had))
        counts["leaked"] += scope_id not in must
        counts["doubled"] += len(had) - len(set(had))
        counts["out_of_order"] += had != sorted(had)
    return counts


def app_counts(
    rows: Iterable[Any],
    person_id: str,
    assigned: set[str],
    held_scopes: set[str],
    held: set[str],
    restored_at: int,
) -> Counter[str]:
    """A store beside what may be read at the end: all posts of the scopes that are the person's then.

    A loader's posts are events alone: no history has them, so they are due only from the last start of a scope on, and
    of the app.
    """
    scopes, loaded = set(assigned), set[str]()
    posts: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.type == "post.created":
            by_loader = row.payload["client_id"].startswith(PREFIX)
            if by_loader and row.position <= restored_at:
                continue
            posts[str(row.scope_id)].add(row.payload["id"])
            if by_loader:
                loaded.add(row.payload["id"])
        elif row.type == "membership.started" and str(row.person_id) == person_id:
            scopes.add(row.payload["scope_id"])
            posts[row.payload["scope_id"]] -= loaded
        elif row.type == "membership.ended" and str(row.person_id) == person_id:
            scopes.discard(row.payload["scope_id"])
    due = {post for scope in scopes for post in posts[scope]}
    lost = len(due - held) + len(scopes - held_scopes)
    return Counter(lost=lost, leaked=len(held - due) + len(held_scopes - scopes))


def _due(rows: Iterable[Any], follower: Follower) -> tuple[Held, set[tuple[int, str]]]:
    """What the app has to hold in the end by scope, and all that it may have been given.

    What is said before a `membership.started`, or after a `membership.ended`, is for nobody outside, however soon the
    one came or how late the other was told.
    """
    must: Held = {scope_id: [] for scope_id in (*follower.scopes, OWN)}
    allowed: set[tuple[int, str]] = set()
    for row in rows:
        if row.position <= follower.start_position:
            continue
        own = str(row.person_id) == follower.person_id
        key = OWN if own else str(row.scope_id)
        if key not in must:
            continue
        must[key].append((row.position, str(row.event_id)))
        allowed.add((row.position, str(row.event_id)))
        if own and row.type == "membership.started":
            must[row.payload["scope_id"]] = []
        elif own and row.type == "membership.ended":
            must.pop(row.payload["scope_id"], None)
    return must, allowed
