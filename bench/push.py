"""`make bench-push`: messages a second to a stand-in FCM that answers after 50 ms, beside the plain SDK.

Senders are processes of their own and take turns, with one core for them and the other for the stand-in; medians are
told. Everything runs on 127.0.0.1 and ends by itself.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import push_plan, push_worker
from bench.push_standin import QuickStandin, quick_standin
from bench.report import report

ROOT = Path(__file__).resolve().parent.parent
SENDER_CORE, STANDIN_CORE = {0}, {1}
ROUNDS, WARM_UP = 5, 500
MESSAGES = {"sdk_send": 1_500, "sdk_send_each": 1_500, "threads": 1_500, "multiplexed": 9_000}
GOALS = {"threads": 0.9, "multiplexed": 3.0}


def main() -> None:
    """The parts that are named on the command line, or all."""
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()


def transports() -> None:
    """Each transport, and the plain SDK in both of its ways."""
    with (
        tempfile.TemporaryDirectory(prefix="hereabouts-bench-") as folder,
        quick_standin(Path(folder)) as standin,
    ):
        os.sched_setaffinity(standin.pid, STANDIN_CORE)
        measure_transports(standin)


def measure_transports(standin: QuickStandin) -> None:
    """Messages a second of one process, and the computing time of one message."""
    for version in ("1", "2"):
        by_clock, by_cpu = standin.limit(version)
        report(f"standin_limit_http{version}", by_clock, "1/s", 3_000, at_most=False)
        report(f"standin_limit_http{version}_per_cpu_s", by_cpu, "1/s", 3_000, at_most=False)
    standin.reset()
    senders = {way: Sender(way, standin) for way in MESSAGES}
    for sender in senders.values():
        sender.round(WARM_UP)
    for _ in range(ROUNDS):
        for way, sender in senders.items():
            sender.measure(MESSAGES[way])
    best = max(("sdk_send", "sdk_send_each"), key=lambda way: senders[way].rate)
    for way in ("sdk_send", "sdk_send_each"):
        report(f"push_{way}", senders[way].rate, "1/s", 0, at_most=False)
        report(f"push_{way}_cpu", senders[way].cpu_us, "us", 5_000)
    for way, goal in GOALS.items():
        report(f"push_{way}", senders[way].rate, "1/s", goal, against=senders[best].rate, at_most=False)
        cheapest = min(senders["sdk_send"].cpu_us, senders["sdk_send_each"].cpu_us)
        report(f"push_{way}_cpu", senders[way].cpu_us, "us", 1 / goal, against=cheapest)
    counts = standin.counts()
    report("push_twice", counts["twice"], "messages", 0)
    due = sum(WARM_UP + ROUNDS * count for count in MESSAGES.values())
    report("push_delivered", counts["different"], "messages", due, at_most=False)
    for sender in senders.values():
        sender.end()


class Sender:
    """A process that sends in one way (bench/push_transport.py)."""

    def __init__(self, way: str, standin: QuickStandin) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "bench.push_transport",
                way,
                standin.address,
                standin.account,
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.sched_setaffinity(self._process.pid, SENDER_CORE)
        self.rates: list[float] = []
        self._cpu: list[float] = []

    @property
    def rate(self) -> float:
        """Messages a second, in the median of the rounds."""
        return statistics.median(self.rates)

    @property
    def cpu_us(self) -> float:
        """Microseconds of computing a message, in the median of the rounds."""
        return statistics.median(self._cpu)

    def round(self, count: int) -> dict[str, Any]:
        """Send `count` messages."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["accepted"] == count, answer
        return answer

    def measure(self, count: int) -> None:
        """A round that counts."""
        answer = self.round(count)
        self.rates.append(count / answer["seconds"])
        self._cpu.append(answer["cpu_s"] / count * 1e6)

    def end(self) -> None:
        """Let it go."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


PARTS = {"transports": transports, "worker": push_worker.main, "audience": push_plan.main}


if __name__ == "__main__":
    main()
