"""The life of every request:

    check the token ─▶ count it ─▶ read the body ─▶ open the transaction ─▶ load the actor ─▶ check the permission
    ─▶ repeat of an earlier request? ─▶ parse ─▶ act ─▶ write it down ─▶ commit ─▶ answer

A body that is much work (`api/making.py`) is worked on before the transaction opens, in another process, and a
transaction before that finds out whether the actor may ask for so much.

Where a route is not public, nothing of a body is read without a good token, and nowhere more than is declared. The body
is read before the transaction opens: a slow phone must not hold a database connection. A transaction that PostgreSQL
undid to let another pass is begun again, twice at most.

What takes long is done before, too (`Declaration.prepare`): where a route declares it, the actor and the permission are
looked at in a transaction of their own, then the body is parsed and prepared while none is open, and the transaction
that acts looks at both anew.

A view that has nothing to tell yet may ask to wait (`Answer.waiting`): its transaction ends, the request waits without
holding a connection for an event that is addressed to it, and everything from the transaction on is done again. Where
none comes, it gets what it would have got at once. Such routes look few at a time, for everybody comes after a restart.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

from flask import Response, current_app, g, request
from sqlalchemy.orm import Session

from api import auditing, pacing
from api.again import is_done_again, kept_of, made_again
from api.answers import Answer
from api.making import body_before, check_manages_anything, is_much
from api.parsing import arguments, bearer_token, read_body
from api.route import Call, Declaration, View
from base.database import again_if_it_gave_way
from base.errors import Forbidden, Problem
from journal.waiters import Waiting
from journal.wakeups import Wakeups
from people import idempotency
from people.actor import Actor
from people.permissions import Permission, is_organisation_wide
from people.runtime import Runtime
from people.services.tokens import actor_of_claims, is_service_token
from people.sign_in.fresh import check_fresh
from people.sign_in.idling import OnSharedDevice, keep_awake
from people.sign_in.tokens import AccessClaims

_KEPT_HEADERS = ("ETag", "Location")
Outcome = tuple[Response, Waiting | None]


def runtime() -> Runtime:
    """The application's own."""
    return current_app.extensions["hereabouts"]


def handle(declared: Declaration, view: View, path: dict[str, Any]) -> Response:
    """Answer the present request; `path` holds the arguments from its path."""
    shared = runtime()
    if declared.public:
        shared.begin()
    claims = pacing.admitted(declared, partial(_claims, shared))
    with auditing.refusals(declared, shared, view.__name__, path):
        return _answered(declared, view, path, shared, claims)


def _answered(
    declared: Declaration, view: View, path: dict[str, Any], shared: Runtime, claims: AccessClaims | None
) -> Response:
    read_body(declared.most_bytes)
    prepared = _prepared(declared, shared, claims)
    look = partial(again_if_it_gave_way, partial(_attempt, declared, view, path, shared, claims, prepared))
    if claims is None or declared.at_once is None:
        return look()[0]
    return _when_there_is_news(shared.wakeups, look, _answer_at_once(declared, shared, claims))


def _prepared(declared: Declaration, shared: Runtime, claims: AccessClaims | None) -> dict[str, Any]:
    """What takes long about the body, done; nothing where nothing does.

    Whoever may not ask is told so first: the work is not done for them.
    """
    if not is_much(declared):
        return {}
    return body_before(declared, shared, None if claims is None else _admitted(declared, shared, claims))


def _admitted(declared: Declaration, shared: Runtime, claims: AccessClaims) -> Actor:
    """Raises for those who could do nothing with the route; what they may do where is looked at later."""
    with shared.database.transaction(claims.organisation_id) as session:
        actor = _call(declared, shared, session, claims).actor
        if declared.permission is Permission.PLACES_EDIT:
            check_manages_anything(session, actor)
        return actor


def _call(declared: Declaration, shared: Runtime, session: Session, claims: AccessClaims | None) -> Call:
    """The request with its actor, who may ask for this."""
    if claims is None or declared.permission is None:
        return Call(session, shared)
    call = Call(session, shared, actor_of_claims(session, claims, request.remote_addr))
    pacing.known(declared, call.actor)
    g.actor = call.actor
    if call.actor.is_service and not declared.serves_services:
        raise Forbidden
    _check_role(call.actor, declared.permission)
    if call.actor.pause_seconds is not None:
        _check_shared_device(declared, declared.permission)
        if declared.at_once is None:  # apps ask for news by themselves
            keep_awake(session, call.actor)
    if declared.fresh:
        check_fresh(call.actor)
    return call


