"""Two requests at once."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from flask import has_request_context, request
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.world import World

Request = Callable[[], TestResponse]
_WAITING = text(
    "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE NOT l.granted AND a.datname = current_database()"
)
# How many transactions a request commits before the one that acts: its token is looked at, its try is counted.
_BEFORE = {
    "/v1/sessions": 2,
    "/v1/invitations/accept": 1,
    "/v1/password-resets": 1,
    "/v1/me/password": 3,
    "/v1/me/email": 3,
}


@contextmanager
def held_before_commit(world: World, second: Callable[[], Future[TestResponse]]) -> Iterator[None]:
    """The first request's transaction waits before its commit until the second waits for it, or is answered."""
    first, started = threading.Event(), list[Future[TestResponse]]()
    passed = itertools.count()

    def before_commit(session: Session) -> None:
        if first.is_set() or next(passed) < _BEFORE.get(request.path if has_request_context() else "", 0):
            return
        first.set()
        started.append(second())
        looking = world.worker.engine.execution_options(isolation_level="AUTOCOMMIT")
        with looking.connect() as connection:
            while not started[0].done() and not connection.scalar(_WAITING):
                pass

    event.listen(Session, "before_commit", before_commit)
    yield
    event.remove(Session, "before_commit", before_commit)


def twins(world: World, one: Request, other: Request) -> tuple[TestResponse, TestResponse]:
    """Both at once: the second one's transaction begins and looks before the first one's commits."""
    later: list[Future[TestResponse]] = []
    with ThreadPoolExecutor(1) as pool:

        def second() -> Future[TestResponse]:
            later.append(pool.submit(other))
            return later[0]

        with held_before_commit(world, second):
            answered = one()
        return answered, later[0].result(30)


def statuses(world: World, one: Request, other: Request) -> list[int]:
    """What both are answered, by its status."""
    return [answer.status_code for answer in twins(world, one, other)]


def codes(world: World, one: Request, other: Request) -> list[str | None]:
    """What both are refused with; None where one was not."""
    return [(answer.get_json() or {}).get("code") for answer in twins(world, one, other)]
