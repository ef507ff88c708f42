"""nginx as it is generated, before processes with few descriptors: it keeps nothing, and nobody waits for a crowd."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest
import requests

from deploy.local.processes import dies_with
from deploy.local.proxy import Bounds, has_nginx, nginx, write_configuration
from tests.live.crowds import CROWDS, WEBSOCKET, connects, half_a_body, waits_of_others
from tests.product import Product, free_port
from tests.raw_socket import RawWebSocket
from tests.stories.waiting import until

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.skipif(not has_nginx(), reason="needs nginx: sh deploy/local/nginx.sh"),
]
CROWD = DESCRIPTORS = 300
POST = b"POST /v1/me/fixes HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"


@contextlib.contextmanager
def fronted(folder: Path, webs: dict[str, str], bounds: Bounds | None = None) -> Iterator[str]:
    """nginx before these web processes (name to address); its address."""
    port = free_port()
    ports = {name: int(address.rpartition(":")[2]) for name, address in webs.items()}
    file = write_configuration(folder, "127.0.0.1", port, ports, bounds)
    command = [str(nginx()), "-p", str(folder), "-c", str(file)]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=dies_with(os.getpid()))
    try:
        until(lambda: _answers(f"http://127.0.0.1:{port}"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _answers(address: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{address}/health/live", timeout=60).ok
    return False


@pytest.fixture(scope="module")
def webs(product: Product) -> Iterator[dict[str, str]]:
    """Two web processes with 300 descriptors, which trust a proxy."""
    names = ("n1", "n2")
    yield {
        name: product.start_narrow_web(name, DESCRIPTORS, WEB_NAME=name, TRUSTED_PROXIES="1")
        for name in names
    }
    for name in names:
        product.stop_part(name)


@pytest.fixture
def nginx_folder(run_folder: Path, worker_id: str) -> Path:
    """A folder that nginx may use as its own."""
    made = run_folder / f"front-{worker_id}"
    made.mkdir(mode=0o711, exist_ok=True)
    return made


@pytest.mark.parametrize("join", CROWDS, ids=lambda join: join.__name__)
def test_behind_nginx_a_crowd_that_waits_for_nothing_keeps_nobody_waiting(
    webs: dict[str, str], nginx_folder: Path, join: Callable[[str], contextlib.AbstractContextManager[object]]
) -> None:
    with fronted(nginx_folder, webs) as address, contextlib.ExitStack() as crowd:
        for _ in range(2 * CROWD):
            crowd.enter_context(contextlib.closing(join(address)))  # type: ignore[type-var]
        assert median(waits_of_others(address)) < 0.5  # one may be slow because the machine is busy


def test_a_refused_body_is_refused_before_it_has_come_and_lies_on_no_disk(
    webs: dict[str, str], nginx_folder: Path
) -> None:
    with fronted(nginx_folder, webs) as address:
        stuck = connects(address, POST + b"Content-Length: 15000000\r\n\r\n", b" " * 100_000)
        assert stuck.recv(65_536).startswith(b"HTTP/1.1 401 ")
        assert not [file for file in (nginx_folder / "body").rglob("*") if file.is_file()]
        stuck.close()


def test_a_body_that_no_route_takes_is_refused_in_the_applications_form(
    webs: dict[str, str], nginx_folder: Path
) -> None:
    with fronted(nginx_folder, webs) as address:
        stuck = connects(address, POST + b"Content-Length: 100000000\r\n\r\n")
        answer = stuck.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"application/problem+json" in answer
        assert b'"code": "too_large"' in answer
        stuck.close()


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nHo", b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"]
)
def test_heads_and_rests_have_their_time_at_nginx_too(
    webs: dict[str, str], nginx_folder: Path, said: bytes
) -> None:
    with fronted(nginx_folder, webs, Bounds(header_s=1, transfer_s=1, rest_s=1)) as address:
        assert ends(connects(address, said))
        assert ends(half_a_body(address))


def test_one_address_has_so_many_sockets_and_requests_at_a_time(
    webs: dict[str, str], nginx_folder: Path
) -> None:
    with fronted(nginx_folder, webs, Bounds(per_address=4, count_own=True)) as address:
        phones = [RawWebSocket(address, WEBSOCKET) for _ in range(4)]
        assert [phone.refused for phone in phones] == [None] * 4
        refused = requests.get(f"{address}/v1/me", timeout=60)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["Retry-After"] == "5"
        phones.pop().close()
        until(lambda: requests.get(f"{address}/v1/me", timeout=60).status_code == 401)
        for phone in phones:
            phone.close()


def ends(connection: socket.socket) -> bool:
    """Whether the other side ends it within half a minute."""
    connection.settimeout(30)
    with connection, contextlib.suppress(ConnectionError):
        while connection.recv(65_536):
            pass
    return True
