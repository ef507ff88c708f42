"""How far a post's pushes got, as numbers: for managers, and without names.

Persons are those whom the post reaches now, its author apart; devices those that a push was queued for. Reasons that
betray what somebody chose for themselves (quiet hours, a mute, being elsewhere) are one number, `held_back`; and where
the post reaches fewer than `SMALLEST`, what single persons did or chose is not told at all.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.orm import Session

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
    """
    SELECT
        (SELECT count(DISTINCT d.person_id) FROM devices d
         WHERE d.person_id = ANY (:persons) AND d.push_address IS NOT NULL AND EXISTS (
             SELECT FROM sessions s WHERE s.device_id = d.id AND s.person_id = d.person_id
                 AND s.ended_at IS NULL AND s.expires_at > now())) AS with_device,
        (SELECT count(*) FROM reads r LEFT JOIN subject_positions s ON s.subject_id = :post
         WHERE r.scope_id = :scope AND r.person_id = ANY (:persons)
            AND (r.post_id = :post OR r.read_to >= s.position)) AS read,
        (SELECT count(*) FROM acknowledgements a
         WHERE a.post_id = :post AND a.person_id = ANY (:persons)) AS acknowledged
    """
).bindparams(_ids)
# An alert may have been told again and again: a device counts once, by the best that came of it.
_DEVICES = text(
    """
    SELECT state, reason, count(*) AS devices, count(DISTINCT person_id) AS persons FROM (
        SELECT DISTINCT ON (d.device_id) d.device_id, d.person_id,
            CASE WHEN d.opened_at IS NOT NULL THEN 'opened' WHEN d.delivered_at IS NOT NULL THEN 'delivered'
                WHEN d.status IN ('queued', 'sending') THEN 'waiting' WHEN d.status = 'expired' THEN 'dropped'
                WHEN d.status = 'dead' THEN 'failed' ELSE d.status END AS state,
            CASE WHEN d.status NOT IN ('sent', 'queued', 'sending') THEN coalesce(d.reason, d.status) END AS reason
        FROM notifications n JOIN deliveries d ON d.notification_id = n.id
        WHERE n.subject_id = :post AND n.organisation_id = :organisation AND d.action = 'show'
            AND n.facts ->> 'type' IS DISTINCT FROM 'alert.unanswered'
        ORDER BY d.device_id, d.opened_at IS NULL, d.delivered_at IS NULL, d.status <> 'sent',
            d.status NOT IN ('queued', 'sending'), d.created_at DESC
    ) AS best GROUP BY state, reason
    """
)
_GOT_THERE = {
    "sent": ("sent", "delivered", "opened"),
    "delivered": ("delivered", "opened"),
    "opened": ("opened",),
}


def funnel(session: Session, actor: Actor, post_id: UUID) -> dict[str, Any]:
    """The numbers of a post, for those who moderate its scope."""
    row, scope = post_for(session, actor, post_id, Permission.POSTS_MODERATE)
    followers = audience(session, scope.id, actor.organisation_id)
    persons = [
        one.person_id
        for one in followers
        if comes_after(row.position, one.since) and one.person_id != row.author_id
    ]
    known = session.execute(_PERSONS, {"persons": persons, "scope": scope.id, "post": post_id}).one()
    states = session.execute(_DEVICES, {"post": post_id, "organisation": actor.organisation_id}).all()
    small = len(persons) < SMALLEST
    devices = {name: sum(r.devices for r in states if r.state in of) for name, of in _GOT_THERE.items()}
    return {
        "post_id": str(post_id),
        "audience": len(persons),
        "with_device": known.with_device,
        "read": None if small else known.read,
        "acknowledged": known.acknowledged,
        "devices": {
            "queued": sum(r.devices for r in states),
            "waiting": sum(r.devices for r in states if r.state == "waiting"),
            **devices,
            "opened": None if small else devices["opened"],
            "failed": sum(r.devices for r in states if r.state == "failed"),
            "dropped": sum(r.devices for r in states if r.state == "dropped"),
        },
        "failed": None if small else _by_reason(states, "failed"),
        "dropped": None if small else _by_reason(states, "dropped"),
    }


def _by_reason(states: Any, state: str) -> dict[str, int]:
    """How many devices for each reason; private ones together."""
    summed: dict[str, int] = {}
    for row in states:
        if row.state == state:
            reason = row.reason if state == "failed" or row.reason in _TECHNICAL else "held_back"
            summed[reason] = summed.get(reason, 0) + row.devices
    return summed
