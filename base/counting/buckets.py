"""Counts how much of something somebody has done lately, and says how long they have to wait for more.

Each counted one has a bucket of tokens: full at first, one token goes with each act, and they come back evenly. So a
burst is let through whole, and who never stops gets on at the even rate. All that is kept of a bucket is when it will
be full again, a moment of the monotonic clock: nobody fills or empties it by setting a clock.

    take ─▶ owed = full again at - now ─▶ room = window - owed - one token      below nothing: wait so long

A bucket that is full is as good as none. So what was not touched for a window is forgotten: entries lie in a young and
an old generation, and when a window is over the old one is dropped at once. A generation that grows too large is
dropped sooner; then those are forgiven who were quiet longest, and whoever goes on is remembered all the same.

Nothing here waits or switches to another greenlet, so each act is counted whole without a lock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_KEPT = 50_000  # of each generation; some 12 MiB
# Sums of seconds are not exact: a bucket of 600 tokens must give 600.
_INEXACT_S = 1e-6

Who = int | str


@dataclass(frozen=True, eq=False)
class Limit:
    """So many at once, and as many again in each window. One object each: limits are told apart by identity."""

    name: str
    most: int
    window_s: float
    for_each: int = 0
    """So many more for each member, where it is a crowd that is counted."""
    each_s: float = field(init=False)
    """After how many seconds a token comes back; sooner to a crowd."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "each_s", self.window_s / self.most)

    def most_of(self, members: int) -> int:
        """How many tokens there are for a crowd."""
        return self.most + self.for_each * members

    def left(self, room_s: float) -> int:
        """How many tokens a room is, in whole ones; none where it is less than nothing."""
        return max(0, int((room_s + _INEXACT_S) / self.each_s))


Key = tuple[Limit, Who]


class _Generations:
    """When buckets will be full again, for one length of window."""

    def __init__(self, window_s: float, most: int) -> None:
        self._window_s, self._most = window_s, most
        self._young: dict[Key, float] = {}
        self._old: dict[Key, float] = {}
        self._turns_at = 0.0

    def full_at(self, key: Key, now: float) -> float:
        """Now, where nothing is known."""
        known = self._young.get(key)
        if known is None:
            known = self._old.get(key, now)
        return known if known > now else now

    def keep(self, key: Key, full_at: float, now: float) -> None:
        if now >= self._turns_at or len(self._young) >= self._most:
            self._old, self._young = self._young, {}
            self._turns_at = now + self._window_s
        self._young[key] = full_at

    def held(self) -> int:
        return len(self._young) + len(self._old)


class Buckets:
    """The buckets of one process. `taken` is told from where tokens go, and in how many seconds they are back: not of
    crowds, since each process sees its part of them and of their members."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most_kept: int = MOST_KEPT) -> None:
        self._clock, self._most_kept = clock, most_kept
        self._kept: dict[float, _Generations] = {}
        self._members: dict[Key, int] = {}
        self.taken: Callable[[Key, float], None] | None = None

    def take(self, limit: Limit, who: Who, cost: int = 1, members: int = 0) -> float:
        """Take tokens, all that there may be at most; returns the room that is left, in seconds' worth of tokens. Less
        than nothing: none was taken, and after so many seconds there will be enough."""
        now, key = self._clock(), (limit, who)
        kept = self._kept.get(limit.window_s) or self._begun(limit.window_s)
        full_at, each_s = kept.full_at(key, now), limit.each_s
        if limit.for_each:
            full_at = now + (full_at - now) * self._shrunk(key, members)
            each_s = limit.window_s / limit.most_of(members)
        cost_s = min(each_s * cost, limit.window_s)
        room_s = limit.window_s - (full_at - now) - cost_s
        if room_s < -_INEXACT_S:
            kept.keep(key, full_at, now)  # who goes on all the same is not forgotten
            return room_s
        kept.keep(key, now + limit.window_s - room_s, now)
        if self.taken is not None and not limit.for_each:
            self.taken(key, cost_s)
        return max(room_s, 0.0)

    def put_back(self, limit: Limit, who: Who, cost: int = 1) -> None:
        """Give back what `take` has just given to somebody."""
        now, key = self._clock(), (limit, who)
        kept = self._kept.get(limit.window_s) or self._begun(limit.window_s)
        cost_s = min(limit.each_s * cost, limit.window_s)
        kept.keep(key, kept.full_at(key, now) - cost_s, now)
        if self.taken is not None:
            self.taken(key, -cost_s)

    def fill(self, limit: Limit, who: Who) -> None:
        """Give somebody back all that they have taken."""
        now, key = self._clock(), (limit, who)
        kept = self._kept.get(limit.window_s) or self._begun(limit.window_s)
        owed_s = kept.full_at(key, now) - now
        kept.keep(key, now, now)
        if self.taken is not None and owed_s > 0:
            self.taken(key, -owed_s)

    def look(self, limit: Limit, who: Who) -> float:
        """What `take` of one would return; nothing is taken."""
        now = self._clock()
        kept = self._kept.get(limit.window_s) or self._begun(limit.window_s)
        room_s = limit.window_s - (kept.full_at((limit, who), now) - now) - limit.each_s
        return room_s if room_s < -_INEXACT_S else max(room_s, 0.0)

    def hear(self, key: Key, owed_s: float) -> None:
        """Others have taken of the same bucket: by what all know, it will be full again only in `owed_s`."""
        limit, now = key[0], self._clock()
        kept = self._kept.get(limit.window_s) or self._begun(limit.window_s)
        full_at = now + min(owed_s, 2 * limit.window_s)
        if full_at > kept.full_at(key, now):
            kept.keep(key, full_at, now)

    def forget(self) -> None:
        """Fill all buckets."""
        self._kept.clear()
        self._members.clear()

    def held(self) -> int:
        """Of how many buckets something is kept."""
        return sum(kept.held() for kept in self._kept.values())

    def _shrunk(self, key: Key, members: int) -> float:
        """What becomes of a crowd's debt when there are more of them: the same tokens are back sooner."""
        before = self._members.get(key, members)
        self._members[key] = members
        return 1.0 if before == members else key[0].most_of(before) / key[0].most_of(members)

    def _begun(self, window_s: float) -> _Generations:
        return self._kept.setdefault(window_s, _Generations(window_s, self._most_kept))
