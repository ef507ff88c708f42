"""However many connections there are, and whatever they do not do: others are answered, and health always is."""

import contextlib
import json
from collections.abc import Callable, Iterator
from statistics import median

import pytest
import requests

from deploy.local.phone import Phone
from tests.live.crowds import CROWDS, WEBSOCKET, half_a_head, waits_of_others
from tests.product import Product
from tests.raw_socket import RawWebSocket

CROWD = DESCRIPTORS = 300


@pytest.fixture(scope="module")
def narrow(product: Product) -> Iterator[str]:
    """A web process with 300 descriptors; its times are as they are by default."""
    yield product.start_narrow_web("narrow", DESCRIPTORS)
    product.stop_part("narrow")


@pytest.fixture
def crowd() -> Iterator[contextlib.ExitStack]:
    """Who is in it leaves at the end."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.mark.parametrize(
    "join",
    CROWDS,
    ids=lambda join: join.__name__,
)
def test_a_crowd_that_waits_for_nothing_keeps_nobody_waiting(
    narrow: str, crowd: contextlib.ExitStack, join: Callable[[str], contextlib.AbstractContextManager[object]]
) -> None:
    for _ in range(CROWD):
        crowd.enter_context(contextlib.closing(join(narrow)))  # type: ignore[type-var]
    assert median(waits_of_others(narrow)) < 0.5  # one may be slow because the machine is busy


def test_when_all_seats_are_taken_in_earnest_health_is_answered_and_others_are_sent_away(
    product: Product, alice: Phone, narrow: str, crowd: contextlib.ExitStack
) -> None:
    auth = "40" + json.dumps({"token": alice.token})
    for _ in range(CROWD):
        with contextlib.suppress(ConnectionError):
            phone = crowd.enter_context(contextlib.closing(RawWebSocket(narrow, WEBSOCKET)))
            if phone.refused is None:
                phone.sends(auth)
                while not phone.reads_text().startswith('42["ready"'):
                    pass
    for _ in range(5):
        assert requests.get(f"{narrow}/health/live", timeout=60).status_code == 200
        refused = requests.get(f"{narrow}/v1/me", timeout=60)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["Retry-After"] == "5"
        assert refused.headers["Connection"] == "close"
    crowd.close()
    while requests.get(f"{narrow}/v1/me", timeout=60).status_code == 503:
        pass


def test_one_address_has_so_many_connections_and_those_that_wait_make_room(
    product: Product, alice: Phone, crowd: contextlib.ExitStack
) -> None:
    (address,) = product.start_other_webs("bounded", CONNECTIONS_PER_ADDRESS="8")
    phones = []
    for _ in range(8):
        phone = crowd.enter_context(contextlib.closing(RawWebSocket.opened(address)))
        phone.sends("40" + json.dumps({"token": alice.token}))
        while not phone.reads_text().startswith('42["ready"'):
            pass
        phones.append(phone)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/health/live", timeout=60)
    phones.pop().close()
    while not answers(address):
        pass
    for _ in range(20):
        crowd.enter_context(contextlib.closing(half_a_head(address)))
    assert answers(address)
    phones[0].sends('421["presence.watch",{"person_ids":[]}]')
    assert '"ok":true' in phones[0].reads_text()
    product.stop_part("bounded")


def answers(address: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{address}/health/live", timeout=60).ok
    return False
