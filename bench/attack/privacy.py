"""A curious manager at a site that shows numbers only: the stories of `tests/privacy`, in a process of their own."""

import subprocess
import sys

from bench.attack.case import Case
from bench.attack.stage import Stage
from tests.product import ROOT

_LAST = 1_000


def curious_manager(stage: Stage) -> list[str]:
    """Whatever a manager may ask and do gives the same answers whether somebody is there or not."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/privacy"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [] if run.returncode == 0 else [run.stdout[-_LAST:]]


CASES = (Case("privacy.curious_manager", curious_manager),)
