"""A sender to the stand-in over each transport in turn; an organisation that the planner follows from here on."""

from collections.abc import Iterator

import pytest

from push.fcm.client import TRANSPORTS, FcmSender
from tests.product import Product
from tests.push.messages import TIMEOUT_S
from tests.stories.pushes import followed
from tests.world import Organisation, World


@pytest.fixture(params=sorted(TRANSPORTS))
def transport(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def sender(product: Product, transport: str) -> Iterator[FcmSender]:
    made = FcmSender(product.folder / "credentials.json", None, product.standin, TIMEOUT_S, transport)
    yield made
    made.close()


@pytest.fixture
def org(world: World) -> Organisation:
    return followed(world)
