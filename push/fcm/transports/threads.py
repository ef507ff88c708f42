"""The SDK's own `messaging.send` in a pool of threads: the plain way, and the measure of the other."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import requests
from firebase_admin import exceptions, messaging
from google.auth.exceptions import GoogleAuthError

from push.fcm.outcomes import Later, Outcome, Sent, outcome_of
from push.fcm.sdk import Sdk, token_refused
from push.fcm.transports import FLIGHT, NOT_BEGUN

_SILENCE = 1.5


@dataclass
class _Batch:
    """Messages that are sent together; `heard_at` is when the last answer to any of them came."""

    dry_run: bool
    until: float | None
    heard_at: float


class Threads:
    """One request a thread, `FLIGHT` at a time, however many callers there are."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk
        self._pool = ThreadPoolExecutor(FLIGHT, "fcm")

    def send_all(
        self, messages: Sequence[messaging.Message], dry_run: bool = False, until: float | None = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Send each message once."""
        try:
            self._sdk.token()  # a token server that is away costs a batch one wait, not one for each message
        except GoogleAuthError as error:
            yield from ((number, outcome_of(error)) for number in range(len(messages)))
            return
        batch = _Batch(dry_run, until, time.monotonic())
        numbers = {self._pool.submit(self._send, message, batch): n for n, message in enumerate(messages)}
        try:
            for answer in as_completed(numbers):
                yield numbers[answer], answer.result()
        finally:
            for answer in numbers:
                answer.cancel()

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(cancel_futures=True)

    def _send(self, message: messaging.Message, batch: _Batch, refused: str | None = None) -> Outcome:
        now = time.monotonic()
        if now - batch.heard_at > _SILENCE * self._sdk.timeout_s:
            return Later("no_answers")
        if batch.until is not None and now >= batch.until:
            return NOT_BEGUN
        token = None
        try:
            token = self._sdk.token(refused)
            outcome: Outcome = Sent(messaging.send(message, batch.dry_run, app=self._sdk.app))
        except (exceptions.FirebaseError, ValueError, GoogleAuthError, requests.RequestException) as error:
            if token_refused(error) and refused is None:
                return self._send(message, batch, token)
            outcome = outcome_of(error)
            if not isinstance(error, exceptions.FirebaseError) or error.http_response is None:
                return outcome
        batch.heard_at = time.monotonic()
        return outcome
