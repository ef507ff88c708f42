"""What `bench.live` needs: many signed-in people without their passwords, the servers on their core, and events."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from base import clock, ids
from bench.stage import TOKENS_LAST_S
from journal.catalogue import POST_CREATED
from journal.events import Event, append
from journal.models import SubjectPosition
from journal.tail import head_position
from people.models import Device, Membership, Person, SignedInSession
from people.sign_in.tokens import TokenMaker
from tests.product import Product, free_port
from tests.world import Organisation

ROOT = Path(__file__).resolve().parent.parent
SERVER_CORE, OTHER_CORE = {0}, {1}
TEXT = "The tower crane at gate three stands still until the wind is below twelve metres a second. "


class Ears:
    """A listening process."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, "-m", "bench.ears", str(port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def tell(self, act: str, **arguments: Any) -> None:
        """Send a command whose answer is fetched later."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": act, **arguments}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """The answer to the oldest command."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the listening process died"
        return json.loads(line)

    def ask(self, act: str, **arguments: Any) -> Any:
        """Command and answer."""
        self.tell(act, **arguments)
        return self.answer()

    def end(self) -> None:
        """Let go of everything."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


class Peer:
    """Node's socket.io, on the servers' core."""

    def __init__(self) -> None:
        self.port = free_port()
        environment = {**os.environ, "PORT": str(self.port)}
        self.process = subprocess.Popen(
            ["node", "--expose-gc", "peer.js"],
            cwd=ROOT / "bench" / "node",
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.sched_setaffinity(self.process.pid, SERVER_CORE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "ready"

    def emit(self, event: dict[str, Any], count: int) -> None:
        """Have it send an event so many times."""
        body = json.dumps({"event": event, "count": count}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", body, 30) as answer:
            answer.read()

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def cpu_seconds(pid: int) -> float:
    """What a process has computed so far."""
    return time.clock_gettime(
        ~pid << 3 | 2
    )  # Linux's clock of another process, in nanoseconds and not in ticks


def rss(pid: int) -> int:
    """A process's resident memory, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def signed_in(org: Organisation, count: int, scopes: list[str]) -> list[str]:
    """The access tokens of so many new people, each with a phone of their own, members of these scopes."""
    maker, at = TokenMaker(org.world.settings.secret_key, TOKENS_LAST_S), clock.now()
    common = {"organisation_id": org.id}
    people = [ids.new_id() for _ in range(count)]
    devices, sessions = [ids.new_id() for _ in people], [ids.new_id() for _ in people]
    phones = zip(devices, people, strict=True)
    signed = zip(sessions, people, devices, strict=True)
    members = [_membership(scope, p, at) for p in people for scope in scopes]
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (Person, [{"id": p, "email": f"{p}@example.com", "name": "Ear"} for p in people]),
        (Device, [_phone(d, p) for d, p in phones]),
        (SignedInSession, [_session(s, p, d, at) for s, p, d in signed]),
        (Membership, members),
    ]
    with org.world.worker.transaction() as session:
        head = head_position(session, org.id)  # where the journal would have told of them
        rows.append((SubjectPosition, [{"subject_id": m["id"], "position": head} for m in members]))
        for model, values in rows:
            if values:
                session.execute(insert(model), [value | common for value in values])
    return [maker.access_token(s, org.id, at) for s in sessions]


def _phone(device_id: UUID, person_id: UUID) -> dict[str, Any]:
    names = {"installation_id": str(device_id), "platform": "android"}
    return {"id": device_id, "person_id": person_id} | names


def _session(session_id: UUID, person_id: UUID, device_id: UUID, at: datetime) -> dict[str, Any]:
    times = {"created_at": at, "expires_at": at + timedelta(days=1)}
    return {"id": session_id, "person_id": person_id, "device_id": device_id} | times


def _membership(scope: str, person_id: UUID, at: datetime) -> dict[str, Any]:
    kind = {"source": "assigned", "started_at": at}
    return {"id": ids.new_id(), "scope_id": scope, "person_id": person_id} | kind


def post_payload(org: Organisation, scope: str, number: int) -> dict[str, Any]:
    """A post of about 400 bytes in wire form."""
    return {
        "id": str(ids.new_id()),
        "scope_id": scope,
        "author_id": str(org.id),
        "parent_id": None,
        "text": f"{number} {TEXT}",
        "created_at": clock.wire(clock.now()),
        "edited_at": None,
        "deleted_at": None,
        "client_id": None,
        "version": 1,
    }


def publish(product: Product, org: Organisation, scopes: list[str], count: int) -> float:
    """Write so many posts' events, one scope after the other, in one transaction; returns when it was committed."""
    events = []
    for number in range(count):
        scope = scopes[number % len(scopes)]
        payload = post_payload(org, scope, number)
        events.append(
            Event(POST_CREATED, subject_id=UUID(payload["id"]), payload=payload, scope_id=UUID(scope))
        )
    with product.world.worker.transaction() as session:
        append(session, org.id, *events)
        return time.monotonic()


@contextlib.contextmanager
def without_the_worker(product: Product) -> Generator[None]:
    """No worker, whose push planner would take the listeners' core."""
    product.kill("worker")
    yield
    product.start_worker()
