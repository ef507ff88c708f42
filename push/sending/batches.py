"""A batch to send: claimed and checked in one short transaction, which also writes down what is not to be sent."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from base import clock
from base.database import Database
from push.outgoing import Outgoing, OutgoingDelivery
from push.sending.checks import TOO_LATE, Defer, Drop, Send, Verdict
from push.sending.claims import claim
from push.sending.facts import outgoing_of
from push.sending.judging import Uncheckable, judge
from push.sending.results import Result, record

BEGIN_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Batch:
    """What passed the checks, of so many that were claimed; `more`: there may be others that are due.

    None of it may begin after `until` (of `time.monotonic`).
    """

    outgoing: Sequence[Outgoing]
    claimed: int
    more: bool
    until: float


def take_batch(database: Database, most: int, unrecorded: Sequence[UUID]) -> Batch:
    """Claim up to `most` deliveries, but for the `unrecorded`, and check them."""
    until = time.monotonic() + BEGIN_WITHIN_S
    sound: list[Outgoing] = []
    results: list[Result] = []
    with database.transaction() as session:
        claimed = claim(session, most, unrecorded)
        for one, judged in judge(session, outgoing_of(session, claimed.deliveries), clock.now()):
            if isinstance(judged, Send):
                sound.append(one)
            else:
                results.append(_result_of(one.delivery, judged))
        record(session, results)
    return Batch(sound, len(claimed.deliveries), claimed.more, until)


def _result_of(delivery: OutgoingDelivery, judged: Verdict | Uncheckable) -> Result:
    match judged:
        case Drop(reason):
            status = "expired" if reason == TOO_LATE else "dropped"
            return Result.of(delivery, status, reason)
        case Defer(until):
            return Result.of(delivery, "queued", "quiet", due_at=until, tried=False)
        case _:
            return Result.of(delivery, "dead", "not_checked")
