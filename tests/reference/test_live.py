"""The app with its socket open, beside the real product: what was had by sync and what comes live are one stream."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.product import Product
from tests.reference.app import App


def test_sync_then_live_then_sync_again_leaves_no_gap(product: Product, tmp_path: Path) -> None:
    org = product.world.organisation()
    org.person("Bob")
    app = App(product, org.slug, tmp_path / "app.sqlite")
    org.admin.posts(str(org.id), "1 before")
    app.connect()
    org.admin.posts(str(org.id), "2 live")
    app.client.do("post", scope_id=str(org.id), text="3 mine")
    app.client.catch_up()
    app.shows("3 mine")
    assert app.texts() == ["1 before", "2 live", "3 mine"]
    app.close()
    org.admin.posts(str(org.id), "4 meanwhile")
    app.connect()
    app.shows("4 meanwhile")
    assert app.texts() == ["1 before", "2 live", "3 mine", "4 meanwhile"]
    app.close()
    app.store.close()


def test_more_phones_wait_for_news_than_there_are_connections_and_all_hear_it(product: Product) -> None:
    org = product.world.organisation()
    org.person("Bob")
    bob = product.phone(org.slug, "Bob")
    position = bob.get("/v1/me")["position"]
    phones = [product.phone(org.slug, "Bob") for _ in range(4 * product.world.settings.pool_size)]
    with ThreadPoolExecutor(len(phones)) as pool:
        pages = [pool.submit(phone.get, f"/v1/sync?after={position}&wait=30&limit=500") for phone in phones]
        bob.get("/v1/me")  # who waits holds nobody up
        org.admin.posts(str(org.id), "news")
        heard = [page.result()["items"] for page in pages]
    assert len(heard) == len(phones)
    assert all(heard)
