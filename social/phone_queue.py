"""Doing what a phone queued, one act at a time.

Some acts are what somebody wrote, and are worth keeping whenever they come: posts, edits, deletions, read positions,
acknowledgements. If the phone's time of one of them cannot be believed, it is done without that time. Others say what
was true at a moment (being in a place, being safe): without a believable moment they are refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from base.errors import Invalid, NotFound
from geo.musters import answers as muster_answers
from geo.stays import checkins
from people.actor import Actor
from social import acknowledgements, posts, publishing, reads
from social.models import Post

Done = tuple[int, dict[str, Any] | None]


@dataclass(frozen=True)
class Act:
    """A queued act: what its kind needs, when it was done (None: not believable), and why that is in doubt."""

    kind: str
    said: dict[str, Any]
    at: datetime | None
    doubt: str | None = None


class NotBelieved(Invalid):
    """The act means nothing without its time, and that is too old or lies in the future."""

    code, title = "item_too_old", "The time of this cannot be believed any more"


def one_at_a_time(session: Session, actor: Actor) -> None:
    """Let a second batch of the same person wait for the first: a phone that lost the answer sends it again."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"outbox:{actor.person_id}", 0))))


def do(session: Session, actor: Actor, act: Act) -> Done:
    """Do one act; returns status and body as its own route would. Raises what that would."""
    return _ACTS[act.kind](session, actor, act)


def _publish(session: Session, actor: Actor, act: Act) -> Done:
    draft = {**act.said, "written_at": act.at}
    if act.said["parent_client_id"] is not None:
        draft["parent_id"] = _own_post(session, actor, act.said["parent_client_id"], "/parent_client_id")
    post, new = publishing.publish(session, actor, act.said["scope_id"], draft)
    return (201 if new else 200), post


def _edit(session: Session, actor: Actor, act: Act) -> Done:
    changes = {name: act.said[name] for name in ("text", "mentions") if name in act.said}
    return 200, posts.edit(session, actor, _post_id(session, actor, act), changes, written_at=act.at)


def _delete(session: Session, actor: Actor, act: Act) -> Done:
    posts.delete(session, actor, _post_id(session, actor, act), at=act.at)
    return 204, None


def _read(session: Session, actor: Actor, act: Act) -> Done:
    post_id, known = _post_id(session, actor, act), {name: act.said[name] for name in ("position", "epoch")}
    return 200, reads.mark_read(session, actor, act.said["scope_id"], post_id, **known, at=act.at)


def _acknowledge(session: Session, actor: Actor, act: Act) -> Done:
    return 200, acknowledgements.acknowledge(session, actor, act.said["post_id"], at=act.at)


def _answer_muster(session: Session, actor: Actor, act: Act) -> Done:
    return 200, muster_answers.answer(session, actor, act.said["muster_id"], act.said, at=_moment(act))


def _check_in(session: Session, actor: Actor, act: Act) -> Done:
    said = {**act.said, "kind": act.said["scanned"], "at": _moment(act)}
    return 201, checkins.check_in(session, actor, said)


def _check_out(session: Session, actor: Actor, act: Act) -> Done:
    return 200, checkins.check_out(session, actor, act.said["place_id"], at=_moment(act))


def _moment(act: Act) -> datetime:
    if act.at is None:
        raise NotBelieved(code=act.doubt)
    return act.at


def _post_id(session: Session, actor: Actor, act: Act) -> UUID:
    if act.said["post_id"] is not None:
        return act.said["post_id"]
    return _own_post(session, actor, act.said["post_client_id"], "/post_client_id")


def _own_post(session: Session, actor: Actor, client_id: str, pointer: str) -> UUID:
    mine = select(Post.id).where(Post.author_id == actor.person_id, Post.client_id == client_id)
    post_id = session.scalar(mine)
    if post_id is None:
        raise NotFound(errors=[{"pointer": pointer, "message": "No post of yours has this client_id."}])
    return post_id


_ACTS: dict[str, Callable[[Session, Actor, Act], Done]] = {
    "post": _publish,
    "edit": _edit,
    "deletion": _delete,
    "read": _read,
    "acknowledgement": _acknowledge,
    "muster_answer": _answer_muster,
    "check_in": _check_in,
    "check_out": _check_out,
}
