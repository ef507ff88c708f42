"""The judge of `make chaos` finds what is missing from a store, and what should not be in it."""

import uuid
from collections import Counter
from types import SimpleNamespace
from typing import Any

from bench.chaos.judge import app_counts

_ME = str(uuid.uuid4())
_SITE, _GATE = "site", "gate"


def judged(rows: list[Any], posts: set[str], scopes: frozenset[str] = frozenset({_SITE})) -> Counter[str]:
    """Somebody assigned to the site from the start, whose store holds this in the end."""
    return app_counts(rows, _ME, {_SITE}, set(scopes), posts)


def post(name: str, scope: str, by: str = "writer") -> Any:
    payload = {"id": name, "client_id": f"{by}-{name}"}
    return SimpleNamespace(type="post.created", scope_id=scope, person_id=None, payload=payload)


def membership(kind: str, scope: str, person: str = _ME) -> Any:
    payload = {"scope_id": scope}
    return SimpleNamespace(type=f"membership.{kind}", scope_id=None, person_id=person, payload=payload)


def test_a_store_that_has_all_and_nothing_else_is_right() -> None:
    rows = [post("a", _SITE), post("b", _GATE), membership("started", _GATE, "another")]
    assert not +judged(rows, {"a"})


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
