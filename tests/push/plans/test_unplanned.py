"""An event that could not be planned is kept, says why, stands in nobody's way, and is planned once it can be."""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from base import clock
from jobs.schedules import jobs
from journal.catalogue import CATALOGUE, POST_CREATED
from push.plans.again import PlansAgain, plan_again
from push.reports.metrics import metrics
from tests.product import ROOT
from tests.stories.declaring import Declares, declares
from tests.stories.notices import announces
from tests.stories.pushes import count, followed, notifications, plans, reachable, rows, told
from tests.world import Organisation, World

__all__ = ["declares"]


@pytest.fixture
def org(fresh_world: World) -> Organisation:
    """Alone in its database, since what could not be planned is tried again whoever's it is."""
    return followed(fresh_world)


def spoils(org: Organisation, post: dict[str, Any], member: str = "author") -> None:
    """What the journal says of a post lacks a member that its plan needs."""
    org.world.relays()
    _changes(org, post, "payload = payload - CAST(:member AS text)", member=member)


def mends(org: Organisation, post: dict[str, Any]) -> None:
    """It is there again."""
    _changes(
        org,
        post,
        "payload = payload || jsonb_build_object('author', jsonb_build_object('id', CAST(:member AS text)))",
        member=post["author"]["id"],
    )


def _changes(org: Organisation, post: dict[str, Any], change: str, **values: str) -> None:
    statement = f"UPDATE journal SET {change} WHERE subject_id = :post AND type = 'post.created'"  # noqa: S608
    with org.world.worker.transaction() as session:
        session.execute(text(statement), {"post": UUID(post["id"]), **values})


def tries_again(org: Organisation) -> int:
    """What a worker that has just been started does."""
    with org.world.worker.transaction() as session:
        return plan_again(session, clock.now())


def moment(wired: str) -> datetime:
    return datetime.fromisoformat(wired)


def unplanned(org: Organisation) -> int:
    """The number that operators are told."""
    with org.world.worker.transaction() as session:
        (line,) = [
            line for line in metrics(session, "push").splitlines() if line.startswith("hereabouts_push_unpl")
        ]
    return int(line.split()[1])


