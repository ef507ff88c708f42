"""Positions are of an epoch: one who comes with a position of another starts over, whatever its number."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.stories.epochs import begins_anew
from tests.stories.events import head
from tests.stories.waiting import until
from tests.world import Phone, World


def syncs(phone: Phone, known: dict[str, Any], status: int = 200, more: str = "") -> Any:
    return phone.get(f"/v1/sync?after={known['position']}&epoch={known['epoch']}{more}", status)


def test_a_position_is_given_with_its_epoch_and_taken_back_with_it(world: World) -> None:
    org = world.organisation()
    bob = org.person("Bob")
    head(bob)
    me = bob.get("/v1/me")
    org.admin.posts(str(org.id), "news")
    world.relays()
    page = syncs(bob, me)
    assert [event["data"]["text"] for event in page["items"]] == ["news"]
    assert page["epoch"] == me["epoch"]
    assert syncs(bob, page)["items"] == []


def test_a_position_of_another_epoch_is_unknown_although_the_journal_has_its_number(world: World) -> None:
    org = world.organisation()
    bob = org.person("Bob")
    head(bob)
    me = bob.get("/v1/me")
    epoch = begins_anew(world)
    org.admin.posts(str(org.id), "news")
    world.relays()
    for known in (me, {**me, "position": 0}, {**me, "epoch": "another"}):
        problem = syncs(bob, known, 410)
        assert (problem["code"], problem["start_over"]) == (
            "position_unknown",
            ["/v1/me", "/v1/scopes/{scope_id}/posts"],
        )
        assert (problem["epoch"], problem["position"]) == (epoch, head(bob))
    assert syncs(bob, bob.get("/v1/me"))["epoch"] == epoch


def test_one_who_waits_while_the_epoch_ends_is_told(world: World) -> None:
    org = world.organisation()
    bob = org.person("Bob")
    head(bob)
    me, wakeups = bob.get("/v1/me"), world.app.extensions["hereabouts"].wakeups
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(syncs, bob, me, 410, "&wait=30")
        until(lambda: wakeups.waiting() == 1)
        begins_anew(world)
        assert waiting.result()["code"] == "position_unknown"


def test_an_app_that_knows_of_no_epochs_is_served_and_one_ahead_starts_over(world: World) -> None:
    org = world.organisation()
    bob = org.person("Bob")
    position = head(bob)
    begins_anew(world)
    assert bob.get(f"/v1/sync?after={position}")["items"] == []
    assert bob.get(f"/v1/sync?after={position + 1}", 410)["code"] == "position_unknown"


@pytest.mark.parametrize("epoch", ["", "x" * 65])
def test_what_is_no_epoch_is_told(world: World, epoch: str) -> None:
    refused = world.organisation().admin.get(f"/v1/sync?after=0&epoch={epoch}", 422)
    assert refused["errors"][0]["pointer"] == "/epoch"


def test_every_role_reads_the_epoch_and_none_that_serves_begins_one(world: World) -> None:
    for database in (world.web, world.worker):
        with database.transaction() as session:
            assert session.scalar(text("SELECT count(*) FROM journal_epoch")) == 1
    for statement in ("UPDATE journal_epoch SET id = gen_random_uuid()", "DELETE FROM journal_epoch"):
        with pytest.raises(ProgrammingError), world.web.transaction() as session:
            session.execute(text(statement))


def test_there_is_one_epoch_at_a_time(world: World) -> None:
    before = begins_anew(world)
    assert begins_anew(world) != before
    with world.owner() as connection:
        assert connection.scalar(text("SELECT count(*) FROM journal_epoch")) == 1
