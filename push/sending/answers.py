"""What is recorded of FCM's answers: an outcome becomes a result, and tells whether the address is to be forgotten."""

import random
from dataclasses import dataclass
from datetime import timedelta

from firebase_admin import messaging

from base import clock
from base.logs import logger
from push.fcm.outcomes import Gone, Later, Mismatch, Sent
from push.fcm.transports import NOT_BEGUN
from push.outgoing import OutgoingDelivery
from push.sending.results import Result
from push.sending.tokens import Address

log = logger(__name__)
FIRST_RETRY_S, LAST_RETRY_S = 2.0, 600.0


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed delivery with its message, and the address that the message goes to."""

    delivery: OutgoingDelivery
    address: Address
    message: messaging.Message


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, and the address that is `gone`: it is to be forgotten."""

    result: Result
    gone: Address | None = None


def answer_of(ready: Ready, outcome: Sent | Gone | Mismatch | Later) -> Answer:
    """What is recorded of an outcome."""
    match outcome:
        case Sent(message_id):
            return Answer(Result.of(ready.delivery, "sent", message_id=message_id))
        case Gone():
            return Answer(Result.of(ready.delivery, "failed", "unregistered"), ready.address)
        case Mismatch():
            log.error("push_sender_mismatch", device=str(ready.delivery.device_id))
            return Answer(Result.of(ready.delivery, "failed", "sender_mismatch"), ready.address)
        case Later():
            return Answer(_later(ready.delivery, outcome))


def answer_of_refused(ready: Ready, reason: str, *, address_at_fault: bool) -> Answer:
    """What is recorded of a refusal: the address goes where it is at fault; else the message is a mistake of ours."""
    if address_at_fault:
        return Answer(Result.of(ready.delivery, "failed", "invalid_address"), ready.address)
    log.error("push_refused", delivery=str(ready.delivery.id))
    return Answer(Result.of(ready.delivery, "dead", reason))


def _later(delivery: OutgoingDelivery, outcome: Later) -> Result:
    now = clock.now()
    if outcome == NOT_BEGUN:
        return Result.of(delivery, "queued", outcome.reason, due_at=now, tried=False)
    wait_s = _wait_s(delivery.attempts, outcome.after_s)
    if wait_s >= (delivery.expires_at - now).total_seconds():
        return Result.of(delivery, "expired", outcome.reason)
    due_at = now + timedelta(seconds=wait_s)
    return Result.of(delivery, "queued", outcome.reason, due_at=due_at)


def _wait_s(attempts: int, after_s: float | None) -> float:
    """Doubling with jitter, and never sooner than the server asked for."""
    doubled = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** max(0, min(attempts, 20) - 1))
    return max(after_s or 0.0, doubled * random.uniform(0.5, 1.0))  # noqa: S311 - jitter is no secret
