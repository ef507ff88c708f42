"""Signals between web processes, through Redis. They may get lost; nothing waits for them.

What is to be sent goes into a bounded queue, and a task of its own sends it; another listens. When Redis is away or
silent, signals are dropped and counted (one line in the log when it goes, one when it is back), and both tasks try
again, ever more slowly. A read or a write takes a second at most; pings tell a connection that is silent for too long.

Others may write to the same Redis. So each message carries a code made with the product's secret, and the channel's
name depends on it; what does not fit is passed over. Nor can they say again what one of us has said: each message has a
number, larger than those before it of the same process, and a time. Order and delivery are not promised: the journal
does that.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from functools import partial

import gevent
import orjson
import redis
from gevent.queue import Full, Queue

from base.logs import logger
from base.redis_client import impatient
from live.bus import Message
from live.kept import kept_running

log = logger(__name__)
_MOST_WAITING = 2_000
_LARGEST = 64 * 1024
_LONGEST_PAUSE_S = 5.0
_OLDEST_S = 30.0
_CODE = 32  # bytes


class RedisBus:
    """Redis publish and subscribe, on one channel; a connection on which nothing comes for `silence_s` is given up."""

    def __init__(self, url: str, secret: str, silence_s: float = 10) -> None:
        self._silence_s = silence_s
        self._url = url
        self._key = hashlib.sha256(f"signals:{secret}".encode()).digest()
        self._channel = f"hereabouts:signals:{hashlib.sha256(self._key).hexdigest()[:16]}"
        self._waiting: Queue[bytes] = Queue(_MOST_WAITING)
        self._dropped = 0
        self._number = 0
        self._heard: dict[
            str, tuple[int, float]
        ] = {}  # the last message of each process: its number and time
        self._stopping = False

    def publish(self, message: Message) -> None:
        """Queue it; dropped when too many wait."""
        self._number += 1
        body = orjson.dumps({**message, "number": self._number, "at": time.time()})
        try:
            self._waiting.put_nowait(self._code(body) + body)
        except Full:
            self._dropped += 1

    def start(self, heard: Callable[[Message], None], connected: Callable[[], None]) -> None:
        """Send and listen, each in a task."""
        tasks = {
            "send": lambda client: self._send(client, connected),
            "listen": lambda client: self._listen(client, heard, connected),
        }
        for name, work in tasks.items():
            gevent.spawn(kept_running, f"signals_{name}", partial(self._keep, name, work))

    def stop(self) -> None:
        """End with the process."""
        self._stopping = True

    def opened(self, sealed: object) -> Message | None:
        """A message of ours that was not opened before; None when it is not."""
        if not isinstance(sealed, bytes):
            return None
        code, body = sealed[:_CODE], sealed[_CODE:]
        if len(sealed) > _LARGEST or not hmac.compare_digest(code, self._code(body)):
            return None
        message = orjson.loads(body)
        return message if isinstance(message, dict) and self._is_new(message) else None

    def _is_new(self, message: Message) -> bool:
        process, number, at = (message.get(name) for name in ("process", "number", "at"))
        if not isinstance(process, str) or not isinstance(number, int) or not isinstance(at, float):
            return False
        now = time.time()
        if abs(now - at) > _OLDEST_S or number <= self._heard.get(process, (0, now))[0]:
            return False
        if process not in self._heard:  # a process that came: forget those that went
            self._heard = {name: last for name, last in self._heard.items() if now - last[1] <= _OLDEST_S}
        self._heard[process] = (number, at)
        return True

    def _code(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")

    def _keep(self, task: str, work: Callable[[redis.Redis], None]) -> None:
        """Do it until told to stop; with a lost Redis, again after a pause."""
        failures = 0
        while not self._stopping:
            begun = time.monotonic()
            client = impatient(self._url)
            try:
                work(client)
            except (redis.RedisError, OSError, ValueError) as error:
                failures = 1 if time.monotonic() - begun > self._silence_s else failures + 1
                if failures == 1:
                    log.warning("signals_lost_redis", task=task, error=type(error).__name__)
                gevent.sleep(min(_LONGEST_PAUSE_S, 0.1 * 2 ** min(failures, 10)))
            finally:
                client.close()

    def _send(self, client: redis.Redis, connected: Callable[[], None]) -> None:
        client.ping()
        # What waited meanwhile is old: who was typing then does not any more, and who is online is told anew.
        dropped = self._dropped + self._waiting.qsize()
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._dropped = 0
        if dropped:
            log.info("signals_dropped", count=dropped)
        connected()  # only now: what was said to a connection that was there before us has just been dropped
        while not self._stopping:
            client.publish(self._channel, self._waiting.get())

    def _listen(
        self, client: redis.Redis, heard: Callable[[Message], None], connected: Callable[[], None]
    ) -> None:
        subscription = client.pubsub()
        try:
            subscription.subscribe(self._channel)
            last = time.monotonic()
            while not self._stopping:
                message = subscription.get_message(timeout=self._silence_s * 0.4)
                if message is None:
                    if time.monotonic() - last > self._silence_s:
                        raise redis.ConnectionError("silent")
                    subscription.ping()
                    continue
                last = time.monotonic()
                if message["type"] == "subscribe":
                    connected()  # what the others tell us can be heard only now
                elif message["type"] == "message" and (ours := self.opened(message["data"])) is not None:
                    heard(ours)
        finally:
            subscription.close()
