"""Sending what is queued: claim, check again, compose, send, record.

    queued ──claim──▶ sending ──FCM──▶ sent
       ▲                 │               failed   (the address is gone)
       │                 │               dead     (FCM will never take this message: a manager may try again)
       └──later/lease────┘               expired  (its time is over) · dropped (no longer to be told)

Several threads of a worker do this, each with a batch of its own: while one waits for answers another claims, and one
whose phones are slow to answer holds up nobody else. A claim and its checks are one short transaction; nothing waits
inside it. Checks are queries of a whole batch (`push/sending/facts.py`) and a pure function (`push/sending/checks.py`).

A message is sent twice where FCM took it and its answer was lost: a time-out or a broken connection after the yes, a
worker that was killed between the yes and the record (at most the `FLIGHT` of each of its threads and the fifty or so
that were not recorded yet), or one that was killed while the database was away. The delivery's id in the data and the
collapse key let the phone show it once.

What is not on its way `BEGIN_WITHIN_S` after its checks goes back to the queue, to be checked anew.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, cast
from uuid import UUID

from firebase_admin import messaging
from sqlalchemy.exc import SQLAlchemyError

from base import clock
from base.database import AnyRow, Database
from base.logs import logger
from push.fcm.outcomes import Gone, Later, Mismatch, Outcome, Refused, Sent
from push.fcm.transports import NOT_BEGUN
from push.sending.checks import TOO_LATE, Defer, Drop
from push.sending.claims import Result, claim, record
from push.sending.facts import notes_of
from push.sending.judging import judge
from push.sending.recorder import Answer, Recorder
from push.sending.throttle import Throttle
from push.words.compose import LOCALES, Recipient, compose
from push.words.messages import UnsendablePush, build_message
from social.reads import badges

log = logger(__name__)
BATCH = 200
BEGIN_WITHIN_S = 5.0
IDLE_S = 1.0
FIRST_RETRY_S, LAST_RETRY_S = 2.0, 600.0
_MOST_PROBES = 10


class Sender(Protocol):
    """Where messages go (`push/fcm/client.py`)."""

    def send_all(
        self, messages: Sequence[messaging.Message], until: float | None = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Send many; yields each one's number and its outcome, as answers come. Begins none after `until`."""
        ...

    def addresses_at_fault(self, messages: Sequence[messaging.Message]) -> set[int]:
        """The numbers of the refused messages whose address FCM refuses by itself."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed delivery with its message."""

    row: AnyRow
    message: messaging.Message


@dataclass(frozen=True, slots=True)
class Checked:
    """A batch that passed the checks: its rows, and their notifications by id. None of it may begin after `until`."""

    rows: Sequence[AnyRow]
    notes: dict[UUID, AnyRow]
    until: float


