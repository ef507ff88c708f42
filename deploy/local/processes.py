"""Child processes of `make run`: each in a group of its own, restarted when it dies, ended with its parent."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_STOP_S = 10.0
_LONGEST_PAUSE_S = 30.0


@dataclass
class Child:
    """A program that has to run. `environment` is all it sees; its output goes to `log`."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    restart_at: float = 0.0
    started_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                list(self.command),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=dies_with(os.getpid()),
            )
        self.started_at = time.monotonic()

    def running(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def watch(self) -> str | None:
        """Restart it when it has died, after a pause that doubles; returns what to say about it."""
        now = time.monotonic()
        if self.running():
            if now - self.started_at > _LONGEST_PAUSE_S:
                self.deaths = 0
            return None
        if not self.restart_at:
            self.end_orphans()
            self.deaths += 1
            self.restart_at = now + min(_LONGEST_PAUSE_S, 0.5 * 2**self.deaths)
            code = self.process.returncode if self.process else None
            return f"{self.name} ended ({code}) and is started again; {self.log} says why"
        if now >= self.restart_at:
            self.restart_at = 0.0
            self.start()
        return None

    def end_orphans(self) -> None:
        """The children of a killed program would go on holding its port."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self) -> str:
        """The last line that it wrote."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else ""


def stop_all(children: Sequence[Child]) -> None:
    """Ask all to end, wait, and insist."""
    for child in children:
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_S
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)
            child.process.wait()
        child.end_orphans()


def _signal(child: Child, number: int) -> None:
    if child.running() and child.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, number)


def dies_with(parent: int) -> Callable[[], None]:
    """For `preexec_fn` of `Popen`: on Linux the kernel ends the child when this process is killed.

    It does so when the thread ends that started the child: let that be one that stays.
    """

    def before_exec() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it was killed before we asked
                os._exit(1)

    return before_exec
