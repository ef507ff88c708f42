"""What tests say of requests that compute too long."""

import time

from flask import Flask

from tests.holds import ALLOWED, MOST_S, Held, is_too_long


def answers(computes_s: float, blocks_s: float) -> list[str]:
    """What is told of a request that does both."""
    app = Flask("slow")

    @app.get("/things/<int:number>")
    def things(number: int) -> str:
        until = time.thread_time() + computes_s
        while time.thread_time() < until:
            pass
        time.sleep(blocks_s)
        return str(number)

    held = Held(app)
    app.test_client().get("/things/1")
    return held.taken()


def test_a_request_that_computes_too_long_is_told() -> None:
    (told,) = answers(MOST_S + 0.05, 0)
    assert told.startswith("GET /things/<int:number> computed ")


def test_one_that_waits_for_others_is_not() -> None:
    assert answers(0, MOST_S + 0.05) == []


def test_whoever_may_compute_longer_has_a_reason() -> None:
    assert all(ALLOWED.values())
    assert is_too_long("GET /v1/me", MOST_S * 2)
