"""What is left of a session for polls that are still to come."""

import time

import gevent
import pytest

from live.engine.farewells import Farewells


def test_each_payload_is_taken_once_and_in_order() -> None:
    farewells = Farewells()
    farewells.leave("alice", ["4one", "4two"], [], ["1"])
    assert "bob" not in farewells
    assert farewells.take("alice") == ["4one", "4two"]
    assert farewells.take("alice") == ["1"]
    assert "alice" not in farewells
    with pytest.raises(KeyError):
        farewells.take("alice")


def test_who_does_not_come_is_not_waited_for() -> None:
    farewells = Farewells(kept_s=0.02)
    farewells.leave("alice", ["4one"], ["1"])
    farewells.leave("bob", ["1"])
    assert farewells.take("bob") == ["1"]
    deadline = time.monotonic() + 5
    while "alice" in farewells:
        assert time.monotonic() < deadline
        gevent.sleep(0)
    with pytest.raises(KeyError):
        farewells.take("alice")
