"""How far a post's pushes got, as numbers: for managers, and without names.

Persons are those whom the post reaches now, its author apart; devices those that a push was queued for. Reasons that
betray what somebody chose for themselves (quiet hours, a mute, being elsewhere) are one number, `held_back`; and where
the post reaches fewer than `SMALLEST`, what single persons did or chose is not told at all: for how many a push was
queued says as much as for how many it was held back.

Whom it reaches because they are there is told as every number of a place is (`geo/presence/accounts.py`).
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.orm import Session

from base.database import AnyRow
from geo.presence.accounts import Counted, account_of, belonged, counted_of
from journal.order import comes_after
from people.actor import Actor
from people.audience import audience
from people.permissions import Permission
from social.posts import post_for

SMALLEST = 5
_TECHNICAL = frozenset(
    {
        "ttl",
        "deleted",
        "ended",
        "device_changed_hands",
        "signed_out",
        "no_address",
        "device_silent",
        "no_longer_a_member",
    }
)
_ids = bindparam("persons", type_=ARRAY(Uuid))
_PERSONS = text(
    f"""
    SELECT
        (SELECT count(DISTINCT d.person_id) FROM devices d
         WHERE d.person_id = ANY (:persons) AND d.push_address IS NOT NULL AND EXISTS (
             SELECT FROM sessions s WHERE s.device_id = d.id AND s.person_id = d.person_id
                 AND s.ended_at IS NULL AND s.expires_at > now())) AS with_device,
        (SELECT count(*) FROM reads r LEFT JOIN subject_positions s ON s.subject_id = :post
         WHERE r.scope_id = :scope AND r.person_id = ANY (:persons)
            AND (r.post_id = :post OR r.read_to >= s.position)
            AND (NOT :alone OR {belonged("r.person_id", "r.read_at")})) AS read,
        (SELECT count(*) FROM acknowledgements a
         WHERE a.post_id = :post AND a.person_id = ANY (:persons)
            AND (NOT :alone OR {belonged("a.person_id", "a.acknowledged_at")})) AS acknowledged
    """
).bindparams(_ids)
# Of those whom it was pushed to because they were there: who had come by themselves.
_PUSHED_THERE = text(
    f"""
    SELECT count(DISTINCT d.person_id) FROM notifications n JOIN deliveries d ON d.notification_id = n.id
    WHERE :is_place AND NOT :alone AND n.subject_id = :post AND n.organisation_id = :organisation
        AND NOT {belonged("d.person_id", "d.created_at")}
        AND EXISTS (SELECT FROM visits v JOIN evidence e ON e.visit_id = v.id
                    WHERE v.person_id = d.person_id AND v.place_id = :scope AND e.source <> 'manual')
    """
)
# An alert may have been told again and again: a device counts once, by the best that came of it.
_DEVICES = text(
    f"""
    SELECT state, reason, count(*) AS devices, count(DISTINCT person_id) AS persons FROM (
        SELECT DISTINCT ON (d.device_id) d.device_id, d.person_id,
            CASE WHEN d.opened_at IS NOT NULL THEN 'opened' WHEN d.delivered_at IS NOT NULL THEN 'delivered'
                WHEN d.status IN ('queued', 'sending') THEN 'waiting' WHEN d.status = 'expired' THEN 'dropped'
                WHEN d.status = 'dead' THEN 'failed' ELSE d.status END AS state,
            CASE WHEN d.status NOT IN ('sent', 'queued', 'sending') THEN coalesce(d.reason, d.status) END AS reason
        FROM notifications n JOIN deliveries d ON d.notification_id = n.id
        WHERE n.subject_id = :post AND n.organisation_id = :organisation AND d.action = 'show'
            AND n.facts ->> 'type' IS DISTINCT FROM 'alert.unanswered'
            AND (NOT :alone OR {belonged("d.person_id", "d.created_at")})
        ORDER BY d.device_id, d.opened_at IS NULL, d.delivered_at IS NULL, d.status <> 'sent',
            d.status NOT IN ('queued', 'sending'), d.created_at DESC
    ) AS best GROUP BY state, reason
    """
)
_LEFT_BEHIND = ("waiting", "failed", "dropped")
_GOT_THERE = {
    "sent": ("sent", "delivered", "opened"),
    "delivered": ("delivered", "opened"),
    "opened": ("opened",),
}


def funnel(session: Session, actor: Actor, post_id: UUID) -> dict[str, Any]:
    """The numbers of a post, for those who moderate its scope."""
    row, scope = post_for(session, actor, post_id, Permission.POSTS_MODERATE)
    account = account_of(session, scope.id)
    counted = counted_of(session, account, _reached(session, row, scope.id, actor.organisation_id))
    asked = {"scope": scope.id, "post": post_id, "alone": account.numbers_alone}
    known = session.execute(_PERSONS, asked | {"persons": counted.persons}).one()
    own = session.execute(_PERSONS, asked | {"persons": list(counted.own)}).one()
    pushed = asked | {"organisation": actor.organisation_id, "is_place": account.place is not None}
    states = session.execute(_DEVICES, pushed).all()
    there = session.scalar(_PUSHED_THERE, pushed) or 0
    small = (
        not counted.makes_a_group or len(counted.persons) < SMALLEST or 0 < there < account.groups.smallest
    )
    return {
        "post_id": str(post_id),
        "audience": len(counted.persons) if counted.makes_a_group else None,
        "with_device": known.with_device if _parts(counted, own.with_device) else None,
        "read": known.read if not small and _parts(counted, own.read) else None,
        "acknowledged": known.acknowledged if _parts(counted, own.acknowledged) else None,
        "devices": _devices(states, small=small),
        "failed": None if small else _by_reason(states, "failed"),
        "dropped": None if small else _by_reason(states, "dropped"),
    }


def _reached(session: Session, row: AnyRow, scope_id: UUID, organisation_id: UUID) -> list[UUID]:
    """Whom the post reaches now, its author apart."""
    return [
        one.person_id
        for one in audience(session, scope_id, organisation_id)
        if comes_after(row.position, one.since) and one.person_id != row.author_id
    ]


def _parts(counted: Counted, some: int) -> bool:
    """Whether it may be told how many of them did something: those who are there and did, and did not, are groups."""
    groups = counted.groups
    both = groups.tells(some) and groups.tells(len(counted.own) - some)
    return counted.makes_a_group and (not counted.there or both)


def _devices(states: Any, *, small: bool) -> dict[str, int | None]:
    """How many devices got how far; nothing of it for a small group."""
    got: dict[str, int | None] = {
        "queued": sum(r.devices for r in states),
        **{state: sum(r.devices for r in states if r.state == state) for state in _LEFT_BEHIND},
        **{name: sum(r.devices for r in states if r.state in of) for name, of in _GOT_THERE.items()},
    }
    return dict.fromkeys(got) if small else got


def _by_reason(states: Any, state: str) -> dict[str, int]:
    """How many devices for each reason; private ones together."""
    summed: dict[str, int] = {}
    for row in states:
        if row.state == state:
            reason = row.reason if state == "failed" or row.reason in _TECHNICAL else "held_back"
            summed[reason] = summed.get(reason, 0) + row.devices
    return summed
