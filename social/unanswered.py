"""Telling the managers that an alert was left unanswered: once, that it is so and how many are silent.

Who they are is for the app to fetch, which is authorised then: what a manager once got stays on the phone after the
role has ended.
"""

from sqlalchemy import update
from sqlalchemy.orm import Session

from base.database import AnyRow
from journal.catalogue import ALERT_UNANSWERED
from journal.events import Event, append
from people.audience import managers_of
from social.acknowledgements import count_asked
from social.models import Post

ROUNDS = 6  # so often the silent are asked again; `Post.reminders` beyond it: the managers were told


def tell_unanswered(session: Session, alert: AnyRow) -> None:
    """An event to each manager, where somebody is silent on an alert (with `organisation_id`)."""
    session.execute(update(Post).where(Post.id == alert.id).values(reminders=ROUNDS + 1))
    asked = count_asked(session, alert, alert.organisation_id)
    if not asked.somebody_is_silent:
        return
    payload = {"post_id": str(alert.id), "scope_id": str(alert.scope_id), "silent_count": asked.silent}
    events = [
        Event(ALERT_UNANSWERED, subject_id=alert.id, payload=payload, person_id=person_id)
        for person_id in managers_of(session, alert.scope_id, alert.organisation_id)
    ]
    append(session, alert.organisation_id, *events)