class Delivery:
    """Sends what is due; `work` may be called from many threads."""

    def __init__(self, database: Database, sender: Sender, recorder: Recorder) -> None:
        self._database = database
        self._sender = sender
        self._recorder = recorder
        self._throttle = Throttle(time.monotonic())
        self._lock = threading.Lock()

    def work(self, more: Callable[[], None]) -> float:
        """Send a batch, and return after how many seconds to ask again: 0 when there was something to send.

        `more` is called before sending when there may be others that are due.
        """
        with self._lock:
            allowed = self._throttle.take(time.monotonic(), BATCH)
            wait_s = self._throttle.wait_s(time.monotonic())
        if allowed == 0:
            return min(IDLE_S, wait_s)
        checked, claimed, others = self._claim(allowed)
        with self._lock:
            self._throttle.give_back(allowed - len(checked.rows))
        if others:
            more()
        self._send(self._composed(checked), checked.until)
        return 0.0 if claimed else IDLE_S

    def _claim(self, most: int) -> tuple[Checked, int, bool]:
        """The batch, how many were claimed for it, and whether there may be more."""
        until = time.monotonic() + BEGIN_WITHIN_S
        with self._database.transaction() as session:
            rows, others = claim(session, most, self._recorder.unrecorded())
            notes = notes_of(session, rows) if rows else {}
            sound: list[AnyRow] = []
            results: list[Result] = []
            for row, judged in judge(session, rows, notes, clock.now()):
                match judged:
                    case Drop(reason):
                        status = "expired" if reason == TOO_LATE else "dropped"
                        results.append(Result(row.id, row.attempts, status, reason))
                    case Defer(at):
                        results.append(
                            Result(row.id, row.attempts, "queued", "quiet", due_at=at, tried=False)
                        )
                    case None:
                        results.append(Result(row.id, row.attempts, "dead", "not_checked"))
                    case _:
                        sound.append(row)
            record(session, results)
        return Checked(sound, notes, until), len(rows), others

    def _badges(self, rows: Sequence[AnyRow]) -> dict[UUID, int]:
        """Unread counts, outside of the claim, so that its locks last no longer; a push can do without."""
        counted = {row.person_id for row in rows if row.action == "show" and row.priority > 0}
        if not counted:
            return {}
        try:
            with self._database.transaction() as session:
                return badges(session, counted)
        except SQLAlchemyError as error:
            log.warning("push_badges_not_counted", error=type(error).__name__)
            return {}

    def _composed(self, checked: Checked) -> list[Ready]:
        """The messages. One that cannot be made is a mistake of ours; it goes to the dead and stops no other."""
        ready: list[Ready] = []
        unread = self._badges(checked.rows)
        now = clock.now()
        for row in checked.rows:
            note = checked.notes[row.notification_id]
            try:
                push = compose(
                    cast(Any, note),
                    cast(Any, row),
                    _recipient(row, note, unread.get(row.person_id)),
                    max(timedelta(0), row.expires_at - now),
                )
                ready.append(Ready(row, build_message(push)))
            except UnsendablePush as mistake:
                self._put(row, "dead", str(mistake))
            except Exception as error:
                log.error("push_not_composed", delivery=str(row.id), error=type(error).__name__)
                self._put(row, "dead", "not_composed")
        return ready

    def _send(self, ready: Sequence[Ready], until: float) -> None:
        """Send, and have answers recorded as they come. Doubtful addresses are asked about when all is answered."""
        if not ready:
            return
        refused: list[tuple[Ready, str]] = []
        for number, outcome in self._sender.send_all([one.message for one in ready], until):
            one = ready[number]
            self._count(outcome)
            if isinstance(outcome, Refused):
                refused.append((one, outcome.reason))
            else:
                self._recorder.put(_answer(one.row, outcome))
        self._put_refused(refused)

    def _put_refused(self, refused: Sequence[tuple[Ready, str]]) -> None:
        probed = [one.message for one, _ in refused[:_MOST_PROBES]]
        at_fault = self._sender.addresses_at_fault(probed) if probed else set[int]()
        for number, (one, reason) in enumerate(refused):
            if number in at_fault:
                gone = (one.row.device_id, one.row.push_address)
                self._put(one.row, "failed", "invalid_address", gone)
            else:
                log.error("push_refused", delivery=str(one.row.id))
                self._put(one.row, "dead", reason)

    def _count(self, outcome: Outcome) -> None:
        slow_down = isinstance(outcome, Later) and outcome.slow_down
        after_s = outcome.after_s if isinstance(outcome, Later) else None
        with self._lock:
            self._throttle.answered(time.monotonic(), refused=slow_down, after_s=after_s)

    def _put(self, row: AnyRow, status: str, reason: str, gone: tuple[UUID, str] | None = None) -> None:
        self._recorder.put(Answer(Result(row.id, row.attempts, status, reason), gone))


def _recipient(row: AnyRow, note: AnyRow, badge: int | None) -> Recipient:
    locale = row.device_locale or row.locale
    return Recipient(
        row.push_address,
        row.push_address_kind or "token",
        row.platform,
        locale if locale in LOCALES else "en",
        note.content,
        badge,
    )


def _answer(row: AnyRow, outcome: Sent | Gone | Mismatch | Later) -> Answer:
    """What is recorded of an outcome."""
    address = (row.device_id, row.push_address)
    match outcome:
        case Sent(message_id):
            return Answer(Result(row.id, row.attempts, "sent", None, message_id))
        case Gone():
            return Answer(Result(row.id, row.attempts, "failed", "unregistered"), address)
        case Mismatch():
            log.error("push_sender_mismatch", device=str(row.device_id))
            return Answer(Result(row.id, row.attempts, "failed", "sender_mismatch"), address)
        case Later() if outcome == NOT_BEGUN:
            return Answer(
                Result(row.id, row.attempts, "queued", outcome.reason, due_at=clock.now(), tried=False)
            )
        case Later(reason, after_s):
            return Answer(_again(row, reason, _wait_s(row.attempts, after_s)))


def _again(row: AnyRow, reason: str, wait_s: float) -> Result:
    left = row.expires_at - clock.now()
    if wait_s >= left.total_seconds():
        return Result(row.id, row.attempts, "expired", reason)
    due_at = clock.now() + timedelta(seconds=wait_s)
    return Result(row.id, row.attempts, "queued", reason, due_at=due_at)


def _wait_s(attempts: int, after_s: float | None) -> float:
    """Doubling with jitter, and never sooner than the server asked for."""
    doubled = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** max(0, min(attempts, 20) - 1))
    return max(after_s or 0.0, doubled * random.uniform(0.5, 1.0))  # noqa: S311 - jitter is no secret
