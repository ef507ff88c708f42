"""What a web process tells Prometheus of itself."""

from concurrent.futures import ThreadPoolExecutor

import requests
from sqlalchemy import text

from tests.product import Product, free_port
from tests.stories.waiting import until


def numbers(port: int) -> dict[str, float]:
    """The numbers of `/metrics` by their names."""
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def is_relayed(product: Product) -> bool:
    """Whether the journal has told of everything."""
    with product.world.worker.transaction() as session:
        return bool(session.scalar(text("SELECT NOT EXISTS (SELECT FROM outbox)")))


def test_a_web_process_tells_who_waits_in_it(product: Product) -> None:
    org = product.world.organisation()
    port = free_port()
    (address,) = product.start_other_webs("measured", WEB_METRICS_PORT=str(port))
    asks = {"Authorization": f"Bearer {org.admin.tokens['access_token']}"}
    until(lambda: is_relayed(product))
    start = requests.get(f"{address}/v1/me", headers=asks, timeout=30).json()["position"]
    before = numbers(port)
    assert (before["hereabouts_sync_waiting"], before["hereabouts_sockets"]) == (0, 0)
    assert before["hereabouts_gc_seconds_total"] >= before["hereabouts_gc_seconds_max"]
    with ThreadPoolExecutor(1) as pool:
        url = f"{address}/v1/sync?after={start}&wait=30"
        waiting = pool.submit(requests.get, url, headers=asks, timeout=60)
        until(lambda: numbers(port)["hereabouts_sync_waiting"] == 1 or waiting.done())
        org.admin.posts(str(org.id), "news")
        assert [event["data"]["text"] for event in waiting.result().json()["items"]] == ["news"]
    until(lambda: numbers(port)["hereabouts_sync_waiting"] == 0)
    assert requests.get(f"http://127.0.0.1:{port}/", timeout=30).status_code == 404
    product.stop_part("measured")
