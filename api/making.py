"""Bodies that are much work: read, checked and worked on before the transaction, and large ones in another process.

What is the matter with such a body is not told before it is known whether the actor may do what the route does, so a
refusal is handed on in the body's place.
"""

from collections.abc import Callable
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from api import bounds
from api.parsing import UnsupportedMediaType, body_of
from api.route import Declaration
from base.errors import Forbidden, Invalid, Problem
from base.work.apart import apart
from people.actor import Actor
from people.audience import managed_by
from people.permissions import Permission
from people.runtime import Runtime
from schemas.base import Wire


def is_much(declared: Declaration) -> bool:
    """Whether the present request has a body that is worked on before the transaction."""
    if declared.prepare is not None or declared.prepare_for is not None:
        return True
    return declared.work is not None and len(request.get_data(cache=True)) > bounds.APART


def body_before(declared: Declaration, shared: Runtime, actor: Actor | None) -> dict[str, Any]:
    """What was made of the body, as `arguments` takes it; raises what is not about the body itself."""
    try:
        body = None if declared.body is None else _worked(declared.body, declared.work or _as_it_is)
        return {"body": body if isinstance(body, Problem) else _prepared(declared, shared, actor, body)}
    except Invalid as refusal:
        return {"body": refusal}


def _prepared(declared: Declaration, shared: Runtime, actor: Actor | None, body: Any) -> Any:
    if declared.prepare is not None:
        body = declared.prepare(shared, body)
    if declared.prepare_for is not None and actor is not None:
        body = declared.prepare_for(shared, actor, body)
    return body


def check_manages_anything(session: Session, actor: Actor) -> None:
    """Reading much is work that nobody may ask for who could not change anything by it; raises `Forbidden`."""
    managed = managed_by(actor, Permission.PLACES_EDIT)
    if managed is not None and session.scalar(managed.limit(1)) is None:
        raise Forbidden


def _worked(schema: type[Wire], work: Callable[[Any], Any]) -> Any:
    raw = request.get_data(cache=True)
    if not request.is_json:
        return UnsupportedMediaType()
    return apart(made_of, schema, work, raw) if len(raw) > bounds.APART else made_of(schema, work, raw)


def _as_it_is(body: Any) -> Any:
    return body


def made_of(schema: type[Wire], work: Callable[[Any], Any], raw: bytes) -> Any:
    """A body with the work done; what refuses it stands in its place."""
    try:
        return work(body_of(schema, raw))
    except Problem as problem:
        return problem
