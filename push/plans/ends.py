"""What is over or deleted is taken back from the phones that show it."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from base.database import AnyRow
from push.models import Notification
from push.plans.withdrawals import withdraw


def plan_updated(session: Session, event: AnyRow) -> int:
    """A notice that has ended is withdrawn; an edit changes nothing on the phones."""
    if event.payload.get("ended_at") is None:
        return 0
    return withdraw(session, _of_post(event.subject_id), "ended")


def plan_deleted(session: Session, event: AnyRow) -> int:
    """A deleted post is withdrawn; its words are kept nowhere but in the post."""
    return withdraw(session, _of_post(event.subject_id), "deleted")


def _of_post(post_id: UUID) -> Select[UUID]:
    return select(Notification.id).where(Notification.subject_id == post_id)
