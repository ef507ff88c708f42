"""Who is online, in one process without sockets: what a lost database and too many questions do to it."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.engine import make_url

from base.database import Database
from live.hub import Hub
from live.last_seen import LastSeen
from live.limits import ALLOWED
from live.signals import Signals
from live.subscribers import Subscriber
from people.online import models
from people.online.online import Online
from tests.live.subscribers import Ear
from tests.world import Organisation, Phone, World


class Others:
    """A bus that keeps what it was given."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def publish(self, message: dict[str, Any]) -> None:
        self.told.append(message)

    def start(self, *_: object) -> None:
        raise AssertionError

    def stop(self) -> None:
        raise AssertionError


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


def colleagues(org: Organisation, *names: str) -> list[Phone]:
    site = org.site(admission="assigned")
    people = [org.person(name, scopes=[site]) for name in names]
    for person in people:
        person.patch("/v1/me", {"last_seen": "colleagues"})
    return people


def joins(hub: Hub, person: Phone) -> Subscriber:
    organisation = person.organisation.id
    subscriber = Subscriber(
        person.name, Ear(), UUID(person.id), UUID(person.session_id), organisation, 0, 0.0
    )
    assert hub.admit(subscriber, [])
    return subscriber


def test_to_watch_is_allowed_some_times_in_a_stretch(org: Organisation) -> None:
    hub = Hub()
    signals = Signals(org.world.app.extensions["hereabouts"], hub, Others())
    alice, bob = colleagues(org, "Alice", "Bob")
    for person in (alice, bob):
        joins(hub, person)
    asked = {"person_ids": [bob.id]}
    answers = [signals.watching.watch(alice.name, asked) for _ in range(ALLOWED + 1)]
    assert [answer["ok"] for answer in answers] == [True] * ALLOWED + [False]
    assert answers[-1]["code"] == "too_many_requests"
    assert signals.watching.watch(bob.name, asked)["ok"]


def test_many_who_ask_are_told_once(org: Organisation) -> None:
    hub, others = Hub(), Others()
    signals = Signals(org.world.app.extensions["hereabouts"], hub, others)
    signals.came(joins(hub, *colleagues(org, "Alice")))
    others.told.clear()
    for number in range(100):
        signals.hear({"kind": "hello", "process": f"{number}"})
    mine = [message["kind"] for message in others.told if message["organisation_id"] == str(org.id)]
    assert mine == ["online"]


def test_what_a_lost_database_did_not_take_is_written_later_with_its_own_time(org: Organisation) -> None:
    alice, bob = colleagues(org, "Alice", "Bob")
    nowhere = make_url(org.world.settings.database_url).set(database="nowhere")
    lost = Database(create_engine(nowhere))
    seen = LastSeen(lost, Online())
    keys = [(org.id, UUID(person.id)) for person in (alice, bob)]
    for key in keys:
        seen.note([key])
    left = [seen.at(key) for key in keys]
    seen.write()
    assert [seen.at(key) for key in keys] == left
    seen._database = org.world.web
    seen.write()
    assert [seen.at(key) for key in keys] == [None, None]
    with org.world.worker.transaction() as session:
        kept = {row.person_id: row.seen_at for row in session.scalars(select(models.LastSeen))}
    assert [kept[person_id] for _, person_id in keys] == left


def test_rights_that_may_have_changed_are_read_again_and_what_changed_meanwhile_is_told(
    org: Organisation,
) -> None:
    hub = Hub()
    signals = Signals(org.world.app.extensions["hereabouts"], hub, Others())
    watching, (alice, bob) = signals.watching, colleagues(org, "Alice", "Bob")
    subscriber, ear = joins(hub, alice), Ear()
    subscriber.socket = ear
    assert watching.watch(alice.name, {"person_ids": [bob.id]})["items"][0]["online"] is False
    watching.apply(Moved(org.id, UUID(bob.id)))
    signals.came(joins(hub, bob))
    assert ear.heard == []
    watching.read_rights()
    assert len(ear.heard) == 1
    watching.read_rights()
    assert len(ear.heard) == 1


class Moved:
    """A membership of somebody that began."""

    type = "membership.started"

    def __init__(self, organisation_id: UUID, person_id: UUID) -> None:
        self.organisation_id, self.person_id = organisation_id, person_id
