"""What phones would get of all that is queued: planned, checked and composed for real, and sent nowhere."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import text
from sqlalchemy.orm import Session

from base import clock
from base.database import AnyRow
from push.sending.checks import Drop, Send, verdict
from push.sending.claims import Result, claim, record
from push.sending.facts import gather, notes_of
from push.words.compose import Recipient, compose
from push.words.messages import Push
from tests.stories.pushes import plans
from tests.world import Organisation

Words = tuple[str, str]


def goes_out(org: Organisation) -> tuple[list[Push], list[str]]:
    """The pushes that are shown now, and why others are not; what is sent and dropped is written down."""
    plans(org.world)
    pushes, dropped = list[Push](), list[str]()
    with org.world.worker.transaction() as session:
        session.execute(text("UPDATE deliveries SET due_at = now() - interval '1 s' WHERE status = 'queued'"))
        while rows := claim(session, 200)[0]:
            record(session, list(_looked_at(session, rows, pushes, dropped)))
    return pushes, dropped


def _looked_at(
    session: Session, rows: Sequence[AnyRow], pushes: list[Push], dropped: list[str]
) -> Iterator[Result]:
    notes = notes_of(session, rows)
    for row, known in zip(rows, gather(session, rows, notes), strict=True):
        what = verdict(known, clock.now())
        if isinstance(what, Drop):
            dropped.append(what.reason)
            yield Result(row.id, row.attempts, "dropped", what.reason)
            continue
        if isinstance(what, Send) and row.action == "show":
            note = notes[row.notification_id]
            to = Recipient(row.push_address, "token", row.platform, "en", note.content, None)
            pushes.append(compose(cast(Any, note), cast(Any, row), to, timedelta(hours=1)))
        yield Result(row.id, row.attempts, "sent")


def shown(org: Organisation) -> list[Words]:
    """Titles and bodies of what is shown now."""
    return [(push.title, push.body) for push in goes_out(org)[0]]
