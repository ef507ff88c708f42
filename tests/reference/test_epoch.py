"""The app when the journal begins anew: it drops what may never have been, and keeps what it has to send."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reference.client import ReferenceClient, Refused
from tests.reference.store import Store
from tests.stories.epochs import begins_anew
from tests.world import Organisation, Phone, World


@pytest.fixture
def org(world: World) -> Organisation:
    return world.organisation()


@pytest.fixture
def bob(org: Organisation) -> Phone:
    return org.person("Bob")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "app.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def app(bob: Phone, store: Store) -> ReferenceClient:
    def send(method: str, path: str, body: Any) -> Any:
        response = bob.request(method, path, body)
        if response.status_code >= 400:
            raise Refused(response.status_code, response.get_json())
        return response.get_json()

    return ReferenceClient(store, send)


def test_a_store_of_another_epoch_is_fetched_anew_and_its_queue_sent(
    org: Organisation, app: ReferenceClient, store: Store
) -> None:
    app.catch_up()
    with store.change():  # what a lost past had told it
        gone = {"id": "gone", "scope_id": str(org.id), "version": 1, "text": "never said"}
        store.keep(gone)
    app.do("post", scope_id=str(org.id), text="unsent")
    epoch = begins_anew(org.world)
    org.admin.posts(str(org.id), "new")
    for _ in range(2):
        org.world.relays()
        app.catch_up()
    assert sorted(post["text"] for post in store.posts().values()) == ["new", "unsent"]
    assert store.epoch == epoch
    assert store.queued(1) == []


def test_a_socket_of_another_epoch_is_not_heard_nor_waited_for(
    org: Organisation, bob: Phone, app: ReferenceClient, store: Store
) -> None:
    app.catch_up()
    before = store.epoch
    assert before is not None
    org.admin.posts(str(org.id), "heard late")
    org.world.relays()
    (event,) = bob.get(f"/v1/sync?after={store.position}")["items"]
    begins_anew(org.world)
    app.catch_up(10**9, before)  # of the socket's ready, which this journal may never reach
    with store.change():
        store.end_scope(str(org.id))
        store.begin_scope(str(org.id), None)
        store.move(0)
    app.hear(event, before)
    assert store.posts() == {}
    app.hear(event, str(store.epoch))
    assert [post["text"] for post in store.posts().values()] == ["heard late"]


def test_a_store_from_before_there_were_epochs_goes_on(
    org: Organisation, app: ReferenceClient, store: Store
) -> None:
    app.catch_up()
    with store.change():
        position = store.position or 0
        store.forget_everything()
        store.begin_scope(str(org.id), None)
        store.move(position)
    assert store.epoch is None
    app.catch_up()
    assert store.epoch is not None
