"""The conformance application as a process of its own, and Alice with a phone of the real product."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deploy.local.patience import Patience
from deploy.local.phone import Phone
from deploy.local.processes import dies_with
from tests.ports import free_port
from tests.product import Product
from tests.world import Organisation

ROOT = Path(__file__).resolve().parent.parent.parent
_processes: dict[str, subprocess.Popen[bytes]] = {}  # by address
INTERVAL_S, TIMEOUT_S, CONNECT_S = 0.5, 0.5, 4.0  # short, and long enough for a busy machine


@pytest.fixture
def org(product: Product) -> Organisation:
    made = product.world.organisation()
    made.person("Alice")
    return made


@pytest.fixture
def alice(product: Product, org: Organisation) -> Phone:
    return product.phone(org.slug, "Alice")


def serve_conformance(**settings: float) -> Iterator[str]:
    """The conformance application with these settings; its address."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), **{name: str(value) for name, value in settings.items()}}
    process = subprocess.Popen(
        [sys.executable, "tests/conformance_app.py"],
        cwd=ROOT,
        env=environment,
        preexec_fn=dies_with(os.getpid()),
    )
    address, patience = f"http://127.0.0.1:{port}", Patience(lambda: [process.pid])
    try:
        while not _answers(address):
            assert process.poll() is None
            assert not patience.is_over()
            time.sleep(0.02)
        _processes[address] = process
        yield address
    finally:
        process.kill()
        process.wait()


def _answers(address: str) -> bool:
    try:
        requests.get(address, timeout=30)
    except requests.RequestException:
        return False
    return True


@pytest.fixture(scope="session")
def brisk() -> Iterator[str]:
    """A server with short heartbeats, as protocol suites use them."""
    yield from serve_conformance(PING_INTERVAL=INTERVAL_S, PING_TIMEOUT=TIMEOUT_S, CONNECT_TIMEOUT=CONNECT_S)


@pytest.fixture(scope="session")
def calm() -> Iterator[str]:
    """A server whose heartbeats do not come into a test's way."""
    yield from serve_conformance(PING_INTERVAL=25, PING_TIMEOUT=20, CONNECT_TIMEOUT=20, BACKLOG_BYTES=262_144)


@contextlib.contextmanager
def held_up(address: str) -> Iterator[None]:
    """Let the server stand still meanwhile, so that it finds all that is said to it waiting when it goes on."""
    process = _processes[address]
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)
