"""Writing down what FCM answered: one bad answer keeps no other, and a lost database keeps them all."""

from threading import Thread
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import text

from base.database import Database, make_engine
from push.models import Delivery
from push.sending import recorder as recording
from push.sending.answers import Answer
from push.sending.recorder import MANY, Recorder
from push.sending.results import Result
from tests.push.sending.deliveries import claims, queued
from tests.stories.waiting import until
from tests.world import World


def recorded(world: World, *answers: Answer) -> Recorder:
    recorder = Recorder(world.worker)
    for answer in answers:
        recorder.put(answer)
    recorder.close()
    recorder.run()
    return recorder


def sent(one: UUID, name: Any = "name") -> Answer:
    return Answer(Result(one, 1, "sent", None, name))


def of(world: World, one: UUID) -> tuple[str, str | None, str | None]:
    with world.worker.transaction() as session:
        row = session.get_one(Delivery, one)
        return row.status, row.message_id, row.reason


def claimed(world: World, count: int) -> list[UUID]:
    made = queued(world.organisation(), count)
    assert set(claims(world, count)) == set(made)
    return made


def test_all_is_written_before_it_ends(fresh_world: World) -> None:
    made = claimed(fresh_world, MANY + 10)
    recorder = recorded(fresh_world, *(sent(one) for one in made))
    assert {of(fresh_world, one)[0] for one in made} == {"sent"}
    assert recorder.unrecorded() == []


@pytest.mark.parametrize("waits", [True, False], ids=["while it waits", "before it begins"])
def test_it_ends_as_soon_as_it_is_closed(
    fresh_world: World, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    monkeypatch.setattr(recording, "_IDLE_S", 3_600.0)
    (one,) = claimed(fresh_world, 1)
    recorder = Recorder(fresh_world.worker)
    running = Thread(target=recorder.run, daemon=True)
    if waits:
        running.start()
        recorder.put(sent(one))
        until(lambda: of(fresh_world, one)[0] == "sent")
    recorder.close()
    if not waits:
        running.start()
    running.join(60)
    assert not running.is_alive()


@pytest.mark.parametrize(("name", "kept"), [("na\0me", "name"), (17, "17"), ("\ud800", "?")])
def test_a_strange_name_is_kept_as_text(fresh_world: World, name: Any, kept: str) -> None:
    (one,) = claimed(fresh_world, 1)
    recorded(fresh_world, sent(one, name))
    assert of(fresh_world, one) == ("sent", kept, None)


def test_a_strange_reason_is_kept_as_text(fresh_world: World) -> None:
    (one,) = claimed(fresh_world, 1)
    recorded(fresh_world, Answer(Result(one, 1, "dead", "invalid\0argument")))
    assert of(fresh_world, one) == ("dead", None, "invalidargument")


def test_an_answer_that_cannot_be_written_is_left_and_no_other(fresh_world: World) -> None:
    made = claimed(fresh_world, 5)
    answers = [sent(one) for one in made]
    answers[2] = Answer(Result(made[2], 1, "no status that there is"))
    answers[3] = Answer(Result(made[3], 1, "failed", "unregistered"), cast(Any, (made[3], {"no": "address"})))
    recorder = recorded(fresh_world, *answers)
    assert [of(fresh_world, one)[0] for one in made] == ["sent", "sent", "sending", "sending", "sent"]
    assert recorder.unrecorded() == []


def test_answers_outlive_a_lost_database(fresh_world: World) -> None:
    (one,) = claimed(fresh_world, 1)
    database = Database(make_engine(fresh_world.environment["WORKER_DATABASE_URL"], 1))
    with database.transaction() as session:
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with fresh_world.worker.transaction() as session:
        session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    recorder = Recorder(database)
    recorder.put(sent(one))
    assert recorder.unrecorded() == [one]
    recorder.close()
    thread = Thread(target=recorder.run)
    thread.start()
    thread.join(120)
    assert not thread.is_alive()
    assert of(fresh_world, one)[0] == "sent"
    assert recorder.unrecorded() == []
