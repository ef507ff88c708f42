"""The hub against a model that replays the journal for each socket from its start: any order of events."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from live.fanout import FanOut
from live.hub import Hub
from live.subscribers import Subscriber
from people.audience import Window
from tests.live.subscribers import Ear

ORGANISATION = UUID(int=99)
PERSONS = [UUID(int=n) for n in (1, 2)]
SCOPES = [UUID(int=n) for n in (11, 12)]


def event(position: int, kind: str, person: UUID, scope: UUID) -> Any:
    common = {"organisation_id": ORGANISATION, "position": position, "occurred_at": datetime.now(UTC)}
    if kind == "post":
        subject = {"type": "post.created", "scope_id": scope, "person_id": None, "payload": {}}
    else:
        payload = {"scope_id": str(scope), "source": "assigned"}
        subject = {"type": f"membership.{kind}", "scope_id": None, "person_id": person, "payload": payload}
    return SimpleNamespace(**common, **subject, subject_position=position)


def memberships(journal: list[Any], person: UUID) -> set[UUID]:
    """Where somebody is a member after these events."""
    held: set[UUID] = set()
    for said in journal:
        if said.person_id == person:
            scope = UUID(said.payload["scope_id"])
            held = held | {scope} if said.type == "membership.started" else held - {scope}
    return held


def due(journal: list[Any], person: UUID, after: int) -> list[int]:
    """The positions that a socket of this person hears, when it has everything up to `after`."""
    return [
        said.position
        for said in journal[after:]
        if said.person_id == person
        or (said.person_id is None and said.scope_id in memberships(journal[: said.position], person))
    ]


steps = st.lists(
    st.tuples(
        st.sampled_from(["post", "started", "ended"]), st.sampled_from(PERSONS), st.sampled_from(SCOPES)
    ),
    min_size=1,
    max_size=30,
)


@given(
    steps, st.lists(st.tuples(st.sampled_from(PERSONS), st.integers(0, 30), st.integers(0, 5)), max_size=5)
)
def test_each_socket_hears_what_it_may_and_nothing_else(
    told: list[tuple[str, UUID, UUID]], arrivals: list[tuple[UUID, int, int]]
) -> None:
    journal = [event(at + 1, *step) for at, step in enumerate(told)]
    hub, fanout = Hub(), FanOut()
    hub.admit(Subscriber("first", Ear(), UUID(int=0), UUID(int=0), ORGANISATION, 0, 0.0), [])
    ears: list[tuple[UUID, int, Ear]] = []
    for said in [*journal, None]:
        applied = len(journal) if said is None else said.position - 1
        for number, (person, at, ahead) in enumerate(arrivals):
            if at == applied:
                head, ear = min(len(journal), applied + ahead), Ear()
                subscriber = Subscriber(f"{number}", ear, person, UUID(int=0), ORGANISATION, head, 0.0)
                scopes = [Window(scope) for scope in memberships(journal[:head], person)]
                assert hub.admit(subscriber, scopes)
                ears.append((person, head, ear))
        if said is not None:
            fanout.add(said.type, {"position": said.position}, hub.apply(said))
    fanout.flush()
    for person, head, ear in ears:
        expected = [f'42["{journal[p - 1].type}",{{"position":{p}}}]' for p in due(journal, person, head)]
        assert ear.heard == expected


def test_a_stale_reading_is_not_let_in() -> None:
    hub = Hub()
    assert hub.admit(Subscriber("a", Ear(), PERSONS[0], UUID(int=0), ORGANISATION, 7, 0.0), [])
    assert not hub.admit(Subscriber("b", Ear(), PERSONS[1], UUID(int=0), ORGANISATION, 6, 0.0), [])
    hub.dismiss("a")
    assert hub.admit(Subscriber("b", Ear(), PERSONS[1], UUID(int=0), ORGANISATION, 6, 0.0), [])


def test_a_session_is_found_by_its_person_and_only_its_own_sockets() -> None:
    hub, (alice, bob), (phone, tablet) = Hub(), PERSONS, (UUID(int=5), UUID(int=6))
    for sid, person, session in ("a", alice, phone), ("b", alice, tablet), ("c", bob, phone):
        assert hub.admit(Subscriber(sid, Ear(), person, session, ORGANISATION, 0, 0.0), [])
    assert [subscriber.sid for subscriber in hub.of_session(alice, phone)] == ["a"]
    assert hub.of_session(UUID(int=77), phone) == []


def test_nothing_is_kept_of_those_who_left() -> None:
    hub = Hub()
    for number in range(10):
        subscriber = Subscriber(f"{number}", Ear(), PERSONS[number % 2], UUID(int=0), ORGANISATION, 0, 0.0)
        hub.admit(subscriber, [Window(scope) for scope in SCOPES])
    for number in range(10):
        hub.dismiss(f"{number}")
    assert [value for value in vars(hub).values() if value] == []


def test_a_socket_that_is_ahead_is_not_put_out_by_what_it_has_seen() -> None:
    hub, ear, (person, scope) = Hub(), Ear(), (PERSONS[0], SCOPES[0])
    hub.admit(Subscriber("first", Ear(), UUID(int=0), UUID(int=0), ORGANISATION, 0, 0.0), [])
    told = [
        event(1, "ended", person, scope),
        event(2, "started", person, scope),
        event(3, "post", person, scope),
    ]
    subscriber = Subscriber("ahead", ear, person, UUID(int=0), ORGANISATION, 2, 0.0)
    assert hub.admit(subscriber, [Window(scope)])
    assert [subscriber in hub.apply(said) for said in told] == [False, False, True]


def test_what_is_so_of_a_scope_is_for_all_in_it_and_what_was_said_before_is_not() -> None:
    hub, ear, scope = Hub(), Ear(), SCOPES[0]
    subscriber = Subscriber("late", ear, PERSONS[0], UUID(int=0), ORGANISATION, 0, 0.0)
    hub.admit(subscriber, [Window(scope, 50)])
    edited = event(1, "post", PERSONS[1], scope)
    renamed = SimpleNamespace(**{**vars(event(2, "post", PERSONS[1], scope)), "type": "scope.updated"})
    reminded = SimpleNamespace(**{**vars(event(3, "post", PERSONS[1], scope)), "type": "alert.reminded"})
    assert list(hub.apply(edited)) == []
    assert list(hub.apply(renamed)) == [subscriber]
    undeclared = SimpleNamespace(**{**vars(event(4, "post", PERSONS[1], scope)), "type": "reaction.created"})
    assert list(hub.apply(reminded)) == []
    assert list(hub.apply(undeclared)) == []


def test_rooms_that_an_emptied_event_would_change_are_read_anew() -> None:
    """It does not say which scope: whoever it is about may not stay in a room by mistake, and others are left alone."""
    hub = Hub()
    alice, bob = (
        Subscriber(f"{person}", Ear(), person, UUID(int=0), ORGANISATION, 0, 0.0) for person in PERSONS
    )
    for subscriber in (alice, bob):
        hub.admit(subscriber, [Window(SCOPES[0])])
    for position, kind in enumerate(("ended", "started"), 1):
        emptied = event(position, kind, PERSONS[0], SCOPES[0])
        whole = event(position, kind, PERSONS[0], SCOPES[0])
        emptied.payload = None
        hub.apply(emptied)
        assert list(hub.unsettled(emptied)) == [alice]
        assert list(hub.unsettled(whole)) == []
    assert list(hub.unsettled(event(3, "post", PERSONS[0], SCOPES[0]))) == []
    assert hub.positions[ORGANISATION] == 2


def test_positions_of_another_epoch_are_not_compared_while_a_socket_is_here() -> None:
    hub, before, after = Hub(), UUID(int=1), UUID(int=2)
    assert hub.is_in(before)
    hub.admit(Subscriber("a", Ear(), PERSONS[0], UUID(int=0), ORGANISATION, 7, 0.0), [])
    assert not hub.is_in(after)
    assert hub.is_in(before)
    hub.dismiss("a")
    assert hub.is_in(after)
    assert hub.admit(Subscriber("b", Ear(), PERSONS[0], UUID(int=0), ORGANISATION, 3, 0.0), [])
