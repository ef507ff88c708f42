"""Words that are sent before the server knows that one was there."""

from pathlib import Path

from tests.reference.accidents import Network
from tests.reference.client import ReferenceClient
from tests.reference.store import Store
from tests.stories.regions import tells_later, word
from tests.stories.times import ago
from tests.world import World


def test_they_wait_with_all_that_is_of_them_and_hold_up_nothing_else(world: World, tmp_path: Path) -> None:
    org = world.organisation()
    site, bob, came = org.site(), org.person("Bob"), ago(minutes=5)
    store = Store(tmp_path / "app.sqlite")
    app = ReferenceClient(store, Network(bob).send, page=3)
    first = app.do("post", scope_id=site, text="Pump 3")
    app.do("edit", post_client_id=first, text="Pump 4")
    app.do("post", scope_id=site, text="mended", parent_client_id=first)
    app.do("edit", post_client_id="never-there", text="of nothing")
    app.do("post", scope_id=str(org.id), text="elsewhere")
    for _ in range(2):
        app.catch_up()
        assert (len(store.queued(9)), store.refusals()) == (3, ["not_found"])
    assert org.admin.feed() == ["elsewhere"]
    tells_later(bob, word("enter", site, came), word("exit", site, ago()))
    app.catch_up()
    assert (store.queued(9), store.refusals()) == ([], ["not_found"])
    assert org.admin.reads(site) == ["mended", "Pump 4"]
