"""The checks of a claimed batch. One delivery that cannot be checked stops no other."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from base.database import AnyRow
from base.logs import logger
from push.sending.checks import Verdict, verdict
from push.sending.facts import gather

log = logger(__name__)


def judge(
    session: Session, rows: Sequence[AnyRow], notes: dict[UUID, AnyRow], now: datetime
) -> Iterator[tuple[AnyRow, Verdict | None]]:
    """What becomes of each row; None for one that cannot be checked, which is a mistake of ours.

    The batch is asked about at once. Where that fails, it is halved until the row that is at fault stands alone.
    """
    if not rows:
        return
    of_these = {row.notification_id: notes[row.notification_id] for row in rows}
    try:
        with session.begin_nested():
            verdicts = [verdict(known, now) for known in gather(session, rows, of_these)]
    except (OperationalError, InterfaceError):
        raise  # the database is gone, or another transaction came first: the claim is undone
    except Exception as error:
        if len(rows) > 1:
            half = len(rows) // 2
            yield from judge(session, rows[:half], notes, now)
            yield from judge(session, rows[half:], notes, now)
            return
        log.error("push_not_checked", delivery=str(rows[0].id), error=type(error).__name__)
        verdicts = [None]
    yield from zip(rows, verdicts, strict=True)
