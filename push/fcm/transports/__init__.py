"""Ways to bring messages to FCM. Each sends a message once: what may have been accepted is not sent again."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from firebase_admin import messaging

from push.fcm.outcomes import Later, Outcome

NOT_BEGUN = Later("not_begun")
FLIGHT = 64  # messages on their way at the same time for one caller: what a kill may send twice


class Transport(Protocol):
    """Sends many messages at a time; may be used from many threads."""

    def send_all(
        self, messages: Sequence[messaging.Message], dry_run: bool = False, until: float | None = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Send each message once; yields its number in `messages` and what became of it, as answers come.

        Every message gets an outcome, also when nothing can be reached; a request takes no longer than the timeout,
        and where no answer at all comes for about twice that, the rest is given up. Take what is yielded at once, and
        do the work that it causes after.

        What is not on its way at `until` (of `time.monotonic`) is not begun any more, and its outcome is `NOT_BEGUN`.
        """
        ...

    def close(self) -> None:
        """Close connections."""
        ...
