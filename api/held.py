"""Who is held back by a pace now, as this process has refused them: for administrators, who may let them go.

It is remembered with the refusal, and forgotten as soon as there is room again. Whoever asks too much is in here once,
whatever they are refused; an organisation has at most `MOST` of them, the latest.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

MOST, _MOST_ORGANISATIONS = 100, 1_000


class Held(NamedTuple):
    """One of them: by which limit, and until when, in seconds of the monotonic clock."""

    person: int
    limit: str
    until_s: float


class HeldByPace:
    """The list of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: dict[int, dict[int, Held]] = {}

    def note(self, organisation: int, person: int, limit: str, wait_s: float) -> None:
        """Somebody was refused, and will not be after so many seconds."""
        if organisation not in self._of and len(self._of) >= _MOST_ORGANISATIONS:
            self._of.pop(next(iter(self._of)))
        held = self._of.setdefault(organisation, {})
        held.pop(person, None)
        held[person] = Held(person, limit, self._clock() + wait_s)
        if len(held) > MOST:
            held.pop(next(iter(held)))

    def now(self, organisation: int) -> Sequence[tuple[Held, float]]:
        """Those of an organisation who are still held back, the latest first, each with the seconds that are left."""
        at, held = self._clock(), self._of.get(organisation, {})
        for person in [each.person for each in held.values() if each.until_s <= at]:
            del held[person]
        return [(each, each.until_s - at) for each in reversed(held.values())]

    def forget(self, organisation: int, person: int) -> None:
        """Somebody is let go."""
        self._of.get(organisation, {}).pop(person, None)
