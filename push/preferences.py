"""What a person wants of push, beyond how loud each scope is. Who never chose has no row, and the defaults."""

from typing import Any

from sqlalchemy import case, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from people.actor import Actor
from push.models import DIGESTS_APART, PushPreferences

_DEFAULTS: dict[str, Any] = {
    "quiet_hours": None,
    "working_hours": None,
    "do_not_disturb_until": None,
    "on_call_until": None,
    "off_site": "quiet",
    "digest": "off",
    "digest_at": "07:30",
}


def preferences(session: Session, actor: Actor) -> dict[str, Any]:
    """The person's preferences in wire form."""
    row = session.get(PushPreferences, actor.person_id)
    chosen = {name: default if row is None else getattr(row, name) for name, default in _DEFAULTS.items()}
    for name in ("do_not_disturb_until", "on_call_until"):
        chosen[name] = clock.wire_or_none(chosen[name])
    return chosen


def change_preferences(session: Session, actor: Actor, changes: dict[str, Any]) -> dict[str, Any]:
    """Change some of the preferences; the others stay."""
    values, ready = {"updated_at": clock.now(), **changes}, clock.now() - DIGESTS_APART
    row = insert(PushPreferences).values(
        person_id=actor.person_id, organisation_id=actor.organisation_id, digested_for=ready, **values
    )
    # Who wants digests from now on missed none before.
    begins = case(
        (PushPreferences.digest == "off", func.greatest(PushPreferences.digested_for, ready)),
        else_=PushPreferences.digested_for,
    )
    key, set_ = [PushPreferences.person_id], values | {"digested_for": begins}
    session.execute(row.on_conflict_do_update(index_elements=key, set_=set_))
    return preferences(session, actor)
