"""What people saw live, as their apps say, and which devices are connected: both win over a push.

A sighting counts for posts that come to the person unasked, from where on they read; ids of others change nothing, and
the answer does not tell which there are.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from base import clock
from journal.order import told_after
from people.audience import following
from people.models import Device, SignedInSession
from push.models import Sighting
from social.feed import wanted_scopes
from social.models import Post


def see(session: Session, organisation_id: UUID, person_id: UUID, post_ids: Sequence[UUID]) -> None:
    """Write down that the person saw these posts, as far as they follow them."""
    wanted = wanted_scopes(following(session, person_id, organisation_id))
    seen = (
        select(literal(person_id, Uuid), Post.id, Post.organisation_id, func.now())
        .join(wanted, Post.scope_id == wanted.c.scope_id)
        .where(
            Post.id.in_(post_ids),
            told_after(Post.id, wanted.c.since, wanted.c.since_id),
            Post.deleted_at.is_(None),
        )
    )
    columns = ("person_id", "subject_id", "organisation_id", "seen_at")
    session.execute(insert(Sighting).from_select(columns, seen).on_conflict_do_nothing())


def connected(session: Session, session_ids: Sequence[UUID]) -> None:
    """Say of the devices of these signed-in sessions that they are connected now; one that is being changed is left."""
    given = bindparam("sessions", list(session_ids), ARRAY(Uuid))
    devices = (
        select(Device.id)
        .join(SignedInSession, SignedInSession.device_id == Device.id)
        .where(SignedInSession.id == func.any(given), SignedInSession.ended_at.is_(None))
        .with_for_update(of=Device, key_share=True, skip_locked=True)
    )
    marked = update(Device).where(Device.id.in_(devices.scalar_subquery())).values(last_seen_at=clock.now())
    session.execute(marked, execution_options={"synchronize_session": False})
