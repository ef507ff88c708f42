"""`make run`: starts everything, restarts what dies, leaves nothing behind, and says why it cannot start."""

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.demo import Timeline, morning
from deploy.local.run import CannotRun, Product
from tests.deploy.running import children_named, ends, ready, starts
from tests.product import free_port
from tests.stories.waiting import until


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_serves_the_demonstration_restarts_what_dies_and_leaves_nothing_behind(local: Path) -> None:
    port = free_port()
    running = starts(local, port)
    assert running.stdout is not None
    assert f"127.0.0.1:{port}" in running.stdout.readline()
    facts = json.loads((local / "run.json").read_text())
    morning(facts, Timeline())  # ends the test with what it complains of
    assert a_code_comes(facts)
    (web,) = children_named("wsgi.py", local)
    os.kill(web, signal.SIGKILL)
    until(lambda: children_named("wsgi.py", local) not in ([], [web]) and ready(facts["address"]))
    ends(running, local)


def a_code_comes(facts: dict[str, Any]) -> bool:
    """A newcomer asks for a code to sign in with, and looks into the mailbox."""
    mina = "mina@demo.example"
    app = {"installation_id": "a-newcomers-laptop", "platform": "web"}
    body = {"organisation": facts["organisation"], "identifier": mina, "device": app}
    assert requests.post(f"{facts['address']}/v1/sessions/codes", json=body, timeout=60).status_code == 202
    query = {"to": mina, "wait": "60"}
    (mail,) = requests.get(f"{facts['mailbox']}/messages", params=query, timeout=90).json()["messages"]
    return mail["code"] in requests.get(facts["mailbox"], timeout=60).text


def test_a_port_in_use_is_told_before_anything_starts(local: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match=f"Port {port} is in use"):
            Product(local, "127.0.0.1", port).start()
