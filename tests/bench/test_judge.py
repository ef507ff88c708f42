"""The judge of `make chaos` finds what is missing from a store, and what should not be in it."""

import uuid
from collections import Counter
from types import SimpleNamespace
from typing import Any

from bench.chaos.judge import app_counts, follower_counts
from bench.chaos.strangers import SOON_S, late

_ME = str(uuid.uuid4())
_SITE, _GATE = "site", "gate"


def judged(
    rows: list[Any], posts: set[str], scopes: frozenset[str] = frozenset({_SITE}), restored_at: int = 0
) -> Counter[str]:
    """Somebody assigned to the site from the start, whose store holds this in the end."""
    return app_counts(rows, _ME, {_SITE}, set(scopes), posts, restored_at)


def post(name: str, scope: str, by: str = "writer", position: int = 1) -> Any:
    payload = {"id": name, "client_id": f"{by}-{name}"}
    common = {"person_id": None, "payload": payload, "position": position}
    return SimpleNamespace(type="post.created", scope_id=scope, **common)


def membership(kind: str, scope: str, person: str = _ME) -> Any:
    payload = {"scope_id": scope}
    return SimpleNamespace(type=f"membership.{kind}", scope_id=None, person_id=person, payload=payload)


def test_a_store_that_has_all_and_nothing_else_is_right() -> None:
    rows = [post("a", _SITE), post("b", _GATE), membership("started", _GATE, "another")]
    assert not +judged(rows, {"a"})


def test_what_no_history_has_is_due_from_the_last_start_of_the_app_on() -> None:
    rows = [post("a", _SITE), post("b", _SITE, "loader", 2), post("c", _SITE, "loader", 3)]
    assert not +judged(rows, {"a", "c"}, restored_at=2)
    assert judged(rows, {"a"}, restored_at=2)["lost"] == 1


def test_what_is_missing_is_lost() -> None:
    assert judged([post("a", _SITE), post("b", _SITE)], {"a"}) == Counter(lost=1, leaked=0)


def test_posts_of_a_scope_that_ended_are_leaked_and_so_is_the_scope() -> None:
    rows = [membership("started", _GATE), post("b", _GATE), membership("ended", _GATE)]
    assert judged(rows, {"b"}, frozenset({_SITE, _GATE})) == Counter(lost=0, leaked=2)
    assert not +judged(rows, set())


def test_history_is_due_when_a_scope_begins_again_but_not_what_no_history_has() -> None:
    rows = [post("h", _GATE), post("l", _GATE, "loader"), membership("started", _GATE)]
    rows += [post("m", _GATE, "loader")]
    both = frozenset({_SITE, _GATE})
    assert not +judged(rows, {"h", "m"}, both)
    assert judged(rows, {"h"}, both)["lost"] == 1
    assert judged(rows, {"h", "l", "m"}, both)["leaked"] == 1


def numbered(*rows: Any) -> list[Any]:
    """As the journal keeps them; each goes to a scope or to a person."""
    for position, row in enumerate(rows, 1):
        row.position, row.event_id = position, f"event-{position}"
    return list(rows)


def follows(rows: list[Any], given: list[int], holds: dict[str, list[int]]) -> Counter[str]:
    """Somebody who belonged to nothing at first, was given these positions, and holds those by scope."""
    named = {scope: [(at, f"event-{at}") for at in held] for scope, held in holds.items()}
    follower: Any = SimpleNamespace(
        person_id=_ME,
        start_position=0,
        scopes=set(),
        inversions=0,
        typing_leaked=0,
        heard=[(at, f"event-{at}") for at in given],
        held=named,
    )
    return +follower_counts(rows, follower)


def test_a_follower_is_given_what_is_said_between_start_and_end() -> None:
    rows = numbered(membership("started", _GATE), post("a", _GATE), membership("ended", _GATE))
    assert not follows(rows, [1, 2, 3], {"own": [1, 3]})
    assert follows(rows[:2], [1], {"own": [1]}) == Counter(lost=1)


def test_what_is_given_before_a_membership_begins_or_after_it_ended_is_leaked() -> None:
    rows = numbered(
        post("a", _GATE), membership("started", _GATE), membership("ended", _GATE), post("b", _GATE)
    )
    assert not follows(rows, [2, 3], {"own": [2, 3]})
    assert follows(rows, [1, 2, 3], {"own": [2, 3]}) == Counter(leaked=1)
    assert follows(rows, [2, 3, 4], {"own": [2, 3]}) == Counter(leaked=1)


def test_a_socket_that_outlives_its_session_is_late_but_for_a_fault_s_length() -> None:
    ends: list[tuple[float, float | None]] = [(0.0, 1.0), (0.0, SOON_S + 2), (500.0, None)]
    assert late(ends, [], 10) == 2
    assert late(ends, [(2.0, 5.0)], 10) == 1
