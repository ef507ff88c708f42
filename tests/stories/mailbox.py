"""The stand-in that takes mails and short messages, as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from deploy.local.patience import Patience
from deploy.local.processes import dies_with
from tests.product import ROOT
from tests.stories.waiting import until


class Mailbox:
    """Runs until `stop`; `settings` are those with which the product sends to it."""

    def __init__(self, folder: Path) -> None:
        ready = folder / "mailbox.ready"
        self._log = (folder / "mailbox.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "people.messages.standin", "--ready-file", str(ready)],
            cwd=ROOT,
            stdout=self._log,
            stderr=self._log,
            preexec_fn=dies_with(os.getpid()),
        )
        patience = Patience(lambda: [self._process.pid])
        until(lambda: patience.is_over() or (ready.exists() and ready.read_text()))
        told = json.loads(ready.read_text())
        self.address: str = told["address"]
        self.settings: dict[str, str] = told["settings"]

    def to(self, address: str, wait_s: float = 0) -> list[dict[str, Any]]:
        """What has come to an address, newest first."""
        query: dict[str, Any] = {"to": address, "wait": wait_s}
        return requests.get(f"{self.address}/messages", params=query, timeout=90).json()["messages"]

    def behave(self, **behaviour: dict[str, Any]) -> None:
        """Tell it how to treat addresses; "*" for all."""
        requests.post(f"{self.address}/behaviour", json=behaviour, timeout=60)

    def reset(self) -> None:
        """Forget all that has come, and how to behave."""
        requests.delete(f"{self.address}/messages", timeout=60)

    def page(self) -> requests.Response:
        """The page that a newcomer looks at."""
        return requests.get(self.address, timeout=60)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._log.close()
