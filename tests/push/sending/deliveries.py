"""Deliveries that are due, and who claims them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from base import clock, ids
from push.models import Delivery, Notification
from push.sending.claims import claim
from tests.world import Organisation, World


def queued(org: Organisation, count: int, priority: int = 3, why: str = "message") -> list[UUID]:
    """So many deliveries that are due, to one phone of a person of theirs."""
    made, now = [ids.new_id() for _ in range(count)], clock.now()
    person, device = UUID(org.admin.id), UUID(org.admin.get("/v1/me")["device"]["id"])
    common = {"organisation_id": org.id, "expires_at": now + timedelta(hours=1)}
    with org.world.worker.transaction() as session:
        session.add_all(
            Notification(id=one, kind="message", subject_id=one, facts={}, **common) for one in made
        )
        session.flush()
        session.add_all(
            Delivery(
                id=one,
                notification_id=one,
                person_id=person,
                device_id=device,
                why=why,
                priority=priority,
                due_at=now,
                **common,
            )
            for one in made
        )
    return made


def claims(world: World, most: int, unrecorded: Sequence[UUID] = ()) -> list[UUID]:
    """Claim what is due; the ids of the deliveries."""
    with world.worker.transaction() as session:
        return [delivery.id for delivery in claim(session, most, unrecorded).deliveries]