def _attempt(
    declared: Declaration,
    view: View,
    path: dict[str, Any],
    shared: Runtime,
    claims: AccessClaims | None,
    prepared: dict[str, Any],
) -> Outcome:
    """One transaction: its response, and what it would rather wait for."""
    with shared.database.transaction(claims.organisation_id if claims else None) as session:
        call = _call(declared, shared, session, claims)
        key = _idempotency_key(declared)
        answer = None if key is None else _earlier_answer(call, key, declared, path)
        if answer is None:
            outcome = _done(call, key, partial(view, call, **path, **arguments(declared, prepared)))
            answer = outcome if isinstance(outcome, Answer) else Answer(outcome)
            auditing.record_act(declared, call, view.__name__, path, answer)
            if key is not None:
                _keep_answer(call, key, answer, declared)
        # Encoded before the commit: what cannot be told must not have happened.
        return answer.response(declared.status, declared.media), answer.waiting


def _done(call: Call, key: str | None, act: Callable[[], Answer | dict[str, Any] | None]) -> Any:
    """What the view answers. A refusal whose changes are committed leaves no claim on the key behind."""
    try:
        return act()
    except Problem as problem:
        if key is not None and problem.keeps_changes:
            idempotency.release(call.session, call.actor, key)
        raise


def _answer_at_once(declared: Declaration, shared: Runtime, claims: AccessClaims) -> Outcome | None:
    """What is answered without a transaction: somebody goes on waiting, and nothing has come since."""
    if declared.at_once is None:
        return None
    answer = declared.at_once(shared, claims, partial(arguments, declared))
    return None if answer is None else (answer.response(declared.status, declared.media), answer.waiting)


def _when_there_is_news(wakeups: Wakeups, look: Callable[[], Outcome], at_once: Outcome | None) -> Response:
    """Look until there is something to tell, or the time to wait for it is over."""
    began = time.monotonic()
    with wakeups.arrivals if at_once is None else nullcontext():
        ticket = wakeups.ticket()
        response, waiting = at_once or look()
    while waiting is not None:
        with wakeups.turn(waiting, ticket, began) as looks:
            if not looks:
                break
            ticket = wakeups.ticket()
            response, waiting = look()
    return response


def _claims(shared: Runtime) -> AccessClaims:
    """What the request's token says: a session's, or a service's."""
    token = bearer_token()
    if is_service_token(token):
        return shared.services.read(token, pacing.check_guesses)
    return shared.read_access_token(token)


def _check_role(actor: Actor, permission: Permission) -> None:
    """Permissions of the organisation and of oneself are decided here, those of a scope where it is loaded."""
    if is_organisation_wide(permission) and not actor.may(permission):
        raise Forbidden


def _check_shared_device(declared: Declaration, permission: Permission) -> None:
    """A PIN at a gate lets nobody administer the organisation, and a gate is in nobody's pocket."""
    if declared.own_device or permission.startswith("organisation:"):
        raise OnSharedDevice


def _idempotency_key(declared: Declaration) -> str | None:
    """The key that makes this request be done once. It is a person's, so public routes have none.

    Nor have those with secrets: the digest of a body is a faster way to a password than its hash.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None or declared.public or declared.secret or declared.method == "GET":
        return None
    if is_done_again(declared.answer):
        return None
    return idempotency.check_key(key)


def _earlier_answer(call: Call, key: str, declared: Declaration, path: dict[str, Any]) -> Answer | None:
    """What this request got before; None where it is the first, whose key is claimed now."""
    route = f"{request.method} {request.full_path.rstrip('?')}"
    earlier = idempotency.stored_answer(call.session, call.actor, key, route, request.get_data(cache=True))
    if earlier is None:
        return None
    made = made_again(call, declared.answer, path, earlier.kept)
    made = made if isinstance(made, Answer) else Answer(made)
    headers = {**(earlier.headers or {}), **made.headers, "Idempotent-Replayed": "true"}
    return Answer(made.body, earlier.status or 200, headers)


def _keep_answer(call: Call, key: str, answer: Answer, declared: Declaration) -> None:
    headers = {name: value for name, value in answer.headers.items() if name in _KEPT_HEADERS}
    kept = kept_of(declared.answer, answer.body)
    idempotency.store_answer(call.session, call.actor, key, answer.status or declared.status, headers, kept)
