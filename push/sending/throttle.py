"""How fast a sender may send, by what FCM answers: a pure function of times and counts.

The rate falls in proportion to the share of answers that were "too many requests" and grows again by a constant a
second, so that a quota of the whole project is found and kept to, while one phone that is told too often (which FCM
answers in the same way) slows nobody else. Where at least half of a round was refused, nothing at all is sent for as
long as FCM asks. Each refused message waits its own time besides.
"""

from dataclasses import dataclass, field

CEILING = 10_000.0  # messages a second: FCM's own quota for a project
FLOOR = 20.0
GROWTH = 200.0  # messages a second, each second
LONGEST_PAUSE_S = 60.0
_ROUND_S, _ROUND_ANSWERS = 1.0, 200
_FEWEST_REFUSALS = 3


@dataclass
class _Round:
    """The answers since the first at `began`; `pause_s` is the longest that one of them asked for."""

    began: float
    answers: int = 0
    refused: int = 0
    pause_s: float = 0.0


@dataclass
class Throttle:
    """An allowance that refills with time. All times are seconds of a clock that never goes back."""

    now: float
    rate: float = CEILING
    _allowance: float = 0.0
    _refilled: float = field(init=False)
    _grown: float = field(init=False)
    _paused_until: float = 0.0
    _round: _Round = field(init=False)

    def __post_init__(self) -> None:
        self._refilled = self._grown = self.now
        self._round = _Round(self.now)
        self._allowance = self.rate

    def take(self, now: float, most: int) -> int:
        """How many may be sent now, up to `most`; they count as sent."""
        if now < self._paused_until:
            return 0
        self._refill(now)
        taken = min(most, int(self._allowance))
        self._allowance -= taken
        return taken

    def give_back(self, count: int) -> None:
        """What was taken and not needed."""
        self._allowance = min(self.rate, self._allowance + count)

    def wait_s(self, now: float) -> float:
        """How long it takes until something may be sent."""
        if now < self._paused_until:
            return self._paused_until - now
        self._refill(now)
        return max(0.0, (1.0 - self._allowance) / self.rate)

    def answered(self, now: float, *, refused: bool = False, after_s: float | None = None) -> None:
        """Count an answer; `refused` for "too many requests", with the seconds that FCM asks to wait."""
        if self._round.answers == 0:
            self._round.began = now
        self._round.answers += 1
        if refused:
            self._round.refused += 1
            self._round.pause_s = max(self._round.pause_s, after_s or 0.0)
        if self._round.answers >= _ROUND_ANSWERS or now - self._round.began >= _ROUND_S:
            self._end_round(now)

    def _end_round(self, now: float) -> None:
        ended, self._round = self._round, _Round(now)
        self._refill(now)
        share = ended.refused / ended.answers
        grown = min(CEILING, self.rate + GROWTH * min(_ROUND_S, now - self._grown))
        self.rate, self._grown = max(FLOOR, grown * (1 - share / 2)), now
        self._allowance = min(self._allowance, self.rate)
        if share >= 0.5 and ended.refused >= _FEWEST_REFUSALS:
            self._paused_until = now + min(LONGEST_PAUSE_S, ended.pause_s)

    def _refill(self, now: float) -> None:
        """A second's worth at most is saved up, at the present rate."""
        self._allowance = min(self.rate, self._allowance + (now - self._refilled) * self.rate)
        self._refilled = now
