"""A test push to oneself, with the real worker and the stand-in FCM."""

import secrets

from tests.product import Product
from tests.push.reports.receipts import TEST, reports
from tests.stories.times import later


def test_it_arrives_and_says_so(product: Product) -> None:
    org = product.world.organisation()
    bob, address = org.person("Bob"), f"bob-{secrets.token_hex(12)}"
    bob.put("/v1/me/device/push", {"kind": "token", "address": address})
    sent = bob.post(TEST, status=201)["id"]
    (message,) = product.pushed(address)
    assert message["data"]["delivery_id"] == sent
    reports(bob, (sent, "delivered", later()))
    assert bob.get(f"{TEST}/{sent}")["delivered_at"] is not None
