"""The real processes: somebody asks, the worker looks and sends, and they come in. No log tells whom, or the code."""

from uuid import uuid4

import requests

from tests.product import Product
from tests.stories.codes import has
from tests.stories.mailbox import Mailbox
from tests.world import Phone


def test_a_code_comes_within_seconds_and_lets_in(product: Product, mailbox: Mailbox) -> None:
    product.start_worker("mailing", **mailbox.settings)
    org, address = product.world.organisation(), f"secret-{uuid4()}@example.com"
    has(org, org.person("Alice"), address)
    phone = Phone(org, "Alice")
    body = {"organisation": org.slug, "identifier": address, "device": phone.app}
    assert requests.post(f"{product.address}/v1/sessions/codes", json=body, timeout=60).status_code == 202
    (mail,) = mailbox.to(address, wait_s=60)
    answer = requests.post(
        f"{product.address}/v1/sessions/by-code", json={**body, "code": mail["code"]}, timeout=60
    )
    assert answer.status_code == 201, answer.text
    phone.keeps(answer.json())
    phone.get("/v1/me")
    product.stop_part("mailing")
    logs = "\n".join(log.read_text(errors="replace") for log in product.folder.glob("*.log"))
    assert "message_sent" in logs
    assert address not in logs
    assert mail["code"] not in [word.strip('",') for word in logs.split()]
