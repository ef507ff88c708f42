"""The quick stand-in FCM of the benchmarks (bench/node/fcm.js), and how fast it is by itself."""

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from push.standin.account import service_account

NODE = Path(__file__).resolve().parent / "node"
DELAY_MS = 50


class QuickStandin:
    """A running one; `account` is the service account that makes the SDK ask it for access tokens."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        assert process.stdout is not None
        self.address = f"http://127.0.0.1:{int(process.stdout.readline())}"
        self.pid = process.pid
        self.account = folder / "bench-account.json"
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.account.write_text(json.dumps(service_account(key, self.address)))

    def counts(self) -> dict[str, Any]:
        """What it has counted: requests, delivered, different, twice; first and last as seconds since 1970."""
        return requests.get(f"{self.address}/standin", timeout=30).json()

    def reset(self) -> None:
        """Count from nought."""
        requests.delete(f"{self.address}/standin", timeout=30)

    def limit(self, protocol: str, count: int = 30_000) -> tuple[float, float]:
        """Requests a second that it answers to a client that does nothing else ("1" or "2": HTTP's version).

        By the clock, with client and stand-in at their best on what cores are free; and by its own computing time.
        """
        before = self.counts()["cpu_us"]
        command = ["node", str(NODE / "fcm_limit.js"), self.address, protocol, str(count)]
        rate = float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)
        return rate, count / (self.counts()["cpu_us"] - before) * 1e6


@contextmanager
def quick_standin(folder: Path) -> Generator[QuickStandin]:
    """Runs it, with a delay of 50 ms before each answer."""
    command = ["env", f"DELAY_MS={DELAY_MS}", "node", str(NODE / "fcm.js")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield QuickStandin(process, folder)
    finally:
        process.terminate()
        process.wait(10)
