"""The audit log's one place at the edge: what was done and what was refused becomes an entry (`people/audit/`).

What was done is written in its own transaction, so that there is neither an act without its entry nor an entry without
its act. What was refused is written when that transaction is undone, in one of its own. Who asks too fast is refused
before anything is written.

Where nobody is signed in yet, an entry costs the same whoever is tried: an account, a name that is nobody's, and an
organisation that is not there. Nothing is looked at to spare one of them.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from flask import g, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api import bounds
from api.answers import Answer
from api.kept import OF_PRESENCE, Keep
from api.route import Call, Declaration
from base.database import enter_organisation
from base.errors import Problem
from base.logs import logger
from base.text import address, shortened, without_steering
from people.actor import Actor
from people.audit.entries import NOBODYS, Entry, Result, record, record_once
from people.audit.whose import WHOSE
from people.permissions import Permission
from people.runtime import Runtime

log = logger(__name__)
Path = Mapping[str, Any]
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_ORGANISATION = text("SELECT audited_organisation(:slug)")
_RIGHTS, _STATES = (401, 403), (409,)
# What one's phone is told of oneself: it says where one is, or is not, and goes to no log.
_OF_ONESELF = frozenset({"not_a_member", "consent_missing", "evidence_too_weak", "receipts_off"})
_AGENT = 200


def record_act(declared: Declaration, call: Call, action: str, path: Path, answer: Answer) -> None:
    """Write down what a view has done, in its transaction."""
    keep, whose = declared.kept, WHOSE.get()
    if keep is Keep.NOTHING or (keep is Keep.NOTED and not call.noted):
        return
    if declared.public and whose is None:
        return
    actor = None if declared.public else call.actor
    write = record_once if keep is Keep.LOOK else record
    write(call.session, _entry(declared, actor, action, path, answer.body, call.noted))


@contextmanager
def refusals(declared: Declaration, shared: Runtime, action: str, path: Path) -> Generator[None]:
    """Write down what is refused inside, after its transaction."""
    WHOSE.set(None)
    try:
        yield
    except Problem as problem:
        if _is_kept(declared, problem):
            _write_refusal(declared, shared, action, path, problem)
        raise


def _is_kept(declared: Declaration, problem: Problem) -> bool:
    if declared.public:
        return declared.kept is not Keep.NOTHING and (
            problem.status in _RIGHTS or problem.code.endswith("_refused")
        )
    if g.get("actor") is None or problem.code in _OF_ONESELF:
        return False
    acts = declared.kept in (Keep.EACH, Keep.NOTED)
    return problem.status == 403 or (acts and problem.status in _STATES)


def _write_refusal(declared: Declaration, shared: Runtime, action: str, path: Path, problem: Problem) -> None:
    """A refusal that cannot be written down is a refusal all the same."""
    actor: Actor | None = g.get("actor")
    refused: dict[str, Any] = {"result": Result.REFUSED, "code": problem.code}
    try:
        with shared.database.transaction(None if actor is None else actor.organisation_id) as session:
            if actor is not None:
                record_once(session, _entry(declared, actor, action, path, told=refused))
            elif (tried := _tried(session)) is not None:
                enter_organisation(session, tried)
                told = refused | {"organisation_id": tried}
                record(session, _entry(declared, None, action, path, told=told))
    except SQLAlchemyError as error:
        log.error("audit_not_written", action=action, error=type(error).__name__)


def _tried(session: Session) -> UUID | None:
    """The organisation that somebody tried to get into, `NOBODYS` where there is none of that name; None: not said."""
    slug, whose = _body().get("organisation"), WHOSE.get()
    if isinstance(slug, str):
        return session.scalar(_ORGANISATION, {"slug": address(slug)}) or NOBODYS
    return None if whose is None else whose.organisation_id


def _entry(
    declared: Declaration,
    actor: Actor | None,
    action: str,
    path: Path,
    made: dict[str, Any] | None = None,
    noted: Mapping[str, Any] = _NOTHING,
    told: Mapping[str, Any] = _NOTHING,
) -> Entry:
    """The entry of the present request. `made`: what it answered; `told`: what is known of a refusal."""
    who = _who(declared, actor, path, refused=bool(told))
    if "person_id" in noted:
        who |= {"person_id": noted["person_id"]}
    kind, subject_id, others = _subject(declared, path, made)
    after = noted.get("after")
    return Entry(
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        address=_address(),
        agent=shortened(without_steering(request.user_agent.string), _AGENT) or None,
        before=noted.get("before"),
        after={**others, **(after or {})} if others else after,
        **{**who, **told},
    )


def _who(declared: Declaration, actor: Actor | None, path: Path, *, refused: bool) -> dict[str, Any]:
    """Who asks, on which device, and whom it concerns. Who is refused at the door is not known to be anybody."""
    if actor is not None:
        by = {"organisation_id": actor.organisation_id, "actor_id": actor.person_id}
        return by | {
            "device_id": actor.device_id,
            "session_id": actor.session_id,
            "person_id": _person(declared, actor, path),
        }
    whose = WHOSE.get()
    if whose is None:
        return {}
    by = {"organisation_id": whose.organisation_id, "actor_id": None if refused else whose.person_id}
    return by | {
        "device_id": whose.device_id,
        "session_id": whose.session_id,
        "person_id": whose.person_id,
    }


def _person(declared: Declaration, actor: Actor, path: Path) -> UUID | None:
    """Whom it concerns: who is named, or oneself."""
    if _tells_of_presence(declared):
        return None
    named = path.get("person_id") or request.args.get("person_id") or _body().get("person_id")
    if named is None and declared.permission is Permission.ACCOUNT_USE:
        return actor.person_id
    return _id(named)


def _tells_of_presence(declared: Declaration) -> bool:
    return declared.permission in OF_PRESENCE or declared.routes.name == "musters"


def _subject(
    declared: Declaration, path: Path, made: dict[str, Any] | None
) -> tuple[str | None, UUID | None, dict[str, str]]:
    """On what: what was made, else the last thing that the path names; and what else it names, but for persons."""
    segments = declared.path.strip("/").split("/")
    named = [
        (_kind(segments[place - 1]), name, path[name])
        for place, segment in enumerate(segments)
        if (name := segment.removeprefix("<uuid:").rstrip(">")) in path
        and name != "person_id"
        and isinstance(path[name], UUID)
    ]
    new = _id((made or {}).get("id")) if declared.method == "POST" else None
    if new is not None and new not in path.values():
        return _kind(segments[-1]), new, {name: str(value) for _, name, value in named}
    if not named:
        return None, None, {}
    *others, (kind, _, subject_id) = named
    return kind, subject_id, {name: str(value) for _, name, value in others}


def _kind(segment: str) -> str:
    """One of what a segment of a path has many of."""
    if segment.endswith("ies"):
        return f"{segment[:-3]}y".replace("-", "_")
    return segment.removesuffix("s").replace("-", "_")


def _body() -> dict[str, Any]:
    """The request's body, where it is JSON of the usual size; what refuses a broken one has done so."""
    raw = request.get_data(cache=True) if request.is_json else b""
    if not raw or len(raw) > bounds.USUAL:
        return {}
    try:
        said = orjson.loads(raw)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _id(said: Any) -> UUID | None:
    try:
        return said if said is None or isinstance(said, UUID) else UUID(str(said))
    except ValueError:
        return None


def _address() -> str | None:
    """Where the request came from; None where a proxy lets callers say what they like."""
    try:
        return str(ip_address((request.remote_addr or "").partition("%")[0]))
    except ValueError:
        return None
