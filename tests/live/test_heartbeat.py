"""Heartbeats and deadlines on a clock of the test's own."""

from dataclasses import dataclass, field

from live.engine.heartbeat import Heartbeat, Timing


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Client:
    """A socket, as far as a heartbeat can tell."""

    said: list[str] = field(default_factory=list)
    closed: bool = False
    settled: bool = True
    pong_deadline: float | None = None

    def ping(self) -> None:
        self.said.append("ping")

    def fail(self, reason: str) -> None:
        self.closed = True
        self.said.append(reason)


def beats(heartbeat: Heartbeat, clock: Clock, until: float) -> None:
    while clock.now < until:
        clock.now = min(until, clock.now + heartbeat.pause)
        heartbeat.beat()


def test_who_answers_is_pinged_again_and_who_does_not_is_ended() -> None:
    clock = Clock()
    heartbeat = Heartbeat(Timing(ping_interval=25, ping_timeout=20), clock)
    living, dead = Client(), Client()
    heartbeat.begin(living)
    heartbeat.begin(dead)
    beats(heartbeat, clock, 26)
    heartbeat.pong(living)
    heartbeat.pong(living)
    beats(heartbeat, clock, 46)
    assert (living.said, dead.said) == (["ping"], ["ping", "ping timeout"])
    beats(heartbeat, clock, 52)
    assert living.said == ["ping", "ping"]


def test_one_who_never_connects_is_ended() -> None:
    clock = Clock()
    heartbeat = Heartbeat(Timing(connect_timeout=15), clock)
    stranger = Client(settled=False)
    heartbeat.begin(stranger)
    beats(heartbeat, clock, 16)
    assert stranger.said == ["connect timeout"]


def test_a_server_that_was_held_up_blames_nobody() -> None:
    clock = Clock()
    heartbeat = Heartbeat(Timing(ping_interval=25, ping_timeout=20), clock)
    phone = Client()
    heartbeat.begin(phone)
    beats(heartbeat, clock, 26)
    clock.now += 60
    heartbeat.beat()
    assert not phone.closed
    heartbeat.pong(phone)
    beats(heartbeat, clock, 88)
    assert not phone.closed
