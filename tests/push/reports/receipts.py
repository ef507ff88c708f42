"""What phones report of pushes, and what became of some."""

from datetime import datetime
from typing import Any
from uuid import UUID

from base import clock, ids
from push.models import Delivery, Notification
from tests.world import Organisation, Phone

TEST = "/v1/me/device/push/test"


def reports(phone: Phone, *items: tuple[str, str, datetime], status: int = 200) -> Any:
    """Report (delivery, what happened, when)."""
    sent = [{"delivery_id": one, "what": what, "at": at.isoformat()} for one, what, at in items]
    return phone.post("/v1/me/device/reports", {"items": sent}, status)


def came_of(org: Organisation, post: dict[str, Any], phone: Phone, status: str, **members: Any) -> str:
    """A push of a post, and what became of it; returns its delivery's id."""
    with org.world.worker.transaction() as session:
        note = Notification(
            id=ids.new_id(),
            organisation_id=org.id,
            kind=post["kind"],
            scope_id=UUID(post["scope_id"]),
            subject_id=UUID(post["id"]),
            facts={"type": members.pop("type", "post.created"), "text": post["text"]},
            expires_at=clock.now(),
        )
        me = phone.get("/v1/me")
        row = {
            "id": ids.new_id(),
            "why": post["kind"],
            "priority": 2,
            "due_at": clock.now(),
            "expires_at": clock.now().replace(year=2030),
            **members,
        }
        session.add(note)
        session.flush()
        delivery = Delivery(
            organisation_id=org.id,
            notification_id=note.id,
            person_id=UUID(me["person"]["id"]),
            device_id=UUID(me["device"]["id"]),
            status=status,
            **row,
        )
        session.add(delivery)
        session.flush()
        return str(delivery.id)
