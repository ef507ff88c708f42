"""Several processes count together, through Redis, and no request ever waits for it.

A process decides by what it knows. What was taken of its buckets it tells Redis at once, and what gathers meanwhile
with the next telling; the answer is what all processes have taken together, and raises what this one knows.

    take ─▶ spent += cost ··▶ a task ─▶ one script for many keys ─▶ owed by all ─▶ Buckets.hear

So for the time of a round trip two processes may give the same token twice; the bucket then owes both, and they are
paid back before another is given. Where Redis is away or silent, every process counts for itself, the same bounds each:
one line in the log when it goes, one when it is back. A call takes a second at most, and nobody but the task waits.

Redis keeps one number a key, in its own clock's time, until the bucket is full. Keys are digests made with the
product's secret: who asked for what, and from where, cannot be read there.
"""

import hashlib
import threading
import time
from collections.abc import Sequence

import redis
from redis.commands.core import Script

from base.counting.buckets import Buckets, Key
from base.logs import logger
from base.redis_client import impatient

log = logger(__name__)
_LONGEST_PAUSE_S = 5.0
_GAP_S = 0.02
_AT_ONCE = 500  # keys a script: Redis does nothing else meanwhile
_MOST_SPENT = 50_000
_MICRO = 1_000_000
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local owed = {}
for n, key in ipairs(KEYS) do
    local full_at = math.max(math.max(tonumber(redis.call('GET', key)) or now, now) + tonumber(ARGV[n]), now)
    redis.call('SET', key, string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1)
    owed[n] = full_at - now
end
return owed
"""


class SharedBuckets:
    """Tells what is taken from a process's buckets to the others, and them what the others took."""

    def __init__(self, buckets: Buckets, url: str, secret: str) -> None:
        self._buckets, self._url = buckets, url
        self._secret = hashlib.sha256(f"pace:{secret}".encode()).digest()
        self._spent: dict[Key, float] = {}
        self._any = threading.Event()
        self._begun = self._stopping = self._away = False
        buckets.taken = self.tell

    def tell(self, key: Key, cost_s: float) -> None:
        """Tokens were taken that are back after so many seconds; returns at once."""
        if self._away or len(self._spent) >= _MOST_SPENT:
            return
        self._spent[key] = self._spent.get(key, 0.0) + cost_s
        if not self._any.is_set():
            self._any.set()
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._keep, name="pace", daemon=True).start()

    def stop(self) -> None:
        """End the task."""
        self._stopping = True
        self._any.set()

    def _keep(self) -> None:
        """Exchange until told to stop; with a lost Redis, again after a pause."""
        failures = 0
        while not self._stopping:
            client = impatient(self._url)
            try:
                client.ping()
                if failures:
                    log.info("pace_shared_again")
                failures, self._away = 0, False
                self._exchange(client.register_script(_SCRIPT))
            except (redis.RedisError, OSError, ValueError) as error:
                failures += 1
                if failures == 1:
                    log.warning("pace_lost_redis", error=type(error).__name__)
                # What was taken before belongs to a time that is over when somebody listens again.
                self._away = True
                self._spent.clear()
                time.sleep(min(_LONGEST_PAUSE_S, 0.1 * 2 ** min(failures, 10)))
            finally:
                client.close()

    def _exchange(self, script: Script) -> None:
        while not self._stopping:
            self._any.wait()
            self._any.clear()
            spent, self._spent = self._spent, {}
            keys = list(spent)
            for start in range(0, len(keys), _AT_ONCE):
                self._tell_and_hear(script, keys[start : start + _AT_ONCE], spent)
            time.sleep(_GAP_S)

    def _tell_and_hear(self, script: Script, keys: Sequence[Key], spent: dict[Key, float]) -> None:
        costs = [int(spent[key] * _MICRO) for key in keys]
        owed: list[int] = script(keys=[self._named(key) for key in keys], args=costs)
        for key, micros in zip(keys, owed, strict=True):
            self._buckets.hear(key, micros / _MICRO + self._spent.get(key, 0.0))

    def _named(self, key: Key) -> bytes:
        limit, who = key
        said = f"{limit.name}\0{who}".encode()
        return b"hereabouts:pace:" + hashlib.blake2b(said, key=self._secret, digest_size=16).digest()
