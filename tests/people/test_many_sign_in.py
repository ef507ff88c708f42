"""Sixty made-up sign-ins at once, with hashes as dear as they are meant to be: nobody else waits for them."""

from concurrent.futures import ThreadPoolExecutor

import requests

from tests.product import Product
from tests.world import PASSWORD

_DEAR = {"PASSWORD_MEMORY_KIB": "65536", "POOL_SIZE": "2"}


def test_they_hold_no_connections_and_who_comes_too_many_is_told_at_once(product: Product) -> None:
    (address,) = product.start_other_webs("dear", **_DEAR)
    org = product.world.organisation()
    token = {"Authorization": f"Bearer {org.admin.tokens['access_token']}"}

    def signs_in(number: int) -> requests.Response:
        body = {"organisation": org.slug, "email": f"nobody-{number}@example.com", "password": PASSWORD}
        return requests.post(f"{address}/v1/sessions", json=body | {"device": org.admin.app}, timeout=60)

    with ThreadPoolExecutor(60) as crowd:
        tries = [crowd.submit(signs_in, number) for number in range(60)]
        others: list[requests.Response] = []
        while not all(each.done() for each in tries):
            others.append(requests.get(f"{address}/v1/me", headers=token, timeout=60))
    product.stop_part("dear")

    answers = [each.result() for each in tries]
    assert {answer.status_code for answer in answers} == {401, 503}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {(answer.json()["code"], answer.headers["Retry-After"]) for answer in refused} == {("busy", "1")}
    assert {answer.status_code for answer in others} == {200}
    assert len(others) > 5, "one after the other they were answered while passwords were hashed"
