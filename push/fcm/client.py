"""Messages to FCM, for one Firebase project, over the transport that the settings choose."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from firebase_admin import messaging

from base.database import outside_transaction
from push.fcm.outcomes import Gone, Later, Mismatch, Outcome, Refused, Sent
from push.fcm.sdk import Sdk
from push.fcm.transports import Transport
from push.fcm.transports.multiplexed import Multiplexed
from push.fcm.transports.threads import Threads

__all__ = ["FcmSender", "Gone", "Later", "Mismatch", "Outcome", "Refused", "Sent"]

TRANSPORTS: dict[str, Callable[[Sdk], Transport]] = {"threads": Threads, "multiplexed": Multiplexed}


class FcmSender:
    """Sends messages, each once; its methods may be called from many threads and never raise what the SDK raises."""

    def __init__(
        self,
        credentials_file: Path,
        project_id: str | None,
        endpoint: str | None = None,
        timeout_s: float = 10,
        transport: str = "multiplexed",
    ) -> None:
        self._sdk = Sdk(credentials_file, project_id, endpoint, timeout_s)
        self._transport = TRANSPORTS[transport](self._sdk)

    def send(self, message: messaging.Message) -> Outcome:
        """Send one message and wait for what becomes of it."""
        ((_, outcome),) = self.send_all([message])
        return outcome

    def send_all(
        self, messages: Sequence[messaging.Message], until: float | None = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Send many; yields each one's number in `messages` and its outcome, as answers come.

        What is not on its way at `until` (of `time.monotonic`) comes back as `NOT_BEGUN`.
        """
        outside_transaction()
        return self._transport.send_all(messages, until=until)

    def addresses_at_fault(self, messages: Sequence[messaging.Message]) -> set[int]:
        """Of refused messages the numbers of those whose address FCM refuses by itself, with next to nothing in it.

        All are asked about at the same time, and nothing is delivered. Where FCM does not say, an address is not at
        fault.
        """
        outside_transaction()
        bare = [messaging.Message(data={"probe": "1"}, token=one.token, fid=one.fid) for one in messages]
        answers = self._transport.send_all(bare, dry_run=True)
        return {number for number, outcome in answers if isinstance(outcome, Refused | Gone)}

    def close(self) -> None:
        """Close connections and forget the SDK's application."""
        self._transport.close()
        self._sdk.close()
