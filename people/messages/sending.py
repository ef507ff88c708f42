"""Sending what is queued: claim, open, put into words, hand over, record.

    waiting ──claim──▶ on its way ──yes──▶ sent
       ▲                   │               refused   (the reason is the outcome)
       └──later / lease────┘               expired   (its time is over: `end_expired`)

Each channel has a thread of its own in each worker, so that a gateway that is slow holds up no mail. Each outcome is
written down before the next message begins. So a message goes out twice only where its carrier took it and that was not
written down: its answer was lost, the worker was killed or the database went away between the two. Both then have one
id (`Message-ID`, `id`), by which carriers may tell.
"""

import time
from typing import Protocol

import orjson

from base.database import Database
from base.logs import logger
from base.sealing import Sealer, Unsealable
from people.messages.claims import BEGIN_WITHIN_S, Claimed, claim, record
from people.messages.outcomes import Later, Letter, Outcome, Refused, Sent
from people.messages.queue import Channel
from people.messages.words.composing import UnknownTemplate, composed

log = logger(__name__)
_NOT_BEGUN = Later("not_begun", after_s=0)


class Carrier(Protocol):
    """Hands messages to a server (`mail.py`, `sms.py`)."""

    def send(self, letter: Letter) -> Outcome:
        """Hand over one; raises nothing that a server may bring about."""
        ...

    def rest(self) -> None:
        """Nothing more to send for now."""
        ...


class Postman:
    """Sends what is due on one channel. Not for several threads at once."""

    def __init__(self, database: Database, sealer: Sealer, channel: Channel, carrier: Carrier) -> None:
        self._database, self._sealer = database, sealer
        self._channel, self._carrier = channel, carrier

    def work(self) -> bool:
        """Send a batch; returns whether there was something to send."""
        with self._database.transaction() as session:
            batch = claim(session, self._channel)
        try:
            self._send(batch)
        finally:
            self._carrier.rest()
        return bool(batch)

    def _send(self, batch: list[Claimed]) -> None:
        until, stopped = time.monotonic() + BEGIN_WITHIN_S, None
        for claimed in batch:
            outcome = stopped or (self._outcome(claimed) if time.monotonic() < until else _NOT_BEGUN)
            with self._database.transaction() as session:
                record(session, claimed, outcome)
            self._tell(claimed, outcome)
            if isinstance(outcome, Later) and outcome.by_all:
                stopped = outcome

    def _outcome(self, claimed: Claimed) -> Outcome:
        try:
            letter = self._letter(claimed)
        except Unsealable:
            return Refused("unsealable")
        except UnknownTemplate:  # of the next release, whose workers know it
            return Later("unknown_template")
        return self._carrier.send(letter)

    def _letter(self, claimed: Claimed) -> Letter:
        kept = orjson.loads(self._sealer.opened(claimed.sealed))
        return composed(
            claimed.id, self._channel, kept["to"], claimed.template, claimed.locale, kept["values"]
        )

    def _tell(self, claimed: Claimed, outcome: Outcome) -> None:
        """Say in the log what became of it, without where it went and what it said."""
        known = {"message_id": str(claimed.id), "channel": self._channel, "template": claimed.template}
        if isinstance(outcome, Sent):
            log.info("message_sent", **known, tries=claimed.tries)
        elif outcome is not _NOT_BEGUN:
            log.warning("message_not_sent", **known, tries=claimed.tries, reason=outcome.reason)
