"""Long work in a native thread, in a process that runs on gevent as the web's do."""

import subprocess
import sys

from base.work.offload import offload
from tests.product import ROOT

_PROCESS = """
from gevent import monkey
monkey.patch_all()
import gevent
from base.work import offload as offloading
from base.work.offload import offload

offloading.install(gevent.get_hub().threadpool.apply)

def refuses():
    raise ValueError("no")

native = monkey.get_original("threading", "get_ident")
print(offload(native) != native(), offload(max, 1, 2))
try:
    offload(refuses)
except ValueError as error:
    print(error)
"""


def test_it_runs_in_another_thread_and_what_it_raises_is_raised_here_and_not_printed() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _PROCESS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == ["True 2", "no"]
    assert told.stderr == ""


def test_without_gevent_it_runs_in_place() -> None:
    assert offload(max, 1, 2) == 2
