"""The product is restored while people use it: in the end every phone has exactly what the database has."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
import requests
from socketio.exceptions import ConnectionError as NotConnected
from sqlalchemy import text

from deploy.local.cluster import Cluster
from tests.databases import clone
from tests.product import Product
from tests.reference.app import App
from tests.reference.client import ReferenceClient, Refused
from tests.reference.store import Store
from tests.stories.pushes import silent_at
from tests.stories.restores import done
from tests.stories.waiting import until
from tests.world import Organisation

_PARTS = ("web", "relay", "worker")
_NAMES = ("Alice", "Bob", "Dora", "Eve")


@pytest.fixture
def product(cluster: Cluster, worker_id: str, tmp_path: Path) -> Iterator[Product]:
    """Processes of this test's own: their database is taken away from them."""
    name = clone(cluster, f"restored_{worker_id}")
    (tmp_path / "product").mkdir()
    running = Product(cluster, name, tmp_path / "product")
    yield running
    running.stop()
    cluster.psql("postgres", "-c", f'DROP DATABASE "{name}" WITH (FORCE)')


class Person(threading.Thread):
    """Somebody who posts and reads all the time, whatever happens to the server."""

    def __init__(self, app: App, scope: str) -> None:
        super().__init__(daemon=True)
        self.app, self.scope, self.said, self._ended = app, scope, 0, threading.Event()
        self.refused: set[int] = set()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._ended.is_set():
                self._lives()
        except BaseException as failure:
            self.failure = failure

    def _lives(self) -> None:
        try:
            self.catches_up()
            self.said += 1
            self.app.client.do("post", scope_id=self.scope, text=f"{self.said}")
            return
        except (requests.ConnectionError, NotConnected):
            self.app.close()
        except Refused as refusal:
            self.refused.add(refusal.status)
        self._ended.wait(0.2)

    def catches_up(self) -> None:
        """Connect where the socket is closed, send, sync, and take what the socket brings meanwhile."""
        if not self.app.connected:
            self.app.connect()
        self.app.client.catch_up()
        try:
            self.app.hears_next(timeout=0.05)
        except Empty:
            return

    def ends(self) -> None:
        self._ended.set()
        self.join(60)
        assert self.failure is None, repr(self.failure)


def fetched(app: App, path: Path) -> tuple[set[str], dict[str, dict[str, Any]]]:
    """What an app that is installed now has: the scopes and the posts."""
    store = Store(path)
    ReferenceClient(store, app.send).catch_up()
    found = store.scopes(), store.posts()
    store.close()
    return found


def is_right(app: App, path: Path) -> bool:
    """Whether its store is what an app has that is installed now."""
    app.client.catch_up()
    fresh = fetched(app, path)
    path.unlink()
    return (app.store.scopes(), app.store.posts()) == fresh


def people(product: Product, org: Organisation, scopes: list[str], folder: Path) -> list[Person]:
    found = []
    for name in _NAMES:
        org.person(name, scopes=scopes)
        app = App(product, org.slug, folder / f"{name}.sqlite", f"{name.lower()}@example.com")
        found.append(Person(app, scopes[0]))
    for person in found[:-1]:
        person.start()
    return found


def sent(product: Product) -> int:
    """How many pushes are written down as sent."""
    with product.world.worker.transaction() as session:
        return session.scalar(text("SELECT count(*) FROM deliveries WHERE status = 'sent'"))


def pushes(product: Product, address: str, post: dict[str, Any]) -> int:
    """How often a post was pushed to an address so far."""
    messages = product.pushed(address, count=100_000, wait_s=0)
    return sum(message["data"].get("post_id") == post["id"] for message in messages)


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "underneath"])
def test_every_phone_ends_with_what_the_database_has(product: Product, tmp_path: Path, stopped: bool) -> None:
    world, backups = product.world, tmp_path / "backups"
    org = world.organisation()
    loud, calm = org.site("Loud", admission="assigned"), org.site("Calm", admission="assigned")
    _, address = silent_at(org, "Carol", calm)
    known = org.admin.posts(calm, "known")
    until(lambda: sent(product) == 1)
    *crowd, eve = people(product, org, [loud, calm], tmp_path)
    until(lambda: all(person.said > 3 for person in crowd))
    done(world, "backup", backups)
    before = [person.said for person in crowd]
    until(lambda: all(person.said > said + 5 for person, said in zip(crowd, before, strict=True)))
    lost = org.admin.posts(calm, "lost")
    until(lambda: lost["id"] in eve.app.store.posts(), eve.catches_up)
    eve.app.close()  # she has no network until the same positions are given to other events
    for part in _PARTS if stopped else ():
        product.stop_part(part)

    done(world, "restore", backups, "--replace")

    if stopped:
        product.start_relay()
        product.start_worker()
        product.start_web()
    until(lambda: requests.get(f"{product.address}/health/ready", timeout=5).text.startswith("ready\n"))
    new = org.admin.posts(calm, "new")
    before = [person.said for person in crowd]
    until(lambda: all(person.said > said + 5 for person, said in zip(crowd, before, strict=True)))
    until(lambda: org.admin.get("/v1/me")["position"] > (eve.app.store.position or 0))
    for person in crowd:
        person.ends()
        assert person.refused <= {503}
    until(lambda: pushes(product, address, new) == 1)
    assert pushes(product, address, known) == 1
    epoch = org.admin.get("/v1/me")["epoch"]
    last = org.admin.posts(calm, "last")
    for person in (*crowd, eve):
        until(lambda app=person.app: last["id"] in app.store.posts(), person.catches_up)
        # What was said a moment ago is fetched, and comes by sync a little later.
        until(lambda app=person.app: is_right(app, tmp_path / "fresh.sqlite"))
        assert person.app.store.epoch == epoch
        assert {"known", "new", "last"} <= set(person.app.texts())
        assert lost["id"] not in person.app.store.posts()
        person.app.close()
    assert "sound" in done(world, "verify")
