"""The checks of a claimed batch. One delivery that cannot be checked stops no other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from base.logs import logger
from push.outgoing import Outgoing
from push.sending.checks import Verdict, verdict
from push.sending.facts import gather

log = logger(__name__)


@dataclass(frozen=True)
class Uncheckable:
    """Nobody can say whether it may go out, which is a mistake of ours."""


def judge(
    session: Session,
    outgoing: Sequence[Outgoing],
    now: datetime,
) -> Iterator[tuple[Outgoing, Verdict | Uncheckable]]:
    """What becomes of each delivery.

    The batch is asked about at once. Where that fails, it is halved until the delivery that is at fault stands alone.
    """
    if not outgoing:
        return
    try:
        with session.begin_nested():
            verdicts = [verdict(known, now) for known in gather(session, outgoing)]
    except (OperationalError, InterfaceError):
        raise  # the database is gone, or another transaction came first: the claim is undone
    except Exception as error:
        if len(outgoing) > 1:
            half = len(outgoing) // 2
            yield from judge(session, outgoing[:half], now)
            yield from judge(session, outgoing[half:], now)
            return
        log.error("push_not_checked", delivery=str(outgoing[0].delivery.id), error=type(error).__name__)
        yield outgoing[0], Uncheckable()
        return
    yield from zip(outgoing, verdicts, strict=True)
