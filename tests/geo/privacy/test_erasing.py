"""What says who was in a place is gone when its time is over, also from the journal, whose chain still verifies."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from base import clock
from geo.models.musters import MusterEntry
from geo.models.privacy import PresenceView, ToldCount
from geo.models.stays import Visit
from geo.privacy.retention import forget_old_presence
from journal.chain import verify
from journal.erasing import ERASE, erase_presence, survivors
from people.models import Membership
from tests.stories.charters import promises
from tests.stories.fixes import FAR, GATE, stands
from tests.stories.musters import board, calls
from tests.world import Organisation, Phone, World

POINT = {"type": "Point", "coordinates": [127.1234567, 37.7654321]}
WORDS = "I am stuck under the crane."


def forgets(world: World, days: int) -> None:
    """What the worker's job does so many days from now."""
    with world.worker.transaction() as session:
        forget_old_presence(session, clock.now() + timedelta(days=days))


def journal_of(org: Organisation) -> list[Any]:
    """(type, payload, salt) of all of an organisation's events, and the word that their chain is sound."""
    org.world.relays()
    rows = text("SELECT type, payload, salt FROM journal WHERE organisation_id = :org ORDER BY position")
    with org.world.worker.transaction() as session:
        assert verify(session, org.id).fault is None
        return list(session.execute(rows, {"org": org.id}))


def kept(org: Organisation, *kinds: str) -> set[bool]:
    """Whether the events of these kinds have a payload."""
    return {row.payload is not None for row in journal_of(org) if row.type.partition(".")[0] in kinds}


def counts(world: World, org: Organisation, model: Any, *conditions: Any) -> int:
    with world.worker.transaction() as session:
        mine = select(func.count()).where(model.organisation_id == org.id, *conditions)
        return session.scalar(mine) or 0


def a_stay(org: Organisation, site: str) -> Phone:
    """Alice came, was looked at, and left."""
    alice = org.person("Alice")
    stands(alice, GATE, time.time() - 300)
    org.admin.get(f"/v1/admin/sites/{site}/present?reason=Handover")
    stands(alice, FAR, time.time())
    return alice


def test_a_stay_is_forgotten_everywhere_after_the_charters_days(org: Organisation, world: World) -> None:
    site = org.site(at=GATE, grace_seconds=0)
    promises(org, site, visit_days=10)
    alice = a_stay(org, site)
    presence = (Membership.source == "presence",)
    forgets(world, 9)
    assert counts(world, org, Visit, Visit.place_id == UUID(site)) == 1
    assert counts(world, org, Membership, *presence) == counts(world, org, PresenceView) == 1
    assert kept(org, "visit", "membership") == {True}
    forgets(world, 11)
    assert counts(world, org, Visit, Visit.place_id == UUID(site)) == 0
    assert counts(world, org, Membership, *presence) == counts(world, org, PresenceView) == 0
    assert kept(org, "visit", "membership") == {False}
    emptied = [event for event in alice.syncs(0) if event["type"].startswith("visit.")]
    assert [event["data"] for event in emptied] == [None] * len(emptied)
    assert len(emptied) == 2


def test_a_stay_is_kept_for_as_long_as_was_promised_when_it_was(org: Organisation, world: World) -> None:
    site = org.site(at=GATE, grace_seconds=0)
    promises(org, site, visit_days=10)
    a_stay(org, site)
    promises(org, site, visit_days=100)
    promises(org, site, visit_days=200)
    stands(org.person("Bob"), GATE, time.time() + 1)
    forgets(world, 9)
    assert counts(world, org, Visit, Visit.left_at.is_not(None)) == 1
    forgets(world, 11)
    assert counts(world, org, Visit, Visit.left_at.is_not(None)) == 0
    org.admin.get(f"/v1/admin/sites/{site}/present?reason=Handover")
    forgets(world, 150)
    assert counts(world, org, PresenceView) == 1  # looked at since


def test_numbers_that_were_told_are_kept_as_the_visits(org: Organisation, world: World) -> None:
    site = org.site(at=GATE)
    promises(org, site, aggregate_only=True, visit_days=10)
    org.admin.get(f"/v1/admin/sites/{site}/occupancy")
    forgets(world, 9)
    assert counts(world, org, ToldCount) == 1
    forgets(world, 11)
    assert counts(world, org, ToldCount) == 0


def test_what_is_erased_leaves_no_salt_to_guess_it_by(org: Organisation, world: World) -> None:
    site = org.site(at=GATE)
    a_stay(org, site)
    org.world.relays()
    with world.worker.transaction() as session:
        assert erase_presence(session, {UUID(site): clock.now()}, 1_000) > 0
        assert erase_presence(session, {UUID(site): clock.now()}, 1_000) == 0
    salts = {row.salt for row in journal_of(org) if row.payload is None}
    assert salts == {b""}


def test_what_was_said_and_who_belongs_is_not_touched(org: Organisation, world: World) -> None:
    site = org.site(at=GATE)
    bob = org.person("Bob", scopes=[site])
    bob.posts(site, "hello")
    journal_of(org)
    forgets(world, 4_000)
    assert kept(org, "post", "membership", "place") == {True}
    assert bob.reads(site) == ["hello"]


def test_other_places_keep_theirs(org: Organisation, world: World) -> None:
    site, long = org.site(at=GATE), org.site("Long", at=FAR)
    for place, days in ((site, 10), (long, 100)):
        promises(org, place, visit_days=days)
    a_stay(org, site)
    journal_of(org)
    forgets(world, 50)
    left = {
        row.payload["place_id"] for row in journal_of(org) if row.payload and row.type.startswith("visit.")
    }
    assert left == {long}


def test_a_roll_call_keeps_who_was_safe_and_not_what_they_said_or_where(
    org: Organisation, world: World
) -> None:
    site = org.site(at=GATE)
    alice = org.person("Alice")
    stands(alice, GATE, time.time())
    muster = calls(org.admin, site)
    alice.put(f"/v1/musters/{muster}/answer", {"status": "need_help", "text": WORDS, "point": POINT})
    assert board(org.admin, muster)["Alice"]["point"] == POINT
    org.admin.post(f"/v1/musters/{muster}/end")
    said = [row.payload for row in journal_of(org) if row.type == "muster.updated"]
    assert WORDS in str(said)
    assert "127.1234567" not in str(said)
    forgets(world, 366)
    assert kept(org, "muster") == {False}
    (line,) = org.admin.get(f"/v1/musters/{muster}/report")["entries"]
    assert (line["person"]["name"], line["status"]) == ("Alice", "need_help")
    assert (line["text"], line["point"]) == (None, None)
    said_so = (MusterEntry.text.is_not(None) | MusterEntry.point.is_not(None),)
    assert counts(world, org, MusterEntry, *said_so) == 0
    assert WORDS not in org.admin.request("GET", f"/v1/musters/{muster}/report.csv").get_data(as_text=True)


def test_erasing_finds_what_it_erases_by_an_index(org: Organisation, world: World) -> None:
    with world.worker.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        about = {"about": [org.id], "before": [clock.now()], "limit": 1}
        plan = session.execute(text(f"EXPLAIN {ERASE}"), about | survivors()).scalars()
        assert any("journal_2" in line and "about_id" in line and "Index" in line for line in plan)
