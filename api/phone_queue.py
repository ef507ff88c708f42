"""What a phone queued while it had no network."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError

from api import bounds
from api.again import kept_of, made_again
from api.answers import Answer
from api.pace import Pace
from api.pacing import count_within
from api.parsing import faults_of
from api.problems import INTERNAL, Refusal
from api.route import Call, Routes
from base import clock
from base.database import gave_way
from base.errors import Faulty, Invalid, Problem
from base.logs import logger
from geo.stays.times import corrected
from people import idempotency
from people.idempotency import Asked
from people.models import IdempotencyKey
from people.permissions import Permission
from schemas.base import Wire
from schemas.phone_queue import ANSWERS, KINDS, OutboxBatch, OutboxReport
from social import phone_queue
from social.phone_queue import Act

log = logger(__name__)
routes = Routes("outbox", "Outbox: what was done without a network")
_ROUTE, _KEY = "POST /v1/me/outbox", "outbox:"
Known = dict[str, IdempotencyKey]


@routes.route(
    "POST",
    "/me/outbox",
    permission=Permission.ACCOUNT_USE,
    own_device=True,
    pace=Pace.QUEUE,
    body=OutboxBatch,
    max_body=bounds.QUEUE,
    answer=OutboxReport,
)
def send_queued(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Do what was queued, in order, each once. One that is refused does not keep the others from being done."""
    # A code that is guessed at counts, whichever way it comes; the whole batch waits, so nothing of it is lost.
    count_within(call.actor, Pace.CODE, sum(_is_check_in(item) for item in body["items"]))
    phone_queue.one_at_a_time(call.session, call.actor)
    received = clock.now()
    keys = [f"{_KEY}{item['client_id']}" for item in body["items"] if _client_id(item)]
    known = idempotency.earlier(call.session, call.actor, keys)
    results = [
        {
            "index": index,
            "client_id": _client_id(item),
            **_taken(call, item, body["sent_at"], received, known),
        }
        for index, item in enumerate(body["items"])
    ]
    return {"items": results}


def _taken(
    call: Call, item: dict[str, Any] | Faulty, sent_at: datetime, received: datetime, known: Known
) -> dict[str, Any]:
    """The result of one item. A fault of ours in one must not block a phone's queue for ever, so it is one's too."""
    if isinstance(item, Faulty):
        return _refused(Invalid(item.detail))
    try:
        with call.session.begin_nested():
            return _kept(lambda: _once(call, item, _parsed(item, sent_at, received), known))
    except Problem as problem:
        return _refused(problem)
    except OperationalError:
        raise  # the database is lost, or two requests stood in each other's way: the phone sends all again
    except Exception as error:
        if isinstance(error, DBAPIError) and gave_way(error):
            raise
        log.error("outbox_item_failed", exc_info=error, kind=item.get("kind"))
        return _result(INTERNAL.status, problem=INTERNAL.body())


def _kept(act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The result of an act. A refusal that keeps its changes is a result, too, so that they stay."""
    try:
        return act()
    except Problem as problem:
        if problem.keeps_changes:
            return _refused(problem)
        raise


def _once(call: Call, item: dict[str, Any], act: Act, known: Known) -> dict[str, Any]:
    said = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    asked, answer = Asked(f"{_KEY}{item['client_id']}", _ROUTE, said), ANSWERS[act.kind]
    done = asked.before(known)
    if done is not None:
        return _result(done.status or 200, _made_again(call, answer, done), repeated=True)
    status, body = phone_queue.do(call.session, call.actor, act)
    idempotency.remember(call.session, call.actor, known, asked, status, kept_of(answer, body))
    return _result(status, body, doubt=act.doubt)


def _made_again(call: Call, answer: type[Wire] | None, done: IdempotencyKey) -> dict[str, Any] | None:
    """The answer of an act that was done before. Where it can be had no more, that it was done is told all the same."""
    try:
        made = made_again(call, answer, {}, done.kept)
    except Problem:
        return None
    return made.body if isinstance(made, Answer) else made


def _parsed(item: dict[str, Any], sent_at: datetime, received: datetime) -> Act:
    kind = item.get("kind")
    schema = KINDS.get(kind) if isinstance(kind, str) else None
    if schema is None:
        raise Invalid.at("/kind", f"One of {', '.join(KINDS)}.")
    try:
        said: dict[str, Any] = schema().load(item)  # type: ignore[assignment]
    except ValidationError as error:
        raise Invalid(errors=faults_of(error)) from None
    taken, refused = corrected([said], sent_at, received, what="item")
    if refused:
        return Act(str(kind), said, None, refused[0][1])
    return Act(str(kind), said, min(taken[0][1], received))


def _refused(problem: Problem) -> dict[str, Any]:
    return _result(problem.status, problem=Refusal.of(problem).body())


def _is_check_in(item: dict[str, Any] | Faulty) -> bool:
    return not isinstance(item, Faulty) and item.get("kind") == "check_in"


def _client_id(item: dict[str, Any] | Faulty) -> str | None:
    client_id = None if isinstance(item, Faulty) else item.get("client_id")
    return client_id if isinstance(client_id, str) else None


def _result(
    status: int,
    body: dict[str, Any] | None = None,
    *,
    problem: dict[str, Any] | None = None,
    repeated: bool = False,
    doubt: str | None = None,
) -> dict[str, Any]:
    return {"status": status, "repeated": repeated, "doubt": doubt, "body": body, "problem": problem}
