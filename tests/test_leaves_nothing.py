"""What the tests start ends with them, however they end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local.cluster import Cluster
from deploy.local.patience import Patience, computing_time
from deploy.local.processes import dies_with
from tests.databases import clone
from tests.ports import free_port
from tests.product import ROOT, Product
from tests.stories.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
_INNER = """
import pathlib, time
def test_inner(cluster, product):
    pathlib.Path({told!r}).write_text(f"{{product.folder}}\\n{{cluster.directory.parent}}")
    time.sleep(600)
"""


def naming(*words: str) -> list[int]:
    """The processes whose command line or environment names one of these."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if any(word.encode() in said for word in words):
            found.append(int(entry.name))
    return found


def test_a_run_that_is_killed_hard_leaves_neither_servers_nor_a_database(tmp_path: Path) -> None:
    told, inner = tmp_path / "told", ROOT / "tests" / f"test_inner_{os.getpid()}.py"
    inner.write_text(_INNER.format(told=str(told)))
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "HEREABOUTS_TESTS"))
    }
    command = [sys.executable, "-m", "pytest", "-q", "-n", "1", str(inner)]
    try:
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as run:
            patience = Patience(lambda: naming(str(inner)))
            while not (told.exists() and told.read_text()):
                assert run.poll() is None
                assert not patience.is_over()
                time.sleep(0.05)
            folder, shared = told.read_text().splitlines()
            assert naming(folder, shared)
            run.kill()
    finally:
        inner.unlink()
    until(lambda: not naming(folder, shared))
    until(lambda: not Path(shared).exists())


def test_a_product_that_does_not_start_ends_what_it_had_begun(
    cluster: Cluster, worker_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_c(_: Product) -> None:
        assert naming(str(tmp_path))
        raise KeyboardInterrupt

    monkeypatch.setattr(Product, "start_web", ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        Product(cluster, clone(cluster, f"interrupted_{worker_id}"), tmp_path)
    until(lambda: not [pid for pid in naming(str(tmp_path)) if pid != os.getpid()])


def test_a_child_does_not_outlive_a_parent_that_is_killed() -> None:
    code = (
        "import os, subprocess, sys, time; from deploy.local.processes import dies_with;"
        "child = subprocess.Popen(['sleep', '600'], preexec_fn=dies_with(os.getpid()));"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=dies_with(os.getpid()),
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    until(lambda: not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text())


def test_patience_lasts_while_something_gets_on_and_not_for_ever() -> None:
    def works() -> list[int]:
        until_ticks = computing_time(os.getpid()) + 1
        while computing_time(os.getpid()) < until_ticks:
            pass
        return [os.getpid()]

    busy = Patience(works, stands_s=0.0)
    assert not any(busy.is_over() for _ in range(20))
    hangs = Patience(lambda: [2**22 + 1], stands_s=0.0)  # no process, and so no computing time
    hangs.is_over()
    assert hangs.is_over()
    late = Patience(works, longest_s=0.0)
    assert late.is_over()


def test_a_port_is_given_once() -> None:
    ports = [free_port() for _ in range(20)]
    assert len(set(ports)) == len(ports)
    low, _ = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert all(port < low for port in ports), "the kernel would give it to an outgoing connection"
    code = "from tests.ports import free_port; print(*[free_port() for _ in range(200)])"
    others = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not set(map(int, others.stdout.split())) & set(ports)
