"""The index of places, for tests that say themselves when it is built."""

from collections.abc import Iterator

import pytest

from geo.lookup.indexes import PlaceIndexes
from tests.world import Organisation, World


@pytest.fixture
def indexes(world: World) -> Iterator[PlaceIndexes]:
    """The indexes that the application asks, without a background: a test says when one is built."""
    made = PlaceIndexes(world.web)
    world.app.extensions["hereabouts_place_indexes"] = made
    yield made
    del world.app.extensions["hereabouts_place_indexes"]


def ready(indexes: PlaceIndexes, org: Organisation) -> None:
    """Relay what is there, build, and hold that the next request will ask the index."""
    org.world.relays()
    indexes.build(org.id)
    assert asks_the_index(indexes, org)


def asks_the_index(indexes: PlaceIndexes, org: Organisation) -> bool:
    with org.world.web.transaction(org.id) as session:
        return indexes.current(session, org.id) is not None