def test_a_poisonous_event_amid_others_is_planned_when_it_is_mended(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    before, poison, after = (org.admin.posts(site, words) for words in ("one", "two", "three"))
    spoils(org, poison)
    assert told(org, before) == told(org, after) == {("Bob", "message")}
    assert told(org, poison) == set()
    assert unplanned(org) == 1
    mends(org, poison)
    assert tries_again(org) == 1
    assert told(org, poison) == {("Bob", "message")}
    assert unplanned(org) == tries_again(org) == 0
    assert len(rows(org, poison)) == 1
    (note,) = notifications(org, poison)
    assert (note.kind, note.facts) == ("message", {"type": "post.created", "post_id": poison["id"]})


def test_it_says_which_event_why_and_where_and_nothing_of_what_was_said(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    poison = org.admin.posts(site, "the secret word")
    spoils(org, poison)
    plans(org.world)
    (note,) = notifications(org, poison)
    assert note.facts["type"] == "post.created"
    assert note.facts["error"].startswith("KeyError at push/plans/posts.py:")
    assert note.facts["error"].endswith(" in _post")
    assert "secret" not in str(note.facts)


def test_what_stays_broken_is_tried_less_and_less_often_and_holds_nobody_up(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    poison = org.admin.posts(site, "hello")
    spoils(org, poison)
    plans(org.world)
    waits = list[timedelta]()
    for tries in range(2, 14):
        assert tries_again(org) == 1
        (note,) = notifications(org, poison)
        assert note.facts["tries"] == tries
        waits.append(moment(note.facts["again_at"]) - moment(note.facts["tried_at"]))
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=20), timedelta(hours=1))
    assert unplanned(org) == 1
    assert told(org, org.admin.posts(site, "and now?")) == {("Bob", "message")}


def test_a_worker_tries_at_its_start_and_then_waits(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    poison = org.admin.posts(site, "hello")
    spoils(org, poison)
    plans(org.world)
    worker = PlansAgain()
    with org.world.worker.transaction() as session:
        assert worker(session) == 1
    with org.world.worker.transaction() as session:
        assert worker(session) == 0
    assert any(isinstance(job.run, PlansAgain) for job in jobs())


_KILLED = """
import os, signal
from base.database import Database, make_engine
from jobs.schedules import jobs
(job,) = [job for job in jobs() if job.name == "plan_again"]
with Database(make_engine(os.environ["WORKER_DATABASE_URL"], 1)).transaction() as session:
    assert job.run(session) == 1
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_that_is_killed_amid_planning_late_leaves_it_to_the_next(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    poison = org.admin.posts(site, "hello")
    spoils(org, poison)
    plans(org.world)
    mends(org, poison)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED], cwd=ROOT, env={**os.environ, **org.world.environment}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert (rows(org, poison), unplanned(org)) == ([], 1)
    assert [tries_again(org), tries_again(org)] == [1, 0]
    assert told(org, poison) == {("Bob", "message")}
    assert len(rows(org, poison)) == 1


def test_two_workers_do_not_plan_the_same_late(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    poison = org.admin.posts(site, "hello")
    spoils(org, poison)
    plans(org.world)
    mends(org, poison)
    with org.world.worker.transaction() as one, org.world.worker.transaction() as other:
        assert plan_again(one, clock.now()) == 1
        assert plan_again(other, clock.now()) == 0
    assert len(rows(org, poison)) == 1


def test_what_is_over_when_it_can_be_planned_is_not_told(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    until = clock.wire(clock.now() + timedelta(hours=1))
    notice = announces(org.admin, site, valid_until=until)
    spoils(org, notice)
    plans(org.world)
    _changes(
        org,
        notice,
        "payload = payload || jsonb_build_object('valid_until', CAST(:until AS text))",
        until="2026-01-01T00:00:00.000Z",
    )
    mends(org, notice)
    tries_again(org)
    assert (count(org), unplanned(org)) == (0, 0)


def test_what_was_emptied_meanwhile_is_given_up(org: Organisation) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    poison = org.admin.posts(site, "hello")
    spoils(org, poison)
    plans(org.world)
    _changes(org, poison, "payload = NULL")
    assert [tries_again(org), tries_again(org)] == [1, 0]
    assert (count(org), unplanned(org)) == (0, 0)


def test_an_event_that_cannot_be_lifted_waits_for_the_lift_that_can(
    org: Organisation, declares: Declares
) -> None:
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    post = org.admin.posts(site, "hello")
    org.world.relays()
    today = CATALOGUE[POST_CREATED.name]
    declares(today, version=2, lifts={1: lambda payload: {**payload, "title": payload["title"]}})
    assert told(org, post) == set()
    assert [tries_again(org), unplanned(org)] == [1, 1]
    declares(today, version=2, lifts={1: lambda payload: {**payload, "title": ""}})
    tries_again(org)
    assert told(org, post) == {("Bob", "message")}
    assert unplanned(org) == 0


def test_an_end_that_is_planned_late_takes_nothing_from_who_is_back(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = reachable(org, "Bob", site)
    plans(org.world)
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    org.world.relays()
    with org.world.worker.transaction() as session:
        spoil = "UPDATE journal SET payload = payload - 'scope_id' WHERE type = 'membership.ended'"
        session.execute(text(spoil))
    plans(org.world)
    assert unplanned(org) == 1
    org.admin.put(f"/v1/admin/scopes/{site}/memberships/{bob.id}", {"role": "member"})
    notice = announces(org.admin, site, valid_until=clock.wire(clock.now() + timedelta(hours=1)))
    assert told(org, notice) == {("Bob", "announcement")}
    with org.world.worker.transaction() as session:
        mend = "UPDATE journal SET payload = payload || jsonb_build_object('scope_id', payload -> 'delete_scope_id')"
        session.execute(text(f"{mend} WHERE type = 'membership.ended'"))
    tries_again(org)
    assert told(org, notice) == {("Bob", "announcement")}
    assert unplanned(org) == 0


def test_what_an_older_release_gave_up_is_tried_again(org: Organisation) -> None:
    """It wrote down neither how often nor when."""
    site = org.site(admission="assigned")
    reachable(org, "Bob", site)
    poison = org.admin.posts(site, "hello")
    spoils(org, poison)
    plans(org.world)
    with org.world.worker.transaction() as session:
        session.execute(text("UPDATE notifications SET facts = facts - 'tries' - 'tried_at' - 'again_at'"))
    mends(org, poison)
    assert tries_again(org) == 1
    assert told(org, poison) == {("Bob", "message")}
