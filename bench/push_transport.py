"""One process that sends messages to the stand-in in one way, over and over when told; prints one JSON object a round.

WAY ENDPOINT TOKEN_URI FOLDER; a line on its standard input is the number of messages of a round. The ways are the two
transports, from four threads as in a worker, and the plain SDK as it comes: `send_each` in batches of 500, and `send`
in 32 threads.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import firebase_admin
from firebase_admin import credentials, messaging

from push.fcm.client import TRANSPORTS, FcmSender, Sent
from push.fcm.sdk import GOOGLE
from push.words.messages import Push, build_message

BATCH, THREADS = 500, 32
CALLERS, CLAIMED = 4, 200  # as a worker has them
Way = Callable[[list[messaging.Message]], int]


def main() -> None:
    """Send a round for each line of the input."""
    way, endpoint, account = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    send, sent = ways(way, endpoint, account), 0
    for line in sys.stdin:
        messages = [message(way, number) for number in range(sent, sent + int(line))]
        sent += len(messages)
        begun, computed = time.perf_counter(), cpu_s()
        accepted = send(messages)
        seconds, computed = time.perf_counter() - begun, cpu_s() - computed
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        result = {"accepted": accepted, "seconds": seconds, "cpu_s": computed, "memory_mb": memory}
        print(json.dumps(result), flush=True)


def ways(way: str, endpoint: str, account: Path) -> Way:
    """The way of sending that has a name."""
    if way in TRANSPORTS:
        sender = FcmSender(account, None, endpoint, transport=way)
        callers = ThreadPoolExecutor(CALLERS)
        return lambda messages: sum(callers.map(lambda batch: accepted_of(sender, batch), batches(messages)))
    # The SDK has no setting for another address than Google's; it keeps its pool of connections and its retries there.
    private: Any = messaging
    private._MessagingService.FCM_URL = f"{endpoint}/v1/projects/{{0}}/messages:send"
    app = firebase_admin.initialize_app(credentials.Certificate(str(account)))
    session = private._get_messaging_service(app)._client.session
    session.mount(endpoint, session.get_adapter(GOOGLE))
    if way == "sdk_send_each":
        return lambda messages: sum(
            messaging.send_each(messages[at : at + BATCH], app=app).success_count
            for at in range(0, len(messages), BATCH)
        )
    pool = ThreadPoolExecutor(THREADS)
    return lambda messages: sum(1 for _ in pool.map(lambda each: messaging.send(each, app=app), messages))


def batches(messages: list[messaging.Message]) -> Iterator[list[messaging.Message]]:
    """As a worker claims them."""
    return (messages[at : at + CLAIMED] for at in range(0, len(messages), CLAIMED))


def accepted_of(sender: FcmSender, messages: list[messaging.Message]) -> int:
    """How many of a batch were taken."""
    return sum(isinstance(outcome, Sent) for _, outcome in sender.send_all(messages))


def message(way: str, number: int) -> messaging.Message:
    """One of a busy zone's notifications, to an address of its own."""
    address = f"{way}-{number:0142d}"
    data = {"delivery_id": f"{way}-{number}", "post_id": "p" * 36, "scope_id": "s" * 36, "type": "post"}
    body = "The crane in the north yard is free again; ask Sora for the key. 북쪽 야드의 크레인을 쓸 수 있습니다."
    return build_message(
        Push(address, "token", "Alice · Depot", body, data, "c" * 36, "t" * 36, timedelta(hours=1))
    )


def cpu_s() -> float:
    """The process's own computing time so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
