"""`WEB_PROCESSES=3 make run`: one address, any process may die, and polling clients find their way back."""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.phone import Phone
from deploy.local.proxy import free_ports, has_nginx
from deploy.local.run import CannotRun, Product
from tests.deploy.running import children_named, ends, ready, starts
from tests.product import free_port
from tests.stories.clients import PythonClient
from tests.stories.waiting import until

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.skipif(not has_nginx(), reason="needs nginx: sh deploy/local/nginx.sh"),
]
_PROCESSES = 3


@pytest.fixture(scope="module")
def running(run_folder: Path) -> Iterator[Path]:
    """The folder of a run that the tests of this module share: whatever they kill comes back."""
    local = run_folder / "several"
    local.mkdir(mode=0o711)
    process = starts(local, free_port(), _PROCESSES)
    assert process.stdout is not None
    assert "runs at" in process.stdout.readline()
    yield local
    ends(process, local)


@pytest.fixture
def facts(running: Path) -> dict[str, Any]:
    return json.loads((running / "run.json").read_text())


def signs_in(facts: dict[str, Any], email: str) -> Phone:
    return Phone.signed_in(facts["address"], facts["organisation"], email, facts["password"])


def test_any_of_them_may_die_and_the_address_goes_on_answering(facts: dict[str, Any], running: Path) -> None:
    webs = children_named("wsgi.py", running)
    assert len(webs) == _PROCESSES
    phone = signs_in(facts, facts["emails"][0])
    os.kill(webs[0], signal.SIGKILL)
    for _ in range(30):
        phone.get("/v1/me")
    until(lambda: len(set(children_named("wsgi.py", running)) - {webs[0]}) == _PROCESSES)
    before = set(children_named("nginx", running))
    os.kill(min(before), signal.SIGKILL)
    # Its orphans go on serving until they are ended, too.
    until(lambda: (now := children_named("nginx", running)) and not before & set(now))
    until(lambda: ready(facts["address"]))
    phone.get("/v1/me")


def test_polling_clients_reach_the_process_that_knows_them(facts: dict[str, Any]) -> None:
    phone = signs_in(facts, facts["emails"][0])
    names = set()
    for transports in [("polling",)] * 6 + [("polling", "websocket"), ("websocket",)]:
        client = PythonClient()
        client.open(facts["address"], phone.token, transports)
        client.tells("ready")
        assert client.emit("session.renew", {"token": phone.token})["ok"]
        names.add(client.sid.split(".")[0])
        client.close()
    assert names <= {f"w{n}" for n in range(1, _PROCESSES + 1)}
    assert len(names) > 1


def test_a_post_reaches_the_sockets_of_all_processes(facts: dict[str, Any]) -> None:
    phones = [signs_in(facts, facts["emails"][0]) for _ in range(2 * _PROCESSES)]
    for phone in phones:
        phone.open_app()
    organisation = phones[0].get("/v1/me")["organisation"]["id"]
    phones[0].post(f"/v1/scopes/{organisation}/posts", {"text": "for all processes"})
    assert all(phone.hears("post.created", text="for all processes") for phone in phones)
    for phone in phones:
        phone.close_app()


def test_a_senseless_number_is_told(local: Path) -> None:
    with pytest.raises(CannotRun, match="WEB_PROCESSES must be a whole number"):
        Product(local, "127.0.0.1", free_port(), 0).start()


def test_ports_in_use_are_passed_over(local: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port not in free_ports(3, port - 1)
