"""What is over or deleted is taken back from the phones that show it; whom an edit names hears of it."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from base.database import AnyRow
from push.models import Notification
from push.plans.naming import plan_named, plan_named_no_longer
from push.plans.withdrawals import withdraw


def plan_updated(session: Session, event: AnyRow) -> int:
    """A notice that has ended is withdrawn; of an edit those hear whom it names, or names no longer."""
    if event.payload.get("ended_at") is not None:
        return withdraw(session, _of_post(event.subject_id), "ended")
    return plan_named(session, event) + plan_named_no_longer(session, event)


def plan_deleted(session: Session, event: AnyRow) -> int:
    """A deleted post is withdrawn; its words are kept nowhere but in the post."""
    return withdraw(session, _of_post(event.subject_id), "deleted")


def _of_post(post_id: UUID) -> Select[UUID]:
    return select(Notification.id).where(Notification.subject_id == post_id)
