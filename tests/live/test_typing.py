"""Typing in large rooms and in threads that began before somebody came, and signals that make no sense."""

from typing import Any
from uuid import UUID

import pytest

from journal.order import BEGINNING
from live.hub import Hub
from live.signals import Signals
from live.subscribers import Subscriber
from live.typing import LARGEST_ROOM
from people.audience import Window
from tests.live.subscribers import Ear
from tests.world import World

ORGANISATION, OTHER, SCOPE, TYPIST = (UUID(int=n) for n in (99, 98, 11, 1_000))


def opened(world: World) -> tuple[Signals, Hub]:
    hub = Hub()
    return Signals(world.app.extensions["hereabouts"], hub), hub


def joins(hub: Hub, number: int, since: int = BEGINNING) -> Ear:
    ear = Ear()
    subscriber = Subscriber(f"{number}", ear, UUID(int=number), UUID(int=0), ORGANISATION, 0, 0.0)
    assert hub.admit(subscriber, [Window(SCOPE, since)])
    return ear


def told(**changed: Any) -> dict[str, Any]:
    typing = {"scope_id": str(SCOPE), "person": {"id": str(TYPIST), "name": "Alice"}, "expires_in": 6}
    typing |= {"parent_id": None, **changed.pop("typing", {})}
    message = {"kind": "typing", "process": "another", "started": True, "thread": None}
    message["organisation_id"] = str(ORGANISATION)
    return {**message, "typing": typing, **changed}


@pytest.mark.parametrize(("size", "hears"), [(LARGEST_ROOM, True), (LARGEST_ROOM + 1, False)])
def test_large_rooms_get_none(world: World, size: int, hears: bool) -> None:
    signals, hub = opened(world)
    ears = [joins(hub, number) for number in range(size)]
    signals.hear(told())
    assert {bool(ear.heard) for ear in ears} == {hears}


def test_a_thread_from_before_one_came_is_not_spoken_of(world: World) -> None:
    signals, hub = opened(world)
    late, early = joins(hub, 1, 50), joins(hub, 2)
    signals.hear(told(thread=40, typing={"parent_id": str(TYPIST)}))
    assert [len(late.heard), len(early.heard)] == [0, 1]
    signals.hear(told(thread=60, typing={"parent_id": str(TYPIST)}))
    assert [len(late.heard), len(early.heard)] == [1, 2]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "typing", "process": "another"},
        told(organisation_id=str(OTHER)),
        told(organisation_id=5),
        told(typing={"scope_id": "x"}),
        told(typing={"more": 1}),
        told(kind="nonsense"),
        told(thread="5", typing={"parent_id": str(TYPIST)}),
        told(kind=["typing"]),
        {"kind": "online", "process": "another", "organisation_id": str(ORGANISATION), "person_ids": [5]},
        {"kind": "online", "process": "another", "organisation_id": "x", "person_ids": []},
    ],
)
def test_what_makes_no_sense_is_passed_over(world: World, message: dict[str, Any]) -> None:
    signals, hub = opened(world)
    ear = joins(hub, 1)
    signals.hear(message)
    assert ear.heard == []
