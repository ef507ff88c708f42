"""The SDK's own `messaging.send` in a pool of threads: the plain way, and the measure of the other."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import requests
from firebase_admin import exceptions, messaging
from google.auth.exceptions import GoogleAuthError

from push.outcomes import Outcome, Sent, outcome_of
from push.sdk import Sdk, token_refused

_THREADS = 32


class Threads:
    """One request a thread, 32 at a time, however many callers there are."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk
        self._pool = ThreadPoolExecutor(_THREADS, "fcm")

    def send_all(
        self, messages: Sequence[messaging.Message], dry_run: bool = False
    ) -> Iterator[tuple[int, Outcome]]:
        """Send each message once."""
        try:
            self._sdk.token()  # a token server that is away costs a batch one wait, not one for each message
        except GoogleAuthError as error:
            yield from ((number, outcome_of(error)) for number in range(len(messages)))
            return
        numbers = {self._pool.submit(self._send, message, dry_run): n for n, message in enumerate(messages)}
        try:
            for answer in as_completed(numbers):
                yield numbers[answer], answer.result()
        finally:
            for answer in numbers:
                answer.cancel()

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(cancel_futures=True)

    def _send(self, message: messaging.Message, dry_run: bool) -> Outcome:
        refused = None
        try:
            refused = self._sdk.token()
            return Sent(messaging.send(message, dry_run, app=self._sdk.app))
        except exceptions.UnauthenticatedError as error:
            return self._again(message, dry_run, refused) if token_refused(error) else outcome_of(error)
        except (exceptions.FirebaseError, ValueError, GoogleAuthError, requests.RequestException) as error:
            return outcome_of(error)

    def _again(self, message: messaging.Message, dry_run: bool, refused: str | None) -> Outcome:
        try:
            self._sdk.token(refused)
            return Sent(messaging.send(message, dry_run, app=self._sdk.app))
        except (exceptions.FirebaseError, ValueError, GoogleAuthError, requests.RequestException) as error:
            return outcome_of(error)
