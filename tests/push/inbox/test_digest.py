"""The digest: for those who were away and want it, once a day of their own, of what mattered and is unread."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from push.inbox.digest import send_digests
from push.models import Delivery
from tests.stories.notices import announces
from tests.stories.pushes import reachable
from tests.stories.reads import reads_up_to
from tests.world import Organisation, Phone, World


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    return fresh_world.organisation()


def wants(org: Organisation, name: str, digest: str = "push", at: str = "07:30", zone: str = "UTC") -> Phone:
    phone = reachable(org, name)
    phone.patch("/v1/me", {"timezone": zone})
    phone.patch("/v1/me/push-preferences", {"digest": digest, "digest_at": at})
    return phone


def away(org: Organisation, days: float = 10) -> None:
    """Nobody was seen for days."""
    with org.world.owner() as connection:
        long_ago = "UPDATE devices SET last_seen_at = now() - make_interval(secs => %(seconds)s)"
        connection.exec_driver_sql(long_ago, {"seconds": days * 86_400})


def says_more(org: Organisation) -> None:
    """Something new since the last digest, as of which everybody has been away for days."""
    with org.world.owner() as connection:
        connection.exec_driver_sql("UPDATE notifications SET created_at = now() - interval '1 hour'")
    announces(org.admin, str(org.id))
    away(org)


def runs(org: Organisation, at: datetime) -> None:
    with org.world.worker.transaction() as session:
        send_digests(session, at)


def pushes(org: Organisation, phone: Phone) -> int:
    with org.world.worker.transaction() as session:
        mine = (Delivery.person_id == UUID(phone.id), Delivery.why == "digest")
        return len(session.scalars(select(Delivery).where(*mine)).all())


def digests(phone: Phone) -> list[dict[str, Any]]:
    items = phone.get("/v1/me/notifications")["items"]
    return [item["digest"] for item in items if item["why"] == "digest"]


def tomorrow(clock: str) -> datetime:
    day = datetime.now(UTC).date() + timedelta(days=1)
    return datetime.fromisoformat(f"{day}T{clock}:00+00:00")


def test_once_a_day_from_the_chosen_hour_on(org: Organisation) -> None:
    bob = wants(org, "Bob")
    runs(org, tomorrow("07:30") - timedelta(days=1))
    announces(org.admin, str(org.id))
    away(org)
    runs(org, tomorrow("07:29"))
    assert pushes(org, bob) == 0
    for clock in ("07:30", "07:31", "23:59"):
        runs(org, tomorrow(clock))
    assert pushes(org, bob) == 1
    with org.world.owner() as connection:
        connection.exec_driver_sql("UPDATE notifications SET created_at = now() - interval '1 hour'")
    announces(org.admin, str(org.id))
    runs(org, tomorrow("23:59"))
    assert pushes(org, bob) == 1
    runs(org, tomorrow("07:30") + timedelta(days=1))
    assert pushes(org, bob) == 2


def test_it_counts_what_mattered_and_names_where(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = wants(org, "Bob", digest="inbox")
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {})
    org.admin.posts(site, "@Bob", mentions=[bob.id])
    org.admin.posts(site, "chatter")
    announces(org.admin, str(org.id), "the words")
    away(org)
    runs(org, tomorrow("07:30"))
    (digest,) = digests(bob)
    assert (digest["count"], digest["mentions"], digest["announcements"], digest["replies"]) == (2, 1, 1, 0)
    assert [place["name"] for place in digest["places"]] == ["Org", "Depot"]
    assert "the words" not in str(digest)
    assert (pushes(org, bob), bob.get("/v1/me/notifications/count")["unread"]) == (0, 2)
    assert digests(org.admin) == []


def test_nobody_else_gets_one(org: Organisation) -> None:
    off, read, gone = (
        wants(org, "Off", "off", "00:00"),
        wants(org, "Read", at="00:00"),
        wants(org, "Gone", at="00:00"),
    )
    nothing = wants(org.world.organisation(), "Nothing", at="00:00")
    post = announces(org.admin, str(org.id))
    reads_up_to(read, post)
    away(org)
    gone.delete("/v1/sessions/current")
    seen = wants(org, "Seen", at="00:00")
    runs(org, datetime.now(UTC))
    assert [pushes(org, phone) for phone in (off, read, nothing, seen)] == [0, 0, 0, 0]
    with org.world.worker.transaction() as session:
        assert session.scalars(select(Delivery).where(Delivery.why == "digest")).all() == []


def test_what_was_told_once_is_not_told_again(org: Organisation) -> None:
    bob = wants(org, "Bob")
    announces(org.admin, str(org.id))
    away(org)
    start = datetime.now(UTC)
    for days in (1, 2, 3):
        runs(org, start + timedelta(days=days))
    assert pushes(org, bob) == 1


@pytest.mark.parametrize(
    ("zone", "chosen", "before", "then"),
    [
        ("Pacific/Kiritimati", "07:30", "2027-01-09T17:29:00+00:00", "2027-01-09T17:30:00+00:00"),
        ("Pacific/Pago_Pago", "07:30", "2027-01-09T18:29:00+00:00", "2027-01-09T18:30:00+00:00"),
        # 02:30 does not exist on this day: the clocks go from 02:00 to 03:00.
        ("Europe/Berlin", "02:30", "2027-03-28T00:59:00+00:00", "2027-03-28T01:00:00+00:00"),
        # 02:30 comes twice on this day, and counts once.
        ("Europe/Berlin", "02:30", "2027-10-31T00:29:00+00:00", "2027-10-31T00:30:00+00:00"),
    ],
)
def test_the_hour_is_the_persons_own(
    org: Organisation, zone: str, chosen: str, before: str, then: str
) -> None:
    bob = wants(org, "Bob", "inbox", chosen, zone)
    runs(org, datetime.fromisoformat(before) - timedelta(hours=20))
    announces(org.admin, str(org.id))
    away(org)
    runs(org, datetime.fromisoformat(before))
    told_before = len(digests(bob))
    away(org)
    for minutes in (0, 30, 60, 90):
        runs(org, datetime.fromisoformat(then) + timedelta(minutes=minutes))
    assert (told_before, len(digests(bob))) == (0, 1)


@pytest.mark.parametrize("chosen", ["23:50", "23:55", "23:59"])
def test_a_worker_that_slept_over_midnight_makes_up_for_it(org: Organisation, chosen: str) -> None:
    bob = wants(org, "Bob", "inbox", chosen)
    announces(org.admin, str(org.id))
    away(org)
    runs(org, tomorrow("23:49") - timedelta(days=1) if chosen == "23:50" else tomorrow("00:20"))
    told = len(digests(bob))
    says_more(org)
    runs(org, tomorrow("00:20") + timedelta(days=1))
    runs(org, tomorrow("00:40") + timedelta(days=1))
    assert len(digests(bob)) == told + 1


def test_whoever_crosses_the_date_line_gets_one_a_day(org: Organisation) -> None:
    bob = wants(org, "Bob", "inbox", "08:00", "Pacific/Auckland")
    start, told = tomorrow("00:00") + timedelta(days=1), list[datetime]()
    for hours in range(0, 6 * 24, 4):
        at = start + timedelta(hours=hours)
        if hours in (48, 100):
            bob.patch("/v1/me", {"timezone": "America/Los_Angeles" if hours == 48 else "Pacific/Auckland"})
        says_more(org)
        before = len(digests(bob))
        runs(org, at)
        told += [at] * (len(digests(bob)) - before)
    gaps = [later - earlier for earlier, later in itertools.pairwise(told)]
    assert len(told) >= 5
    assert timedelta(hours=12) <= min(gaps)
    assert max(gaps) <= timedelta(hours=36)


def test_who_begins_in_the_evening_is_not_told_of_the_morning(org: Organisation) -> None:
    bob = wants(org, "Bob", "inbox", f"{datetime.now(UTC) - timedelta(minutes=1):%H:%M}")
    announces(org.admin, str(org.id))
    away(org)
    runs(org, datetime.now(UTC))
    assert digests(bob) == []
    runs(org, datetime.now(UTC) + timedelta(days=1))
    assert len(digests(bob)) == 1
